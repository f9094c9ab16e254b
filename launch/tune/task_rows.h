// The rows of the table of data sets: those that are shipped (data/downstream) are inside the program, a user's own are
// files of the same form.
#pragma once

#include <string>
#include <vector>

#include "launch/options.h"
#include "tasks/downstream/task_row.h"

namespace prelude {

// The keys of a row's file, which are also its documentation.
void declare(OptionTable& table, TaskRow& row);

// Throws UserError naming file, line and mistake.
TaskRow read_task_row(const std::string& path);
// One of `own`, or one that is shipped. Throws UserError that lists the names.
TaskRow find_task_row(const std::string& name, const std::vector<TaskRow>& own);
std::vector<std::string> shipped_task_rows();

}  // namespace prelude
