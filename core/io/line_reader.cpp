#include "core/io/line_reader.h"

#include <cstring>

namespace prelude {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

LineReader::LineReader(const std::string& path, std::int64_t most_line_bytes)
    : source_(ByteSource::open(path)),
      most_line_bytes_(static_cast<std::size_t>(most_line_bytes)),
      buffer_(std::size_t{1} << 16) {}

bool LineReader::refill() {
  begin_ = 0;
  end_ = source_->read(buffer_.data(), buffer_.size());
  return end_ > 0;
}

LineReader::Status LineReader::next(std::string& line) {
  line.clear();
  bool started = false;
  bool ended = false;
  bool too_long = false;
  while (!ended) {
    if (begin_ == end_ && !refill()) break;
    started = true;
    const char* from = buffer_.data() + begin_;
    const auto* stop = static_cast<const char*>(std::memchr(from, '\n', end_ - begin_));
    ended = stop != nullptr;
    const std::size_t count = ended ? static_cast<std::size_t>(stop - from) : end_ - begin_;
    begin_ += count + (ended ? 1 : 0);
    too_long = too_long || line.size() + count > most_line_bytes_ + 1;  // one more: it may be a \r
    if (!too_long) line.append(from, count);
  }
  if (started || !damage().empty()) ++line_number_;
  if (!ended && !damage().empty()) return Status::damaged;
  if (!started) return Status::end;
  if (line.ends_with('\r')) line.pop_back();
  if (line_number_ == 1 && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
  return too_long || line.size() > most_line_bytes_ ? Status::too_long : Status::line;
}

}  // namespace prelude
