#pragma once

#include <string>

namespace prelude {

// "0.1.0".
std::string version();
// The git revision that was built, 12 digits, "-dirty" where tracked files differ from it; "unknown" outside git.
std::string revision();
// What `prelude --version` prints: the version, the revision, the libraries and the devices, one a line.
std::string version_text();

}  // namespace prelude
