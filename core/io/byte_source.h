// A file as a stream of bytes, decompressed on the way where its name ends in .gz or .zst.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/io/posix.h"

namespace prelude {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  // Reads up to `size` bytes; 0: the end, or damage() says why not. Throws UserError where the system cannot read.
  virtual std::size_t read(char* data, std::size_t size) = 0;
  // What is wrong with the compressed stream; empty while nothing is.
  const std::string& damage() const { return damage_; }
  // Bytes of the file (compressed ones) taken so far: for a progress bar.
  std::int64_t file_bytes_read() const { return file_bytes_read_; }

  // Throws UserError where the file cannot be opened.
  static std::unique_ptr<ByteSource> open(const std::string& path);

 protected:
  explicit ByteSource(const std::string& path);
  std::size_t read_file(char* data, std::size_t size);
  void set_damage(std::string damage) { damage_ = std::move(damage); }

 private:
  std::string path_;
  UniqueFd fd_;
  std::string damage_;
  std::int64_t file_bytes_read_ = 0;
};

}  // namespace prelude
