#include "core/io/read_ahead.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace prelude {
namespace {

constexpr std::size_t piece_bytes = std::size_t{4} << 20;
constexpr std::size_t threads = 4;  // one does not keep a disk of 2 GB/s busy

void fetch_pages(std::span<const std::byte> bytes) noexcept {
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t before = reinterpret_cast<std::uintptr_t>(bytes.data()) % page;
  void* const begin = const_cast<std::byte*>(bytes.data()) - before;
  const std::size_t size = bytes.size() + before;
  // Linux before 5.14 only promises to read soon.
  if (::madvise(begin, size, MADV_POPULATE_READ) != 0) ::madvise(begin, size, MADV_WILLNEED);
}

}  // namespace

ReadAhead::ReadAhead(std::span<const std::span<const std::byte>> parts) {
  for (const auto& part : parts) {
    for (std::size_t begin = 0; begin < part.size(); begin += piece_bytes) {
      pieces_.push_back(part.subspan(begin, std::min(piece_bytes, part.size() - begin)));
    }
  }
  for (std::size_t i = 0; i < std::min(threads, pieces_.size()); ++i) threads_.emplace_back([this] { run(); });
}

ReadAhead::~ReadAhead() { next_ = pieces_.size(); }

void ReadAhead::run() {
  for (std::size_t i = next_++; i < pieces_.size(); i = next_++) fetch_pages(pieces_[i]);
}

}  // namespace prelude
