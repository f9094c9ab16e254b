// Cells inside a larger JSON file.
#pragma once

#include "launch/experiment/cell.h"
#include "tasks/corpus/json_fields.h"

namespace prelude {

// The cell that `fields` are of. Throws UserError naming file and field.
CellResult read_cell(const JsonFields& fields);

// A field that must be a share. Throws UserError unless it is a number in [0,1].
double read_share(const JsonFields& fields, const char* name);

// `value`, which must be a share: InternalError otherwise, naming `what`.
double checked_share(double value, const char* what);

}  // namespace prelude
