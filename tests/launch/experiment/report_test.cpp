#include "launch/experiment/report.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "core/error.h"
#include "tests/launch/experiment/make_cells.h"
#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

std::set<std::string> files(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

Results one_shot_number() {
  Results results;
  add_cells(results, "sst2", "pt", {0.5, 0.75});
  add_cells(results, "sst2", "ppt", {0.75, 0.875});
  return results;
}

TEST(Report, WritesItsFiles) {
  const TemporaryFolder folder;
  const std::string report = folder / "runs/report";
  Results results = one_shot_number();
  results.cells.push_back(make_cell({"sst2", "pt", 64, 0.3, 10}, 0.5, 0.5));
  write_report(report, results, {});
  EXPECT_EQ(files(report),
            (std::set<std::string>{"box.svg", "curves.svg", "results.json", "shots.svg", "table.md", "table.tex"}));
  EXPECT_EQ(parse_results("results.json", read_file(report + "/results.json")).cells.size(), 5U);
  EXPECT_NE(read_file(report + "/table.md").find("| ppt | **81.2 ± 8.8** | - |"), std::string::npos);
  EXPECT_EQ(read_file(report + "/box.svg").substr(0, 5), "<?xml");
}

TEST(Report, LeavesNoPictureOfOtherResults) {
  const TemporaryFolder folder;
  write_file(folder / "shots.svg", "old");
  write_report(folder.path(), one_shot_number(), {});
  EXPECT_EQ(files(folder.path()),
            (std::set<std::string>{"box.svg", "curves.svg", "results.json", "table.md", "table.tex"}));
}

TEST(Report, IsTheSameTwice) {
  const TemporaryFolder folder;
  write_report(folder / "a", one_shot_number(), {{Measure::accuracy, "pt"}});
  write_report(folder / "b", one_shot_number(), {{Measure::accuracy, "pt"}});
  for (const std::string& name : files(folder / "a")) {
    EXPECT_EQ(read_file(folder / ("a/" + name)), read_file(folder / ("b/" + name))) << name;
  }
}

TEST(Report, OfNothingAndOfAMistake) {
  const TemporaryFolder folder;
  write_report(folder / "none", {}, {});
  EXPECT_EQ(files(folder / "none").size(), 5U);
  EXPECT_THROW(write_report(folder / "bad", one_shot_number(), {{Measure::accuracy, "pl"}}), UserError);
  EXPECT_FALSE(std::filesystem::exists(folder / "bad"));  // found out before anything is written
  write_file(folder / "file", "");
  EXPECT_THROW(write_report(folder / "file", one_shot_number(), {}), UserError);
}

}  // namespace
}  // namespace prelude::test
