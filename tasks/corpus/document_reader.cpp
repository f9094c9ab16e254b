#include "tasks/corpus/document_reader.h"

#include <fmt/format.h>

#include <utility>

namespace prelude {
namespace {

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t\v\f\r") == std::string::npos; }

}  // namespace

DocumentReader::DocumentReader(const BuildOptions& options, const std::vector<InputFile>& files)
    : options_(options), files_(files) {}

std::optional<RawDocument> DocumentReader::next() {
  for (;;) {
    if (!lines_) {
      if (file_ != nullptr) bytes_before_ += file_->bytes;
      file_ = nullptr;
      if (next_file_ == files_.size()) return {};
      file_ = &files_[next_file_++];
      file_had_document_ = false;
      if (file_->format == InputFile::Format::unknown) {
        return problem(ProblemKind::unknown_file, 0,
                       "is neither .txt nor .jsonl (perhaps with .gz or .zst); rename or remove it");
      }
      lines_ = std::make_unique<LineReader>(file_->path, options_.max_line_bytes);
    }
    std::optional<RawDocument> found = file_->format == InputFile::Format::text ? next_block() : next_json_line();
    if (found) {
      file_had_document_ = true;
      return found;
    }
    lines_.reset();
    if (!file_had_document_) return problem(ProblemKind::empty_file, 0, "holds no document; remove it");
  }
}

RawDocument DocumentReader::document(std::int64_t line, bool is_json) const {
  RawDocument result;
  result.path = file_->path;
  result.line = line;
  result.is_json = is_json;
  result.bytes_read = bytes_before_ + (lines_ ? lines_->file_bytes_read() : file_->bytes);
  return result;
}

RawDocument DocumentReader::problem(ProblemKind kind, std::int64_t line, const std::string& what) const {
  RawDocument result = document(line, false);
  const std::string place = line > 0 ? fmt::format("{}:{}", file_->path, line) : file_->path;
  result.problem = InputProblem{kind, fmt::format("{}: {}", place, what)};
  return result;
}

RawDocument DocumentReader::end_by_damage() {
  RawDocument result =
      problem(ProblemKind::damaged_file, lines_->line_number(), lines_->damage() + "; fetch or pack the file again");
  lines_.reset();
  return result;
}

// Passes over the rest of a block whose document is left out.
void DocumentReader::skip_block() {
  for (;;) {
    const LineReader::Status status = lines_->next(line_);
    if (status == LineReader::Status::end || status == LineReader::Status::damaged) return;
    if (status == LineReader::Status::line && is_blank(line_)) return;
  }
}

std::optional<RawDocument> DocumentReader::next_json_line() {
  for (;;) {
    const LineReader::Status status = lines_->next(line_);
    if (status == LineReader::Status::end) return {};
    if (status == LineReader::Status::damaged) return end_by_damage();
    const std::int64_t line = lines_->line_number();
    if (status == LineReader::Status::too_long) {
      return problem(
          ProblemKind::long_line, line,
          fmt::format("the line has more than {} bytes; split it or raise --max-line-bytes", options_.max_line_bytes));
    }
    if (is_blank(line_)) continue;
    RawDocument result = document(line, true);
    result.text = std::exchange(line_, {});
    return result;
  }
}

std::optional<RawDocument> DocumentReader::next_block() {
  std::string text;
  std::int64_t first = 0;  // line of the block; 0: not begun
  for (;;) {
    const LineReader::Status status = lines_->next(line_);
    const std::int64_t line = lines_->line_number();
    if (status == LineReader::Status::damaged) return end_by_damage();
    if (status == LineReader::Status::too_long) {
      skip_block();
      return problem(
          ProblemKind::long_line, line,
          fmt::format("the line has more than {} bytes; split it or raise --max-line-bytes", options_.max_line_bytes));
    }
    const bool ends = status == LineReader::Status::end || is_blank(line_);
    if (ends && first > 0) {
      RawDocument result = document(first, false);
      result.text = std::move(text);
      return result;
    }
    if (status == LineReader::Status::end) return {};
    if (ends) continue;
    if (first == 0) first = line;
    if (static_cast<std::int64_t>(text.size() + line_.size()) >= options_.max_document_bytes) {
      skip_block();
      return problem(ProblemKind::long_document, first,
                     fmt::format("the document has more than {} bytes; end it by a blank line or raise "
                                 "--max-document-bytes",
                                 options_.max_document_bytes));
    }
    text.append(line_).push_back('\n');
  }
}

}  // namespace prelude
