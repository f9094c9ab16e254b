// What stands at a path, asked without exceptions of the library's: a place that cannot be looked at (a loop of links,
// a name too long, no right to) is the user's mistake, and is named.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace prelude {

// Links are followed; false where there is nothing. Each throws UserError naming `path` where the system cannot say.
bool path_exists(const std::string& path);
bool is_folder(const std::string& path);
bool is_regular_file(const std::string& path);

// Bytes of a file that is there.
std::int64_t file_bytes(const std::string& path);

// Names of what a folder holds, sorted, "." and ".." left out.
std::vector<std::string> names_in(const std::string& folder);

}  // namespace prelude
