#include "core/io/line_reader.h"

#include <fmt/format.h>

#include <cstring>

#include "core/text/utf8.h"

namespace prelude {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMostPassedOver = std::size_t{1} << 30;  // of one line

}  // namespace

LineReader::LineReader(const std::string& path, std::int64_t most_line_bytes)
    : source_(ByteSource::open(path)),
      most_line_bytes_(static_cast<std::size_t>(most_line_bytes)),
      buffer_(std::size_t{1} << 16) {}

bool LineReader::refill() {
  if (!damage_.empty()) return false;
  begin_ = 0;
  end_ = source_->read(buffer_.data(), buffer_.size());
  if (!started_) check_encoding();
  started_ = true;
  return end_ > begin_;
}

// By the byte order mark, which every program that writes UTF-16 puts in front.
void LineReader::check_encoding() {
  const std::string_view start(buffer_.data(), end_);
  const bool utf32 =
      start.starts_with(std::string_view("\xFF\xFE\0\0", 4)) || start.starts_with(std::string_view("\0\0\xFE\xFF", 4));
  const bool utf16 = start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF");
  if (!utf16 && !utf32) return;
  damage_ = fmt::format("the text is UTF-{0}; convert it: iconv -f UTF-{0} -t UTF-8", utf32 ? 32 : 16);
  end_ = begin_;
}

// To the start of the line behind one that was too long; false where there is damage.
bool LineReader::pass_over_rest() {
  for (std::size_t passed = 0; inside_long_line_;) {
    if (begin_ == end_ && !refill()) break;
    const char* from = buffer_.data() + begin_;
    const auto* stop = static_cast<const char*>(std::memchr(from, '\n', end_ - begin_));
    inside_long_line_ = stop == nullptr;
    const std::size_t count = inside_long_line_ ? end_ - begin_ : static_cast<std::size_t>(stop - from) + 1;
    begin_ += count;
    passed += count;
    if (inside_long_line_ && passed > kMostPassedOver) {
      damage_ = fmt::format("the line does not end within {} bytes; is this a text file?", kMostPassedOver);
      break;
    }
  }
  inside_long_line_ = false;
  return damage().empty();
}

LineReader::Status LineReader::next(std::string& line) {
  line.clear();
  if (!pass_over_rest()) return Status::damaged;
  bool started = false;
  bool ended = false;
  while (!ended) {
    if (begin_ == end_ && !refill()) break;
    started = true;
    const char* from = buffer_.data() + begin_;
    const auto* stop = static_cast<const char*>(std::memchr(from, '\n', end_ - begin_));
    ended = stop != nullptr;
    const std::size_t count = ended ? static_cast<std::size_t>(stop - from) : end_ - begin_;
    begin_ += count + (ended ? 1 : 0);
    if (line.size() + count > most_line_bytes_ + 1) {  // one more: it may be a \r
      ++line_number_;
      inside_long_line_ = !ended;
      line.clear();
      return Status::too_long;
    }
    line.append(from, count);
  }
  if (started || !damage().empty()) ++line_number_;
  if (!ended && !damage().empty()) return Status::damaged;
  if (!started) return Status::end;
  if (line.ends_with('\r')) line.pop_back();
  if (line_number_ == 1 && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
  return line.size() > most_line_bytes_ ? Status::too_long : Status::line;
}

std::string text_problem(std::string_view line) {
  const std::size_t valid = valid_utf8_bytes(line);
  const std::size_t zero = line.substr(0, valid).find('\0');
  if (zero != std::string_view::npos) {
    return fmt::format("byte {} of the line is zero; is the file UTF-16, or no text?", zero + 1);
  }
  if (valid == line.size()) return {};
  return fmt::format("byte {} of the line (0x{:02x}) is no UTF-8; convert the file to UTF-8", valid + 1,
                     static_cast<unsigned char>(line[valid]));
}

}  // namespace prelude
