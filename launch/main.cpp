// The program: runs the command line, and is the only place that catches.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

#include "core/error.h"
#include "launch/command_table.h"

namespace {

// One line on standard error, whatever the message holds.
void print_error(std::string message) {
  std::string line;
  for (const char c : message) {
    const bool blank = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    if (!blank || (!line.empty() && line.back() != ' ')) line += blank ? ' ' : c;
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  std::fputs(fmt::format("prelude: error: {}\n", line).c_str(), stderr);
}

int run(const std::vector<std::string>& arguments) {
  const int code = prelude::run_command_line(arguments);
  errno = 0;
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  const int cause = errno == 0 ? EIO : errno;
  prelude::require(written, "cannot write to standard output: {}", std::strerror(cause));
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
  } catch (const prelude::UserError& error) {
    print_error(error.what());
    return prelude::exit_user_error;
  } catch (const c10::Error& error) {
    print_error(fmt::format("LibTorch: {}", error.what_without_backtrace()));
  } catch (const std::bad_alloc&) {
    print_error("out of memory");
  } catch (const std::exception& error) {
    print_error(error.what());
  }
  return prelude::exit_failure;
}
