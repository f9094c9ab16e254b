#include "tasks/corpus/document_reader.h"

#include <fmt/format.h>

namespace prelude {
namespace {

std::unique_ptr<FormatReader> open(const BuildOptions& options, const InputFile& file) {
  const InputFormat format = file.format.format;
  const bool table = format == InputFormat::csv || format == InputFormat::tsv;
  return table ? open_table(options, file.path, format) : open_text(options, file.path, format);
}

}  // namespace

RawDocument problem_at(ProblemKind kind, const std::string& path, std::int64_t line, const std::string& what) {
  RawDocument result;
  result.line = line;
  result.problem =
      InputProblem{kind, line > 0 ? fmt::format("{}:{}: {}", path, line, what) : fmt::format("{}: {}", path, what)};
  return result;
}

DocumentReader::DocumentReader(const BuildOptions& options, const std::vector<InputFile>& files)
    : options_(options), files_(files) {}

std::optional<RawDocument> DocumentReader::next() {
  const auto finished = [&](RawDocument document) {
    document.path = file_->path;
    document.bytes_read = bytes_before_ + (reader_ ? reader_->file_bytes_read() : file_->bytes);
    return document;
  };
  for (;;) {
    if (!reader_) {
      if (file_ != nullptr) bytes_before_ += file_->bytes;
      file_ = nullptr;
      if (next_file_ == files_.size()) return {};
      file_ = &files_[next_file_++];
      file_had_document_ = false;
      if (!file_->format.known) {
        return finished(problem_at(ProblemKind::unknown_file, file_->path, 0, file_->format.reason));
      }
      reader_ = open(options_, *file_);
    }
    if (std::optional<RawDocument> found = reader_->next()) {
      file_had_document_ = true;
      return finished(std::move(*found));
    }
    reader_.reset();
    if (!file_had_document_) {
      return finished(problem_at(ProblemKind::empty_file, file_->path, 0, "holds no document; remove it"));
    }
  }
}

}  // namespace prelude
