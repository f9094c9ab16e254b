// A file as a stream of bytes, unpacked on the way where it is packed by gzip or Zstandard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "core/io/posix.h"

namespace prelude {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  // Reads up to `size` bytes; 0: the end, or damage() says why not. Throws UserError where the system cannot read.
  virtual std::size_t read(char* data, std::size_t size) = 0;
  // What is wrong with the compressed stream, with how to mend it; empty while nothing is.
  const std::string& damage() const { return damage_; }
  // Bytes of the file (compressed ones) taken so far: for a progress bar.
  std::int64_t file_bytes_read() const { return file_bytes_read_; }

  // By the first bytes of the file, or, where they say nothing, by a name that ends in .gz or .zst. Throws UserError
  // where the file cannot be opened; one packed in another way is damaged from the start.
  static std::unique_ptr<ByteSource> open(const std::string& path);

 protected:
  ByteSource(const std::string& path, UniqueFd fd) : path_(path), fd_(std::move(fd)) {}
  std::size_t read_file(char* data, std::size_t size);
  void set_damage(std::string damage) { damage_ = std::move(damage); }

 private:
  std::string path_;
  UniqueFd fd_;
  std::string damage_;
  std::int64_t file_bytes_read_ = 0;
};

}  // namespace prelude
