#include "core/io/whole_file.h"

#include <sys/stat.h>

#include <algorithm>

#include "core/error.h"
#include "core/io/posix.h"

namespace prelude {

std::string read_whole_file(const std::string& path, std::size_t most_bytes) {
  const UniqueFd fd = open_for_reading(path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) fail_system("read", path);
  const auto too_large = [&](std::size_t bytes) {
    require(bytes <= most_bytes, "'{}' has more than {} bytes; is it the file that you mean?", path, most_bytes);
  };
  too_large(static_cast<std::size_t>(std::max<off_t>(status.st_size, 0)));
  std::string text;
  std::size_t used = 0;
  for (std::size_t wanted = static_cast<std::size_t>(status.st_size) + 1;; wanted = std::size_t{1} << 16) {
    text.resize(used + wanted);
    const std::size_t got = read_some(fd, text.data() + used, wanted, path);
    used += got;
    too_large(used);  // it grows while it is read
    if (got == 0) break;
  }
  text.resize(used);
  return text;
}

}  // namespace prelude
