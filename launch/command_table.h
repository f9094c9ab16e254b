#pragma once

#include <string>
#include <vector>

#include "launch/command.h"

namespace prelude {

// Every command, in the order that help lists them. A new command is one line in command_table.cpp.
const std::vector<Command>& command_table();

// Runs what stands on the command line, without the program's own name: a command, `help [COMMAND]`,
// `help --markdown`, `--help`, `--version`. Returns the exit code; throws UserError for the user's mistakes.
int run_command_line(const std::vector<std::string>& arguments, World& world);

}  // namespace prelude
