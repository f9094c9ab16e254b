// How much of a step is padding on real text: the shipped books, through the loader as `prelude pretrain` has it.
#include <gtest/gtest.h>

#include "tasks/loader.h"
#include "tasks/pretext/make_pretext_task.h"
#include "tests/tasks/corpus/build_fixture.h"

namespace prelude::test {
namespace {

EncoderPositions positions_of_steps(const PretextTask& task, const LoaderOptions& options, std::uint64_t steps) {
  EncoderPositions sum;
  for (std::uint64_t step = 0; step < steps; ++step) {
    const auto positions = load_step(task, options, step).positions;
    sum.computed += positions.computed;
    sum.padding += positions.padding;
  }
  return sum;
}

TEST(Padding, IsUnderFivePercentOnSentencePairs) {
  const TemporaryFolder folder;
  BuildOptions build;
  build.inputs = {kBooks};
  build.tokenizer = kTokenizerModel;
  build.output = folder / "corpus";
  build.workers = 1;
  build_corpus(build);
  const Corpus corpus = Corpus::open(build.output);
  const Tokenizer tokenizer = Tokenizer::load(kTokenizerModel);
  const auto task = make_pretext_task("nsp", corpus, tokenizer, {});
  constexpr std::uint64_t steps = 50;
  LoaderOptions options{.seed = 1, .global_batch = 64, .limits = {.positions = 4096, .prompt_rows = 100}};

  const auto positions = positions_of_steps(*task, options, steps);
  const double of_text = static_cast<double>(positions.padding) /
                         static_cast<double>(positions.computed - 100 * 64 * static_cast<std::int64_t>(steps));
  RecordProperty("padding", std::to_string(positions.padding_share()));
  RecordProperty("padding_of_text", std::to_string(of_text));
  EXPECT_LT(positions.padding_share(), 0.05);
  EXPECT_LT(of_text, 0.10);  // prompt rows left out
  // What the ranks of an ordered run report is what one rank reports.
  options.sharing = Sharing::micro_batches;
  options.rank = 1;
  options.ranks = 4;
  EXPECT_EQ(positions_of_steps(*task, options, steps).padding, positions.padding);
  // Sixteen examples at a time, filled up, as it was before there was a budget.
  options = {.seed = 1, .global_batch = 64, .limits = {.examples = 16, .prompt_rows = 100, .overhead = 1 << 20}};
  const auto filled = positions_of_steps(*task, options, steps);
  RecordProperty("padding_of_sixteen", std::to_string(filled.padding_share()));
  EXPECT_LT(positions.padding, filled.padding);
}

}  // namespace
}  // namespace prelude::test
