// Text of users and of files inside our messages: one line, valid UTF-8, without control bytes, of bounded length.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace prelude {

// The most characters of a line that the program says, with "prelude: error: " in front.
constexpr std::size_t longest_message = 500;

// `text` with every control character, and every byte that no UTF-8 sequence holds, as \xNN, and of at most `longest`
// characters: of a longer text the middle is left out, and " ... " stands there.
std::string printable(std::string_view text, std::size_t longest = 120);

// A whole message as one line of at most `longest` characters: line breaks become blanks, the rest as above.
std::string message_line(std::string_view message, std::size_t longest = longest_message);

}  // namespace prelude
