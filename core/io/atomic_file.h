// Files that are either whole or not there: written under a temporary name in the same folder, read back, fsynced,
// renamed, and the folder fsynced. A kill at any moment leaves the old file or the new one, and so does a disk that
// fails: every call's result is looked at, and what the disk gives back is compared with what memory held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/io/checksum.h"
#include "core/io/posix.h"

namespace prelude {

class AtomicFile {
 public:
  // Creates the temporary file, replacing one that an interrupted writer left. One writer a path at a time: the owner
  // of the folder holds a FolderLock. Where `path` is a link, the file that it names is written. Throws UserError with
  // the path and the system's reason, or where something else than a file stands there.
  explicit AtomicFile(const std::string& path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();  // removes the temporary file unless committed

  void write(const void* data, std::size_t size);
  void write(std::string_view text) { write(text.data(), text.size()); }
  void commit();  // once, last

  // For a library that writes by itself, under this name: all of that before the first write(), which puts bytes behind
  // it. The library has closed the file, and the caller has compared its part, before commit().
  const std::string& temporary() const { return temporary_; }

 private:
  std::string path_;
  std::string temporary_;
  UniqueFd fd_;
  std::int64_t begin_ = -1;  // where the bytes of write() begin; -1: there are none
  Xxh3 meant_;               // of those bytes
  bool committed_ = false;
};

// The whole of `content` as the file `path`.
void write_file_atomically(const std::string& path, std::string_view content);

// A copy of the file `from` as the file `to`.
void copy_file_atomically(const std::string& from, const std::string& to);

// Where a file or folder of `path` is until it is whole: a hidden name beside it that nobody else uses. Names with this
// ending are of a process that was killed, and are removed.
inline constexpr std::string_view unfinished_ending = ".prelude-new";
std::string temporary_name(const std::string& path);

}  // namespace prelude
