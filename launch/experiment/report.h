// The files of an experiment's report.
#pragma once

#include <string>

#include "launch/experiment/results.h"
#include "launch/experiment/table.h"

namespace prelude {

struct ReportOptions {
  TableOptions table;
};

// Writes into `folder`, which is made where it is missing: results.json, table.md, table.tex, box.svg, curves.svg and,
// with several numbers of shots, shots.svg (which is removed otherwise: it would be of other results). Each file is
// whole or as it was. Throws UserError where the results do not hold (make_table) or a file cannot be written.
void write_report(const std::string& folder, const Results& results, const ReportOptions& options);

}  // namespace prelude
