// `prelude inspect`: what `prelude tune` and `prelude experiment` leave.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace prelude {

// Facts of a folder, as launch/inspect/describe.h says. Throw UserError naming a file that is damaged.
nlohmann::ordered_json describe_tune_run(const std::string& path);
nlohmann::ordered_json describe_experiment(const std::string& path);

}  // namespace prelude
