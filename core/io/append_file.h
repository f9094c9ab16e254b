// Files that grow while a program runs. A write that fails is an error of the call that made it; one that the disk lost
// without a word is an error of the next sync().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/io/checksum.h"
#include "core/io/posix.h"

namespace prelude {

class AppendFile {
 public:
  enum class Start { as_it_is, must_be_new };
  // Opens `path` for appending, or makes it; a new one is in its folder for good. Throws UserError with the path and
  // the system's reason, as all of these do.
  explicit AppendFile(std::string path, Start start = Start::as_it_is);

  void cut(std::uint64_t size);         // drops what follows the first `size` bytes
  void append(std::string_view bytes);  // all of them; where it throws, a part may be there
  void sync();                          // on disk when it returns, and read back as it was appended
  void close();                         // sync() and close; once, last

  const std::string& path() const { return path_; }

 private:
  void compare();

  std::string path_;
  UniqueFd fd_;
  std::int64_t begin_ = -1;  // where the bytes since the last sync() begin; -1: there are none
  Xxh3 meant_;               // of those bytes
};

}  // namespace prelude
