// Documents of plain text: by blank lines, by lines, by PPT's separators, by WikiExtractor's marks; and lines of JSON.
#include <fmt/format.h>

#include <utility>

#include "core/io/line_reader.h"
#include "tasks/corpus/document_reader.h"

namespace prelude {
namespace {

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\v\f\r") == std::string_view::npos; }

class TextReader final : public FormatReader {
 public:
  TextReader(const BuildOptions& options, const std::string& path, InputFormat format)
      : options_(options), path_(path), format_(format), lines_(path, options.max_line_bytes) {}

  std::optional<RawDocument> next() override {
    if (ended_) return {};
    if (format_ == InputFormat::text) return next_block();
    if (format_ == InputFormat::wiki) return next_article();
    return next_line_document();
  }
  std::int64_t file_bytes_read() const override { return lines_.file_bytes_read(); }

 private:
  RawDocument problem(ProblemKind kind, std::int64_t line, const std::string& what) const {
    return problem_at(kind, path_, line, what);
  }
  RawDocument end_by_damage() {
    ended_ = true;
    return problem(ProblemKind::damaged_file, lines_.line_number(), lines_.damage());
  }
  RawDocument long_line() const {
    return problem(
        ProblemKind::long_line, lines_.line_number(),
        fmt::format("the line has more than {} bytes; split it or raise --max-line-bytes", options_.max_line_bytes));
  }
  RawDocument long_document(std::int64_t first) const {
    return problem(ProblemKind::long_document, first,
                   fmt::format("the document has more than {} bytes; end it by a blank line or raise "
                               "--max-document-bytes",
                               options_.max_document_bytes));
  }
  bool has_room(const std::string& text) const {
    return static_cast<std::int64_t>(text.size() + line_.size()) < options_.max_document_bytes;
  }

  // Passes over the rest of a document that is left out: to the line that ends one.
  template <typename Ends>
  void skip(const Ends& ends) {
    for (;;) {
      const LineReader::Status status = lines_.next(line_);
      if (status == LineReader::Status::end || status == LineReader::Status::damaged) return;
      if (status == LineReader::Status::line && ends(line_)) return;
    }
  }

  std::optional<RawDocument> next_line_document() {
    for (;;) {
      const LineReader::Status status = lines_.next(line_);
      if (status == LineReader::Status::end) return {};
      if (status == LineReader::Status::damaged) return end_by_damage();
      if (status == LineReader::Status::too_long) return long_line();
      if (is_blank(line_)) continue;
      RawDocument result;
      result.line = lines_.line_number();
      result.is_json = format_ == InputFormat::jsonl;
      result.text = format_ == InputFormat::ppt ? sentences_a_line(line_) : std::exchange(line_, {});
      return result;
    }
  }

  static std::string sentences_a_line(std::string_view line) {
    std::string text;
    for (std::size_t begin = 0; begin <= line.size();) {
      const std::size_t end = std::min(line.find(ppt_separator, begin), line.size());
      text.append(line.substr(begin, end - begin)).push_back('\n');
      begin = end + ppt_separator.size();
    }
    return text;
  }

  std::optional<RawDocument> next_block() {
    std::string text;
    std::int64_t first = 0;  // line of the block; 0: not begun
    for (;;) {
      const LineReader::Status status = lines_.next(line_);
      if (status == LineReader::Status::damaged) return end_by_damage();
      if (status == LineReader::Status::too_long) {
        RawDocument result = long_line();
        skip(is_blank);
        return result;
      }
      const bool ends = status == LineReader::Status::end || is_blank(line_);
      if (ends && first > 0) return finished(first, std::move(text));
      if (status == LineReader::Status::end) return {};
      if (ends) continue;
      if (first == 0) first = lines_.line_number();
      if (!has_room(text)) {
        skip(is_blank);
        return long_document(first);
      }
      text.append(line_).push_back('\n');
    }
  }

  static bool opens(std::string_view line) { return line.starts_with("<doc ") && line.ends_with('>'); }
  static bool closes(std::string_view line) { return line.starts_with("</doc>"); }

  std::optional<RawDocument> next_article() {
    std::string text;
    std::int64_t first = 0;
    for (;;) {
      const LineReader::Status status = lines_.next(line_);
      if (status == LineReader::Status::damaged) return end_by_damage();
      if (status == LineReader::Status::too_long) {
        RawDocument result = long_line();
        skip(closes);
        return result;
      }
      if (status == LineReader::Status::end) {
        ended_ = true;
        if (first == 0) return {};
        return problem(ProblemKind::damaged_file, first, "the file ends before </doc>; fetch or make it again");
      }
      if (first == 0) {
        if (is_blank(line_)) continue;
        first = lines_.line_number();
        if (opens(line_)) continue;
        skip(closes);
        return problem(ProblemKind::bad_row, first, "text stands outside of <doc ...> and </doc>");
      }
      if (closes(line_)) return finished(first, std::move(text));
      if (!has_room(text)) {
        skip(closes);
        return long_document(first);
      }
      text.append(line_).push_back('\n');
    }
  }

  static RawDocument finished(std::int64_t first, std::string text) {
    RawDocument result;
    result.line = first;
    result.text = std::move(text);
    return result;
  }

  const BuildOptions& options_;
  std::string path_;
  InputFormat format_;
  LineReader lines_;
  std::string line_;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<FormatReader> open_text(const BuildOptions& options, const std::string& path, InputFormat format) {
  return std::make_unique<TextReader>(options, path, format);
}

}  // namespace prelude
