#include "tasks/downstream/few_shot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/message_of.h"

namespace prelude::test {
namespace {

using Labels = std::vector<std::int32_t>;
using Counts = std::map<std::int32_t, std::int64_t>;

// counts[c] examples of class c, mixed.
Labels labels_of(const std::vector<int>& counts) {
  Labels labels;
  for (int round = 0; round < *std::max_element(counts.begin(), counts.end()); ++round) {
    for (std::size_t c = 0; c < counts.size(); ++c) {
      if (round < counts[c]) labels.push_back(static_cast<std::int32_t>(c));
    }
  }
  return labels;
}

Counts count(const Labels& labels, const std::vector<std::int64_t>& drawn) {
  Counts counts;
  for (const std::int64_t i : drawn) ++counts[labels.at(static_cast<std::size_t>(i))];
  return counts;
}

std::int64_t shared(const FewShot& drawn) {
  std::set<std::int64_t> all(drawn.train.begin(), drawn.train.end());
  all.insert(drawn.dev.begin(), drawn.dev.end());
  return static_cast<std::int64_t>(drawn.train.size() + drawn.dev.size() - all.size());
}

TEST(FewShot, DefaultsArePpts) {
  EXPECT_EQ(default_shots(2), 32);
  EXPECT_EQ(default_shots(5), 32);
  EXPECT_EQ(default_shots(6), 48);
  EXPECT_EQ(default_shots(10), 80);
}

TEST(FewShot, IsBalancedAndDisjoint) {
  const Labels labels = labels_of({100, 40});
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const FewShot drawn = draw_few_shot(labels, 2, 32, seed);
    EXPECT_EQ(count(labels, drawn.train), (Counts{{0, 16}, {1, 16}}));
    EXPECT_EQ(count(labels, drawn.dev), (Counts{{0, 16}, {1, 16}}));
    EXPECT_EQ(shared(drawn), 0);
    EXPECT_TRUE(std::is_sorted(drawn.train.begin(), drawn.train.end()));
    EXPECT_TRUE(std::is_sorted(drawn.dev.begin(), drawn.dev.end()));
  }
}

TEST(FewShot, SpreadsTheRemainderBySeed) {
  const Labels labels = labels_of({30, 30, 30});
  std::map<Counts, int> seen;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Counts counts = count(labels, draw_few_shot(labels, 3, 32, seed).train);
    for (const auto& [label, number] : counts) EXPECT_TRUE(number == 10 || number == 11) << label;
    ++seen[counts];
  }
  EXPECT_EQ(seen.size(), 3U);  // each class is the one that has no more
}

TEST(FewShot, IsAFunctionOfItsSeed) {
  const Labels labels = labels_of({500, 500});
  std::set<std::vector<std::int64_t>> draws;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const FewShot drawn = draw_few_shot(labels, 2, 32, seed);
    EXPECT_EQ(drawn.train, draw_few_shot(labels, 2, 32, seed).train);
    EXPECT_EQ(drawn.dev, draw_few_shot(labels, 2, 32, seed).dev);
    draws.insert(drawn.train);
    draws.insert(drawn.dev);
  }
  EXPECT_EQ(draws.size(), 80U);
}

// By a program of its own in Python, with its own Philox and Feistel network: the draw of a seed never changes.
TEST(FewShot, IsWhatItAlwaysWas) {
  const Labels labels = labels_of({20, 20, 20});
  const FewShot ten = draw_few_shot(labels, 3, 8, 10);
  EXPECT_EQ(ten.train, (std::vector<std::int64_t>{4, 10, 12, 15, 32, 37, 54, 56}));
  EXPECT_EQ(ten.dev, (std::vector<std::int64_t>{5, 8, 19, 29, 30, 33, 39, 52}));
  const FewShot large = draw_few_shot(labels, 3, 8, std::uint64_t{1} << 40);
  EXPECT_EQ(large.train, (std::vector<std::int64_t>{3, 5, 8, 16, 23, 36, 46, 48}));
  EXPECT_EQ(large.dev, (std::vector<std::int64_t>{10, 11, 27, 32, 35, 40, 43, 57}));
}

// Each of 8 examples of a class is drawn for half of the draws of 4: 500 expected, deviation 16.
TEST(FewShot, DrawsEachExampleAsOften) {
  const Labels labels = labels_of({8, 8});
  std::map<std::int64_t, int> train;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    for (const std::int64_t i : draw_few_shot(labels, 2, 8, seed).train) ++train[i];
  }
  ASSERT_EQ(train.size(), 16U);
  for (const auto& [index, times] : train) EXPECT_NEAR(times, 500, 80) << index;
}

TEST(FewShot, MayHaveAnotherDevSet) {
  const Labels labels = labels_of({20, 20});
  const FewShot whole = draw_few_shot(labels, 2, 40, 3, 0);
  EXPECT_EQ(whole.train.size(), 40U);
  EXPECT_TRUE(whole.dev.empty());
  const FewShot drawn = draw_few_shot(labels, 2, 10, 3, 4);
  EXPECT_EQ(count(labels, drawn.dev), (Counts{{0, 2}, {1, 2}}));
  EXPECT_EQ(drawn.train, draw_few_shot(labels, 2, 10, 3).train);
}

TEST(FewShot, SaysWhichClassIsShort) {
  const Labels labels = labels_of({40, 31});
  EXPECT_EQ(message_of([&] {
              draw_few_shot(labels, 2, 32, 1, -1, {"false", "true"});
            }),
            "class 'true' has 31 examples, but the draw needs 32 (train 16, dev 16); give fewer shots");
  EXPECT_EQ(message_of([&] { draw_few_shot(labels, 3, 32, 1); }), "class '2' has no example to draw");
  EXPECT_EQ(message_of([&] { draw_few_shot(labels, 2, 1, 1); }),
            "a draw of 1 examples cannot hold each of 2 classes; give more shots");
}

}  // namespace
}  // namespace prelude::test
