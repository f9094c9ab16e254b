#pragma once

#include <string>
#include <vector>

#include "launch/options.h"

namespace prelude {

struct ConfigChange {
  std::string name;
  std::string before;  // values joined by ' '
  std::string now;
};

// The options in which two tables of the same command differ, in the table's order.
std::vector<ConfigChange> config_changes(const OptionTable& before, const OptionTable& now);

}  // namespace prelude
