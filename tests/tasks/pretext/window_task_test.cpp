// What holds for every language-modelling objective: purity, windows that cut the text without gap or overlap, and the
// wall between training and validation.
#include "tasks/pretext/window_task.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "tests/tasks/pretext/lm_bench.h"

namespace prelude::test {
namespace {

bool same(const Example& a, const Example& b) { return a.source == b.source && a.target == b.target; }

class WindowTaskTest : public ::testing::TestWithParam<const char*> {
 protected:
  static LmBench bench(std::uint64_t text_seed = 1) {
    return {GetParam(), random_text({.documents = 110, .min_sentences = 3}, text_seed), {.max_source = 40}};
  }
  static Sentence window_of(const Example& example) {
    return std::string(GetParam()) == "prefix-lm" ? parts_joined(example, 0) : spans_put_back(example, 0);
  }
};

TEST_P(WindowTaskTest, ASampleIsAFunctionOfSeedAndIndex) {
  const LmBench bench = WindowTaskTest::bench();
  constexpr std::uint64_t count = 1'000;
  std::vector<Example> in_order;
  for (std::uint64_t i = 0; i < count; ++i) in_order.push_back(bench.task().training_sample(9, i));
  // Four threads, each in another order, with other seeds and validation in between.
  std::vector<int> differing(4);
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t k = 0; k < count; ++k) {
        const std::uint64_t i = (k * 7 + t * 251) % count;
        (void)bench.task().training_sample(t, k);
        (void)bench.task().validation_sample(k);
        if (!same(bench.task().training_sample(9, i), in_order[i])) ++differing[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(differing, std::vector<int>(4));
  // A second task over the same text, in another folder, gives the same; another seed does not.
  const LmBench again = WindowTaskTest::bench();
  int moved = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    EXPECT_TRUE(same(again.task().training_sample(9, i), in_order[i]));
    EXPECT_TRUE(same(again.task().validation_sample(i), bench.task().validation_sample(i)));
    moved += same(bench.task().training_sample(10, i), in_order[i]) ? 0 : 1;
  }
  EXPECT_GT(moved, 990);
}

TEST_P(WindowTaskTest, AnEpochHasEveryTokenOnceButARemainder) {
  const LmBench bench = WindowTaskTest::bench();
  const auto length = static_cast<std::size_t>(bench.lengths().window);
  const std::size_t windows = bench.training().size() / length;
  ASSERT_EQ(bench.task().training_anchors(), windows);
  ASSERT_GT(windows, 300U);
  std::set<std::size_t> begins;
  std::set<std::vector<std::size_t>> orders;
  for (std::uint64_t epoch = 0; epoch < 6; ++epoch) {
    std::vector<int> times(bench.training().size());
    std::vector<std::size_t> order;
    for (std::uint64_t i = 0; i < windows; ++i) {
      const Sentence window = window_of(bench.task().training_sample(3, epoch * windows + i));
      ASSERT_EQ(window.size(), length);
      order.push_back(bench.place_of(window));
      ASSERT_LT(order.back(), times.size());
      for (std::size_t k = 0; k < length; ++k) ++times[(order.back() + k) % times.size()];
    }
    EXPECT_EQ(std::count(times.begin(), times.end(), 1), static_cast<std::ptrdiff_t>(windows * length));
    EXPECT_EQ(std::count(times.begin(), times.end(), 0), static_cast<std::ptrdiff_t>(times.size() - windows * length));
    begins.insert(order.front() % length);
    orders.insert(order);
    EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  }
  EXPECT_EQ(orders.size(), 6U);
  EXPECT_GT(begins.size(), 2U);  // the windows begin elsewhere
}

TEST_P(WindowTaskTest, ValidationIsTheHeldOutTextInOrder) {
  const LmBench bench = WindowTaskTest::bench();
  const auto length = static_cast<std::size_t>(bench.lengths().window);
  const std::size_t windows = bench.validation().size() / length;
  ASSERT_EQ(bench.task().validation_anchors(), windows);
  ASSERT_GT(windows, 10U);
  for (std::size_t i = 0; i < windows; ++i) {
    const auto begin = bench.validation().begin() + static_cast<std::ptrdiff_t>(i * length);
    const Sentence expected(begin, begin + static_cast<std::ptrdiff_t>(length));
    EXPECT_EQ(window_of(bench.task().validation_sample(i)), expected);
    EXPECT_EQ(window_of(bench.task().validation_sample(i + windows)), expected);
  }
}

TEST_P(WindowTaskTest, HasNoLabelsToChooseFrom) {
  const LmBench bench = WindowTaskTest::bench();
  EXPECT_TRUE(bench.task().label_ids().empty());
  const Example example = bench.task().training_sample(1, 1);
  EXPECT_EQ(example.options, 0);
  EXPECT_EQ(example.label, -1);
}

TEST_P(WindowTaskTest, MistakesAreSaidInOneLine) {
  const TestText text = random_text({.documents = 20}, 1);
  const auto said = [&](const LmObjectiveOptions& options) {
    std::string line = user_error([&] { LmBench(GetParam(), text, options); });
    EXPECT_EQ(line.find('\n'), std::string::npos);
    return line;
  };
  EXPECT_NE(said({.max_source = 1}).find("--max-source 1"), std::string::npos);
  EXPECT_NE(said({.max_source = 1000, .noise = {.mean_span = 10}, .validation_fraction = 0.05})
                .find("the 1 validation documents hold "),
            std::string::npos);
  EXPECT_NE(said({.max_source = 3000, .noise = {.mean_span = 30}, .validation_fraction = 0.95})
                .find("the 1 training documents hold "),
            std::string::npos);
  EXPECT_NE(said({.validation_fraction = 1.0}).find("--validation-fraction 1"), std::string::npos);
  const TestCorpus foreign(text, {}, std::string(64, 'a'));
  EXPECT_NE(user_error([&] {
              make_lm_objective(GetParam(), foreign.corpus(), t5_tokenizer(), {});
            }).find("built with another tokenizer"),
            std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Objectives, WindowTaskTest, ::testing::Values("span-corruption", "prefix-lm"),
                         [](const auto& row) { return std::string(row.param).substr(0, 4); });

TEST(LmObjective, AnUnknownNameGetsTheKnownOnes) {
  EXPECT_EQ(user_error([] { lm_lengths("mlm", {}); }),
            "--objective mlm: there is no such objective; known: span-corruption, prefix-lm");
}

}  // namespace
}  // namespace prelude::test
