#include "tasks/corpus/stats.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tests/tasks/corpus/make_corpus.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

TEST(DistributionTest, AgreesWithSortedValues) {
  std::mt19937 random(2);
  for (int round = 0; round < 30; ++round) {
    std::vector<std::int64_t> values(1 + random() % 300);
    for (auto& value : values) value = static_cast<std::int64_t>(random() % 50) - 10;
    Distribution distribution;
    for (const auto value : values) distribution.add(value);
    std::sort(values.begin(), values.end());
    const auto count = static_cast<double>(values.size());
    double sum = 0;
    for (const auto value : values) sum += static_cast<double>(value);
    EXPECT_EQ(distribution.count(), static_cast<std::int64_t>(values.size()));
    EXPECT_EQ(distribution.least(), values.front());
    EXPECT_EQ(distribution.most(), values.back());
    EXPECT_DOUBLE_EQ(distribution.mean(), sum / count);
    for (const double percent : {0.5, 1.0, 25.0, 50.0, 99.0, 100.0}) {
      const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * count));
      EXPECT_EQ(distribution.percentile(percent), values[rank - 1]) << percent;
    }
  }
}

TEST(DistributionTest, TheHistogramCountsEveryValueOnce) {
  std::mt19937 random(4);
  for (int bars = 1; bars < 40; ++bars) {
    std::vector<std::int64_t> values(200);
    for (auto& value : values) value = static_cast<std::int64_t>(random() % 97) * (random() % 50 == 0 ? 100 : 1);
    Distribution distribution;
    for (const auto value : values) distribution.add(value);
    const auto histogram = distribution.histogram(bars);
    EXPECT_LE(histogram.size(), static_cast<std::size_t>(bars));
    EXPECT_EQ(histogram.front().first, distribution.least());
    EXPECT_EQ(histogram.back().last, distribution.most());
    for (std::size_t i = 0; i < histogram.size(); ++i) {
      const auto inside = [&](std::int64_t v) { return v >= histogram[i].first && v <= histogram[i].last; };
      EXPECT_EQ(histogram[i].count, std::count_if(values.begin(), values.end(), inside));
      if (i > 0) {
        EXPECT_EQ(histogram[i].first, histogram[i - 1].last + 1);
      }
    }
  }
}

TEST(CorpusStatsTest, CountsTheCorpus) {
  const test::TemporaryFolder folder;
  test::make_corpus(
      folder.path(), {{{1, 2}, {3}}, {{4, 5, 6}}, {{7}, {8}, {9}}},
      {.shard_tokens = 3, .labels = {{0, -1}, {2}, {0, 0, 2}}, .label_confidences = {{1, 0}, {1}, {1, 1, 1}}});
  const CorpusStats stats = corpus_stats(Corpus::open(folder.path()));
  EXPECT_EQ(stats.documents, 3);
  EXPECT_EQ(stats.sentences, 6);
  EXPECT_EQ(stats.tokens, 9);
  EXPECT_EQ(stats.tokens_per_sentence.count(), 6);
  EXPECT_DOUBLE_EQ(stats.tokens_per_sentence.mean(), 1.5);
  EXPECT_EQ(stats.sentences_per_document.percentile(50), 2);
  EXPECT_EQ(stats.tokens_per_document.least(), 3);
  EXPECT_EQ(stats.tokens_per_document.most(), 3);
  EXPECT_EQ(stats.labels, (std::map<std::int32_t, std::int64_t>{{-1, 1}, {0, 3}, {2, 2}}));
}

}  // namespace
}  // namespace prelude
