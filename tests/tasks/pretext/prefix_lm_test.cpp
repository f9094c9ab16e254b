#include "tasks/pretext/prefix_lm.h"

#include <gtest/gtest.h>

#include "tests/tasks/chance.h"
#include "tests/tasks/pretext/lm_bench.h"

namespace prelude::test {
namespace {

// Source and target are the window's two parts, and each place to split at has the same chance.
TEST(PrefixLm, SplitsAWindowAtAUniformPlace) {
  const LmBench bench("prefix-lm", random_text({.documents = 150, .min_sentences = 3}, 2),
                      {.max_source = 65, .start_id = 7});
  ASSERT_EQ(bench.lengths().window, 64);
  std::vector<double> counts(63);
  std::size_t longest_source = 0;
  std::size_t longest_target = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const Example example = bench.task().training_sample(5, i);
    const Sentence window = parts_joined(example, 7);
    ASSERT_EQ(window.size(), 64U);
    ASSERT_LT(bench.place_of(window), bench.training().size()) << i;
    ++counts.at(example.source.size() - 2);  // less </s>, from 1 on
    longest_source = std::max(longest_source, example.source.size());
    longest_target = std::max(longest_target, example.target.size() - 1);
  }
  EXPECT_LT(chance_score(counts), chance_limit);
  EXPECT_EQ(static_cast<std::int64_t>(longest_source), bench.lengths().source);
  EXPECT_EQ(static_cast<std::int64_t>(longest_target), bench.lengths().target);
}

TEST(PrefixLm, TheShortestWindowHasTwoTokens) {
  const TestText text = random_text({.documents = 20}, 1);
  const LmBench bench("prefix-lm", text, {.max_source = 3});
  const Example example = bench.task().training_sample(1, 4);
  EXPECT_EQ(example.source.size(), 2U);
  EXPECT_EQ(example.target.size(), 3U);
  EXPECT_NE(user_error([&] { LmBench("prefix-lm", text, {.max_source = 2}); }).find("3 or more"), std::string::npos);
}

}  // namespace
}  // namespace prelude::test
