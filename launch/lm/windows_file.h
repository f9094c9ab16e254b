#pragma once

#include <cstdint>
#include <string>

#include "tasks/pretext/pretext_task.h"

namespace prelude {

// Writes held-out windows 0 ... count - 1 (or as many as there are), which a validation uses, in their order as a line
// {"source_ids": [...], "target_ids": [...]} each, targets without the start id: what `prelude predict` reads, and
// anybody who wants the same loss. Throws UserError with the path and the system's reason.
void write_windows(const std::string& path, const PretextTask& objective, std::int64_t count);

}  // namespace prelude
