// A whole file as read-only memory.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace prelude {

class MappedFile {
 public:
  // Throws UserError where the file is missing, empty, unreadable or no regular file.
  static MappedFile open(const std::string& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  // Aligned to a page; valid while this object lives. The file must not shrink meanwhile (a sealed file never does).
  const std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }  // bytes, > 0
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }
  const std::string& path() const { return path_; }
  // Pages that were read need no memory of this process until they are read again; what they hold stays the same.
  void forget_pages() const noexcept;

 private:
  MappedFile(std::string path, const std::byte* data, std::size_t size);
  void unmap() noexcept;

  std::string path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  int number_ = -1;  // in the table of mappings
};

}  // namespace prelude
