#include "core/io/byte_source.h"

#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace prelude {
namespace {

constexpr std::size_t kFileBuffer = std::size_t{1} << 17;

class PlainSource final : public ByteSource {
 public:
  PlainSource(const std::string& path, UniqueFd fd) : ByteSource(path, std::move(fd)) {}
  std::size_t read(char* data, std::size_t size) override { return read_file(data, size); }
};

// One or more gzip members, one after the other.
class GzipSource final : public ByteSource {
 public:
  GzipSource(const std::string& path, UniqueFd fd) : ByteSource(path, std::move(fd)), input_(kFileBuffer) {
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
    if (inside_member_ || !any_member_) set_damage("the gzip stream is truncated; fetch or pack the file again");
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
      set_damage(fmt::format("the gzip stream is damaged ({}); fetch or pack the file again",
                             stream_.msg == nullptr ? "no reason given" : stream_.msg));
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
  ZstdSource(const std::string& path, UniqueFd fd)
      : ByteSource(path, std::move(fd)), stream_(ZSTD_createDStream(), ZSTD_freeDStream), input_(kFileBuffer) {
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
        set_damage(
            fmt::format("the zstd stream is damaged ({}); fetch or pack the file again", ZSTD_getErrorName(status)));
      }
    }
    return out.pos;
  }

 private:
  bool refill() {
    in_ = {input_.data(), read_file(input_.data(), input_.size()), 0};
    if (in_.size > 0) return true;
    if (inside_frame_ || !any_frame_) set_damage("the zstd stream is truncated; fetch or pack the file again");
    return false;
  }

  std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream_;
  std::vector<char> input_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool inside_frame_ = false;
  bool any_frame_ = false;
};

// Packed in a way that is not read here.
class UnreadSource final : public ByteSource {
 public:
  UnreadSource(const std::string& path, UniqueFd fd, const char* packer) : ByteSource(path, std::move(fd)) {
    set_damage(
        fmt::format("the file is packed by {}, which is not read; unpack it, or pack it by gzip or zstd", packer));
  }
  std::size_t read(char* /*data*/, std::size_t /*size*/) override { return 0; }
};

struct Packer {
  std::string_view magic;
  const char* name;
};
constexpr std::string_view kGzip = "\x1F\x8B";
constexpr std::string_view kZstd = "\x28\xB5\x2F\xFD";
constexpr std::array<Packer, 4> kUnread{{{"BZh", "bzip2"},
                                         {{"\xFD"
                                           "7zXZ\0",
                                           6},
                                          "xz"},
                                         {"PK\x03\x04", "zip"},
                                         {"7z\xBC\xAF\x27\x1C", "7-zip"}}};

// A frame of Zstandard that holds no data may come first (RFC 8878, 3.1.2).
bool starts_zstd(std::string_view start) {
  const bool skipped = start.size() >= 4 && (static_cast<unsigned char>(start[0]) & 0xF0U) == 0x50 &&
                       start.substr(1).starts_with("\x2A\x4D\x18");
  return skipped || start.starts_with(kZstd);
}

}  // namespace

std::size_t ByteSource::read_file(char* data, std::size_t size) {
  const std::size_t got = read_some(fd_, data, size, path_);
  file_bytes_read_ += static_cast<std::int64_t>(got);
  return got;
}

std::unique_ptr<ByteSource> ByteSource::open(const std::string& path) {
  UniqueFd fd = open_for_reading(path);
  std::array<char, 8> buffer{};
  const ssize_t got = ::pread(fd.get(), buffer.data(), buffer.size(), 0);
  if (got < 0) fail_system("read", path);
  const std::string_view start(buffer.data(), static_cast<std::size_t>(got));
  if (start.starts_with(kGzip)) return std::make_unique<GzipSource>(path, std::move(fd));
  if (starts_zstd(start)) return std::make_unique<ZstdSource>(path, std::move(fd));
  for (const Packer& packer : kUnread) {
    if (start.starts_with(packer.magic)) return std::make_unique<UnreadSource>(path, std::move(fd), packer.name);
  }
  if (path.ends_with(".gz")) return std::make_unique<GzipSource>(path, std::move(fd));
  if (path.ends_with(".zst")) return std::make_unique<ZstdSource>(path, std::move(fd));
  return std::make_unique<PlainSource>(path, std::move(fd));
}

}  // namespace prelude
