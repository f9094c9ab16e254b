// Examples out of a table, CSV or TSV.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tasks/downstream/downstream_example.h"
#include "tasks/downstream/task_row.h"

namespace prelude {

constexpr std::int64_t kMostLineBytes = std::int64_t{1} << 22;  // of a labelled file

// As read_examples() of a row whose format is csv or tsv. `notes` takes a line where quotes were found and taken off.
std::vector<DownstreamExample> read_table(const TaskRow& row, const std::string& path, std::vector<std::string>& notes);

}  // namespace prelude
