#include "launch/standard_output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/error.h"

namespace prelude {
namespace {

[[noreturn]] void fail_now() { fail("cannot write to standard output: {}", std::strerror(errno == 0 ? EIO : errno)); }

// The stream itself stays open.
bool closes(int fd) {
  const int copy = ::dup(fd);
  return copy < 0 || ::close(copy) == 0;
}

}  // namespace

void write_out(std::string_view text) {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) fail_now();
}

void finish_out() {
  errno = 0;
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !closes(STDOUT_FILENO)) fail_now();
}

}  // namespace prelude
