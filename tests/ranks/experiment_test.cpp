// `prelude experiment` whose ranks take their cells in unlike times.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/launch/commands/experiment_bench.h"
#include "tests/ranks/ranks.h"

namespace prelude::test {
namespace {

// A second set that is scored for longer than the ranks wait for each other in a collective.
TEST(ExperimentOnRanks, ALongCellOfAnotherRankIsWaitedFor) {
  const ExperimentBench bench;
  const std::string row = bench.row("long.ini", "name", "name = long");
  std::filesystem::create_directory(bench.path("long"));
  std::filesystem::copy_file(bench.path("films") + "/train.jsonl", bench.path("long") + "/train.jsonl");
  std::string lines;
  for (int i = 0; i < 2'000; ++i) {
    std::string review = "a warm film";
    for (int word = 0; word < 60; ++word) review += word % 7 == i % 7 ? " old" : " story";
    lines += nlohmann::json{{"review", review}, {"liked", i % 2 == 0}}.dump() + "\n";
  }
  write_file(bench.path("long") + "/test.jsonl", lines);
  const ExperimentBench::Options impatient{{"--rows", {bench.path("films.ini"), row}},
                                           {"--methods", {"pt"}},
                                           {"--steps", {"1"}},
                                           {"--collective-timeout", {"1"}}};
  for (const int ranks : {1, 2, 4}) {
    auto options = impatient;
    options["--seeds"] = {"10"};
    options["--data"] = {"films=" + bench.path("films"), "long=" + bench.path("long")};
    const std::string output = "out-" + std::to_string(ranks);
    const auto result = run_ranks(ranks, bench.arguments(output, options));
    EXPECT_EQ(result.code, 0) << result.errors;
    EXPECT_EQ(bench.cells(output), 2U);
    EXPECT_EQ(bench.results(output), bench.results("out-1"));
  }
  auto options = impatient;  // the first rank scores the votes alone
  options["--data"] = {"long=" + bench.path("long")};
  options["--ensembles"] = {""};
  const auto result = run_ranks(2, bench.arguments("votes", options));
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_TRUE(std::filesystem::exists(bench.path("votes") + "/ensembles.json"));
}

}  // namespace
}  // namespace prelude::test
