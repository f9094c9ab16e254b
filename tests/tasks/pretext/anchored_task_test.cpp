// What holds for every task: purity, the order of the anchors, and the wall between training and validation.
#include "tasks/pretext/anchored_task.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <thread>

#include "tests/tasks/pretext/fixture.h"

namespace prelude::test {
namespace {

TestLabels all_labelled(std::int64_t sentences) {
  TestLabels labels;
  for (std::int64_t s = 0; s < sentences; ++s) labels.labels.push_back(static_cast<std::int8_t>(s % 5));
  labels.confidences.assign(static_cast<std::size_t>(sentences), 0.99F);
  return labels;
}

bool same(const Example& a, const Example& b) {
  return a.source == b.source && a.target == b.target && a.label == b.label && a.anchor == b.anchor;
}

class AnchoredTaskTest : public ::testing::TestWithParam<const char*> {
 protected:
  // 110 documents of 12 sentences, all eligible: the last 5 are held out.
  static TaskBench even_bench() { return {GetParam(), random_text({.documents = 110}, 1), {}, all_labelled(1320)}; }
};

TEST_P(AnchoredTaskTest, ASampleIsAFunctionOfSeedAndIndex) {
  const TaskBench bench = even_bench();
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
  const TaskBench again = even_bench();
  int moved = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    EXPECT_TRUE(same(again.task().training_sample(9, i), in_order[i]));
    EXPECT_TRUE(same(again.task().validation_sample(i), bench.task().validation_sample(i)));
    moved += same(bench.task().training_sample(10, i), in_order[i]) ? 0 : 1;
  }
  EXPECT_GT(moved, 950);
}

TEST_P(AnchoredTaskTest, AnEpochMeetsEveryAnchorOnce) {
  const TaskBench bench = even_bench();
  const std::uint64_t anchors = bench.task().training_anchors();
  ASSERT_EQ(anchors, 105U * 12U);
  std::vector<std::int64_t> orders[2];
  for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
    std::set<std::int64_t> seen;
    for (std::uint64_t i = 0; i < anchors; ++i) {
      orders[epoch].push_back(bench.task().training_sample(3, epoch * anchors + i).anchor);
      seen.insert(orders[epoch].back());
    }
    EXPECT_EQ(seen.size(), anchors);
    EXPECT_EQ(*seen.begin(), 0);
    EXPECT_EQ(*seen.rbegin(), static_cast<std::int64_t>(anchors) - 1);
  }
  EXPECT_NE(orders[0], orders[1]);
}

TEST_P(AnchoredTaskTest, TrainingAndValidationShareNoDocument) {
  const TaskBench bench = even_bench();
  ASSERT_EQ(bench.task().validation_anchors(), 5U * 12U);
  const auto documents = [&](const Example& example) {
    std::set<std::int64_t> all{bench.text().place_of(example.anchor).document};
    // Any three ids in a row that a sentence begins with.
    for (std::size_t at = 0; at + 3 <= example.source.size(); ++at) {
      const Sentence start(example.source.begin() + static_cast<std::ptrdiff_t>(at),
                           example.source.begin() + static_cast<std::ptrdiff_t>(at) + 3);
      for (const Place place : bench.text().begin_with(start, 0, bench.text().size())) all.insert(place.document);
    }
    return all;
  };
  std::set<std::int64_t> training;
  std::set<std::int64_t> validation;
  for (std::uint64_t i = 0; i < 2'000; ++i) {
    training.merge(documents(bench.task().training_sample(3, i)));
    validation.merge(documents(bench.task().validation_sample(i)));
  }
  EXPECT_EQ(training.size(), 105U);
  EXPECT_EQ(*training.rbegin(), 104);
  EXPECT_EQ(validation.size(), 5U);
  EXPECT_EQ(*validation.begin(), 105);
}

TEST_P(AnchoredTaskTest, TheQuirkFinalSentinelEndsTheTarget) {
  PretextOptions options;
  options.quirks.final_sentinel = true;
  options.start_id = 17;
  const TaskBench bench(GetParam(), random_text({.documents = 110}, 1), options, all_labelled(1320));
  const TaskBench plain = even_bench();
  const Example example = bench.task().training_sample(1, 2);
  const Example without = plain.task().training_sample(1, 2);
  const auto word = bench.task().label_ids().at(static_cast<std::size_t>(example.label));
  EXPECT_EQ(example.target, (Sentence{17, 32099, word, 32098}));
  EXPECT_EQ(without.target, (Sentence{0, 32099, word}));
  EXPECT_EQ(example.source, without.source);
}

// A sentence of the corpus may hold the words "<extra_id_0>", which the tokenizer makes a sentinel of.
TEST_P(AnchoredTaskTest, ASentenceWithASentinelIsNeverUsed) {
  std::vector<Document> documents = random_text({.documents = 110}, 1).documents();
  for (std::size_t d = 0; d < documents.size(); ++d) documents[d][d % 12].front() = sentinel_id;
  const TaskBench bench(GetParam(), TestText(documents), {}, all_labelled(1320));
  for (std::uint64_t i = 0; i < 2'000; ++i) {
    const Example example = bench.task().training_sample(3, i);
    ASSERT_EQ(std::count(example.source.begin(), example.source.end(), sentinel_id), 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Tasks, AnchoredTaskTest, ::testing::Values("nsp", "nss", "unified", "cls"));

}  // namespace
}  // namespace prelude::test
