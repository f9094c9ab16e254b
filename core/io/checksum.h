// Checksums in lower-case hex: XXH3-128 for what we write ourselves, SHA-256 for what identifies a file to others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace prelude {

// XXH3-128 of a stream of bytes; 32 digits, canonical (big-endian), as xxhsum -H2 prints it.
class Xxh3 {
 public:
  Xxh3();
  Xxh3(Xxh3&&) noexcept;
  Xxh3& operator=(Xxh3&&) noexcept;
  ~Xxh3();
  void update(const void* data, std::size_t size);
  std::string hex() const;  // of everything so far

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string xxh3_128(const void* data, std::size_t size);
std::string sha256(const void* data, std::size_t size);

// Gives `use` a file's bytes from `begin` on, piece by piece. Throws UserError where it cannot be read.
void for_each_piece(const std::string& path, const std::function<void(const void*, std::size_t)>& use,
                    std::int64_t begin = 0);

// Of a whole file, read in pieces. Throws UserError where it cannot be read.
std::string xxh3_128_of_file(const std::string& path);
std::string sha256_of_file(const std::string& path);

}  // namespace prelude
