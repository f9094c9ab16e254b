// A small file in memory.
#pragma once

#include <cstddef>
#include <string>

namespace prelude {

// The bytes of a regular file that holds at most `most_bytes` of them, however large it says it is. Throws UserError
// where it is missing, unreadable, no regular file or larger.
std::string read_whole_file(const std::string& path, std::size_t most_bytes);

}  // namespace prelude
