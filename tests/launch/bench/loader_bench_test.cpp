#include "launch/bench/loader_bench.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "launch/bench/example_file.h"
#include "launch/commands/bench.h"
#include "tests/launch/commands/pretrain_bench.h"
#include "tests/launch/one_rank.h"

namespace prelude::test {
namespace {

const std::string tokenizer = PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model";

TEST(LoaderBench, CountsExamplesAndWritesTheFirstStep) {
  const PretrainBench bench;
  LoaderBenchOptions options;
  options.corpus = bench.path("corpus");
  options.tokenizer = tokenizer;
  options.prompt = 5;
  options.batch = 6;
  options.steps = 3;
  options.write_examples = bench.path("examples.jsonl");
  const LoaderBenchResult result = bench_loader(options, /*window=*/0.02);
  EXPECT_GT(result.examples_per_second, 100.0);
  EXPECT_GT(result.jump_seconds, 0.0);
  EXPECT_GE(result.worst_jump_seconds, result.jump_seconds);
  EXPECT_GT(result.source_tokens, 11.0);  // two sentences of 5 tokens and a sentinel are the least
  EXPECT_LT(result.source_tokens, 41.0);  // of 20, the most

  T5Config config;
  const auto examples = read_examples(options.write_examples, config);
  ASSERT_EQ(examples.size(), 6U);
  for (const Example& example : examples) EXPECT_GE(example.source.size(), 11U);
}

TEST(LoaderBench, RefusesWhatItCannotMeasure) {
  EXPECT_THROW((void)run_alone(bench_command(), {"--what", "loader"}), UserError);
  const PretrainBench bench;
  EXPECT_THROW((void)run_alone(bench_command(),
                               {"--what", "loader", "--tokenizer", tokenizer, "--corpus", bench.path("nowhere")}),
               UserError);
}

}  // namespace
}  // namespace prelude::test
