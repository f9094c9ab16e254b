// UTF-8, checked and counted.
#pragma once

#include <cstddef>
#include <string_view>

namespace prelude {

// The offset of the first byte that no valid UTF-8 sequence holds (overlong forms, surrogates and code points above
// U+10FFFF are invalid; Unicode standard, table 3-7); text.size() where all is valid.
std::size_t valid_utf8_bytes(std::string_view text);

// Bytes of the character that starts with the byte `first` (1 to 4).
std::size_t character_bytes(char first);

// The character at byte `at` of valid UTF-8, or the one that ends there; `at` moves over it.
char32_t character_at(std::string_view text, std::size_t& at);
char32_t character_before(std::string_view text, std::size_t& at);

// Code points of valid UTF-8.
std::size_t count_characters(std::string_view text);

}  // namespace prelude
