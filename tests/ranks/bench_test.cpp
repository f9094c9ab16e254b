// `prelude bench` under mpirun.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/ranks/ranks.h"

namespace prelude::test {
namespace {

TEST(BenchOnRanks, TheFirstRankTellsOfCollectives) {
  const ProgramResult result =
      run_ranks(2, {"bench", "--what", "collectives", "--steps", "1", "--json", "--device", "cpu", "--threads", "1"});
  ASSERT_EQ(result.code, 0) << result.errors;
  const auto object = nlohmann::json::parse(result.output);  // one object: the other rank is silent
  EXPECT_EQ(object["ranks"], 2);
  EXPECT_EQ(object["all_reduce"].size(), 13U);
  EXPECT_EQ(object["all_reduce"].at(12)["bytes"], 64 << 20);
}

TEST(BenchOnRanks, AStepIsOneProcess) {
  const ProgramResult result = run_ranks(2, {"bench", "--what", "step", "--shape", "tiny", "--device", "cpu"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.errors.find("--what step runs in one process, but 2 were started"), std::string::npos)
      << result.errors;
}

}  // namespace
}  // namespace prelude::test
