// Standard output, where a write that fails (a full disk behind a redirection) ends the command.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace prelude {

// All of `text`. Throws UserError with the system's reason where it cannot be written.
void write_out(std::string_view text);

// The same of a format and its arguments.
template <typename... Values>
void print_out(fmt::format_string<Values...> format, Values&&... values) {
  write_out(fmt::format(format, std::forward<Values>(values)...));
}

// What is written so far is with the system. Throws likewise; some file systems (NFS) say only here what has failed.
void finish_out();

}  // namespace prelude
