#include "core/io/byte_source.h"

#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <vector>

#include "core/error.h"

namespace prelude {
namespace {

constexpr std::size_t kFileBuffer = std::size_t{1} << 17;

class PlainSource final : public ByteSource {
 public:
  explicit PlainSource(const std::string& path) : ByteSource(path) {}
  std::size_t read(char* data, std::size_t size) override { return read_file(data, size); }
};

// One or more gzip members, one after the other.
class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(const std::string& path) : ByteSource(path), input_(kFileBuffer) {
    ensure(inflateInit2(&stream_, 16 + MAX_WBITS) == Z_OK, "zlib cannot start");
  }
  ~GzipSource() override { inflateEnd(&stream_); }

  std::size_t read(char* data, std::size_t size) override {
    const std::size_t wanted = std::min<std::size_t>(size, std::numeric_limits<unsigned>::max());
    stream_.next_out = reinterpret_cast<Bytef*>(data);
    stream_.avail_out = static_cast<unsigned>(wanted);
    while (stream_.avail_out == wanted && damage().empty()) {
      if (stream_.avail_in == 0 && !refill()) break;
      step();
    }
    return wanted - stream_.avail_out;
  }

 private:
  // False at the end of the file.
  bool refill() {
    stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
    stream_.avail_in = static_cast<unsigned>(read_file(input_.data(), input_.size()));
    if (stream_.avail_in > 0) return true;
    if (inside_member_ || !any_member_) set_damage("the gzip stream is truncated");
    return false;
  }

  void step() {
    inside_member_ = true;
    any_member_ = true;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    if (status == Z_STREAM_END) {
      inside_member_ = false;
      inflateReset(&stream_);
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      set_damage(
          fmt::format("the gzip stream is damaged ({})", stream_.msg == nullptr ? "no reason given" : stream_.msg));
    }
  }

  z_stream stream_{};
  std::vector<char> input_;
  bool inside_member_ = false;
  bool any_member_ = false;
};

// One or more Zstandard frames, one after the other.
class ZstdSource final : public ByteSource {
 public:
  explicit ZstdSource(const std::string& path)
      : ByteSource(path), stream_(ZSTD_createDStream(), ZSTD_freeDStream), input_(kFileBuffer) {
    ensure(stream_ != nullptr, "zstd cannot start");
  }

  std::size_t read(char* data, std::size_t size) override {
    ZSTD_outBuffer out{data, size, 0};
    while (out.pos == 0 && damage().empty()) {
      if (in_.pos == in_.size && !refill()) break;
      const std::size_t status = ZSTD_decompressStream(stream_.get(), &out, &in_);
      inside_frame_ = status != 0;
      any_frame_ = true;
      if (ZSTD_isError(status) != 0) {
        set_damage(fmt::format("the zstd stream is damaged ({})", ZSTD_getErrorName(status)));
      }
    }
    return out.pos;
  }

 private:
  bool refill() {
    in_ = {input_.data(), read_file(input_.data(), input_.size()), 0};
    if (in_.size > 0) return true;
    if (inside_frame_ || !any_frame_) set_damage("the zstd stream is truncated");
    return false;
  }

  std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream_;
  std::vector<char> input_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool inside_frame_ = false;
  bool any_frame_ = false;
};

}  // namespace

ByteSource::ByteSource(const std::string& path) : path_(path), fd_(open_for_reading(path)) {}

std::size_t ByteSource::read_file(char* data, std::size_t size) {
  for (;;) {
    const ssize_t got = ::read(fd_.get(), data, size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_system("read", path_);
    file_bytes_read_ += got;
    return static_cast<std::size_t>(got);
  }
}

std::unique_ptr<ByteSource> ByteSource::open(const std::string& path) {
  if (path.ends_with(".gz")) return std::make_unique<GzipSource>(path);
  if (path.ends_with(".zst")) return std::make_unique<ZstdSource>(path);
  return std::make_unique<PlainSource>(path);
}

}  // namespace prelude
