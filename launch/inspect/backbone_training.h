#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace prelude {

// What a run of `prelude lm` put on disk, as launch/inspect/describe.h says. Every byte of a rank's file is read.
// Throws UserError naming what is damaged or missing.
nlohmann::ordered_json describe_rank_file(const std::string& path);
nlohmann::ordered_json describe_rank_checkpoint(const std::string& folder);  // all its files
// The run's part that is of its checkpoints: their steps, and what the newest whole one holds.
nlohmann::ordered_json describe_backbone_checkpoints(const std::string& run);

}  // namespace prelude
