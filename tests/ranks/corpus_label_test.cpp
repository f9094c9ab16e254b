// `corpus label` with several ranks: the bytes of one, also where a rank is killed on the way.
#include <gtest/gtest.h>

#include "tasks/corpus/corpus.h"
#include "tests/launch/commands/label_bench.h"
#include "tests/ranks/ranks.h"

namespace prelude::test {
namespace {

TEST(CorpusLabelRanks, GiveTheBytesOfOneAndGoOnAfterAKill) {
  const LabelBench bench(60);
  ASSERT_EQ(run_program(bench.label("one")).code, 0);
  const auto one = bench.contents("one");
  for (const int ranks : {1, 2, 4}) {
    const std::string output = std::to_string(ranks);
    const ProgramResult result = run_ranks(ranks, bench.label(output));
    EXPECT_EQ(result.code, 0) << result.errors;
    EXPECT_TRUE(bench.contents(output) == one) << ranks;
    EXPECT_EQ(result.output.find(bench.path(output) + ": "), 0U) << result.output;
  }
  for (const int victim : {2, 0}) {
    const std::size_t before = bench.shards_in("killed");
    RunningProgram job(PRELUDE_MPIRUN, with_ranks(4, bench.label("killed")));
    EXPECT_TRUE(wait_for([&] { return bench.shards_in("killed") > before || !job.running(); }));
    const int process = process_of_rank(job.process(), victim);
    ASSERT_GT(process, 0);
    ::kill(process, SIGKILL);
    EXPECT_NE(job.wait().code, 0);
    EXPECT_FALSE(std::filesystem::exists(bench.path("killed") + "/corpus.json"));
  }
  EXPECT_EQ(run_ranks(2, bench.label("killed")).code, 0);
  EXPECT_TRUE(bench.contents("killed") == one);
}

// Half of the backbone on each rank: sums are rounded otherwise, so labels may differ where two words are equal.
TEST(CorpusLabelRanks, TensorParallelGivesTheSameConfidences) {
  const LabelBench bench(10);
  ASSERT_EQ(run_program(bench.label("one")).code, 0);
  const ProgramResult result = run_ranks(2, bench.label("two", {"--tensor-parallel", "2"}));
  ASSERT_EQ(result.code, 0) << result.errors;
  const Corpus one = Corpus::open(bench.path("one"));
  const Corpus two = Corpus::open(bench.path("two"));
  int other = 0;
  for (std::int64_t s = 0; s < one.sentences(); ++s) {
    other += one.label(s) == two.label(s) ? 0 : 1;
    EXPECT_NEAR(one.label_confidence(s), two.label_confidence(s), 1e-4);
  }
  EXPECT_LE(other, 1);
}

}  // namespace
}  // namespace prelude::test
