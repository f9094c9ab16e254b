// config.ini of a run, which the program writes and reads again when the run is resumed: what was changed in it since
// would be another run's configuration, so it is noticed.
#pragma once

#include <string>

#include "launch/options.h"

namespace prelude {

// `config` (OptionTable::config_text) as it is kept: a comment says that the last line is a checksum of those before.
// Throws UserError where a value is no UTF-8.
std::string recorded_config(const std::string& config);

// Reads what recorded_config made, or what a program without it did, into `table`. `folder`: the run's, for messages.
// Throws UserError where the file is of another command, was changed, or cannot be read.
void read_recorded_config(const std::string& path, const std::string& folder, OptionTable& table);

}  // namespace prelude
