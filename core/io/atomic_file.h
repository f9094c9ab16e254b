// Files that are either whole or not there: written under a temporary name in the same folder, fsynced, renamed, and
// the folder fsynced. A kill at any moment leaves the old file or the new one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/io/posix.h"

namespace prelude {

class AtomicFile {
 public:
  // Creates the temporary file, replacing one that an interrupted writer left. One writer a path at a time: the owner
  // of the folder holds a FolderLock. Throws UserError with the path and the system's reason.
  explicit AtomicFile(std::string path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();  // removes the temporary file unless committed

  void write(const void* data, std::size_t size);
  void write(std::string_view text) { write(text.data(), text.size()); }
  void commit();  // once, last

 private:
  std::string path_;
  std::string temporary_;
  UniqueFd fd_;
};

// The whole of `content` as the file `path`.
void write_file_atomically(const std::string& path, std::string_view content);

// For a file that another library writes: let it write and close temporary_name(path), then seal_file(path) does the
// rest (fsync, rename, fsync of the folder).
std::string temporary_name(const std::string& path);
void seal_file(const std::string& path);

}  // namespace prelude
