#pragma once

#include <optional>

namespace prelude {

// Seconds since this process was made, loading of its libraries included, to a hundredth (Linux' /proc/self/stat).
// None where the system does not say.
std::optional<double> process_age();

}  // namespace prelude
