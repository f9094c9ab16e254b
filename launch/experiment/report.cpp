#include "launch/experiment/report.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/folders.h"
#include "launch/experiment/figures.h"

namespace prelude {

void write_report(const std::string& folder, const Results& results, const ReportOptions& options) {
  const ResultTable table = make_table(results, options.table);
  const Measure measure = options.table.measure;
  make_folders(folder);
  const auto write = [&](const char* name, const std::string& content) {
    write_file_atomically(fmt::format("{}/{}", folder, name), content);
  };
  write("results.json", results_text(results));
  write("table.md", markdown_text(table));
  write("table.tex", latex_text(table));
  write("box.svg", box_plot(box_figure(results, measure)).document());
  write("curves.svg", line_plot(curve_figure(results, measure)).document());
  if (grid_of(keys_of(results.cells)).several_shots) {
    write("shots.svg", line_plot(shots_figure(results, measure)).document());
  } else {
    std::error_code error;
    std::filesystem::remove(fmt::format("{}/shots.svg", folder), error);
    require(!error, "cannot remove '{}/shots.svg': {}", folder, error.message());
  }
}

}  // namespace prelude
