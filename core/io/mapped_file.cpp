#include "core/io/mapped_file.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <utility>

#include "core/error.h"
#include "core/io/mapping_table.h"
#include "core/io/posix.h"

namespace prelude {

MappedFile MappedFile::open(const std::string& path) {
  const UniqueFd fd = open_for_reading(path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) fail_system("read", path);
  require(status.st_size > 0, "'{}' is empty", path);
  const auto size = static_cast<std::size_t>(status.st_size);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (data == MAP_FAILED) fail_system("map", path);
  return {path, static_cast<const std::byte*>(data), size};
}

MappedFile::MappedFile(std::string path, const std::byte* data, std::size_t size)
    : path_(std::move(path)), data_(data), size_(size), number_(note_mapping(data, size, path_)) {}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      number_(std::exchange(other.number_, -1)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  if (this != &other) {
    unmap();
    path_ = std::move(other.path_);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    number_ = std::exchange(other.number_, -1);
  }
  return *this;
}

MappedFile::~MappedFile() { unmap(); }

void MappedFile::forget_pages() const noexcept {
  if (data_ != nullptr) ::madvise(const_cast<std::byte*>(data_), size_, MADV_DONTNEED);
}

void MappedFile::unmap() noexcept {
  forget_mapping(std::exchange(number_, -1));
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
  data_ = nullptr;
}

}  // namespace prelude
