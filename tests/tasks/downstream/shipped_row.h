// The rows of data/downstream, read without the code of launch.
#pragma once

#include <string>
#include <vector>

#include "tasks/downstream/task_row.h"

namespace prelude::test {

// checked(). Throws std::runtime_error for a line that is no `key = value` of a known key.
TaskRow shipped_row(const std::string& name);
// Of all files there, sorted.
std::vector<std::string> shipped_names();

}  // namespace prelude::test
