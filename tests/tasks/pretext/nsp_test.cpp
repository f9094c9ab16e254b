#include "tasks/pretext/nsp.h"

#include <gtest/gtest.h>

#include "tests/tasks/chance.h"
#include "tests/tasks/pretext/fixture.h"

namespace prelude::test {
namespace {

TextShape uneven() { return {.documents = 120, .min_sentences = 1, .max_sentences = 40}; }

TEST(Nsp, TenThousandSamplesHoldAgainstTheOracle) {
  const TaskBench bench("nsp", random_text(uneven(), 1));
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    ASSERT_EQ(nsp_fault(bench.training(), bench.task().training_sample(5, i), true), "") << "sample " << i;
  }
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    ASSERT_EQ(nsp_fault(bench.validation(), bench.task().validation_sample(i), true), "") << "validation " << i;
  }
}

TEST(Nsp, TheOracleSeesWhatIsWrong) {
  const TaskBench bench("nsp", random_text(uneven(), 1));
  int wrong = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const Example right = bench.task().training_sample(5, i);
    Example label = right;
    label.label = (label.label + 1) % 3;
    label.target[2] = nsp_ids[static_cast<std::size_t>(label.label)];
    wrong += nsp_fault(bench.training(), label, true).empty() ? 0 : 1;
    Example text = right;
    ++text.source.back();
    wrong += nsp_fault(bench.training(), text, true).empty() ? 0 : 1;
    wrong += nsp_fault(bench.validation(), right, true).empty() ? 0 : 1;
  }
  EXPECT_EQ(wrong, 300);
}

TEST(Nsp, ANegativeNeverReadsLikeANeighbour) {
  TextShape shape = uneven();
  shape.distinct_sentences = 12;  // nearly every sentence stands in every document
  const TaskBench bench("nsp", random_text(shape, 2));
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    ASSERT_EQ(nsp_fault(bench.training(), bench.task().training_sample(5, i), false), "") << "sample " << i;
  }
}

TEST(Nsp, TheQuirkEqualNegativesLetsThemIn) {
  TextShape shape = uneven();
  shape.distinct_sentences = 12;
  PretextOptions options;
  options.quirks.equal_negatives = true;
  const TaskBench bench("nsp", random_text(shape, 2), options);
  int faults = 0;
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    faults += nsp_fault(bench.training(), bench.task().training_sample(5, i), false).empty() ? 0 : 1;
  }
  EXPECT_GT(faults, 10);
}

TEST(Nsp, ExtremeLengthsKeepTheSentinelAndBothParts) {
  const TextShape shape{.documents = 40, .min_sentences = 5, .max_sentences = 20, .min_tokens = 1, .max_tokens = 5'000};
  for (const std::int64_t max_source : {103L, 104L, 110L, 200L, 512L, 20'000L}) {
    PretextOptions options;
    options.max_source = max_source;
    const TaskBench bench("nsp", random_text(shape, 3), options);
    for (std::uint64_t i = 0; i < 1'000; ++i) {
      ASSERT_EQ(nsp_fault(bench.training(), bench.task().training_sample(7, i), false), "")
          << "sample " << i << ", max source " << max_source;
    }
  }
}

TEST(Nsp, ClassesDocumentsAndNeighboursAreDrawnAlike) {
  const TaskBench bench("nsp", random_text({.documents = 42}, 4));
  ASSERT_EQ(bench.cut(), 40);
  std::vector<double> classes(3);
  std::vector<double> sides(2);
  std::vector<double> documents(40);
  std::vector<double> sentences(12);
  std::vector<double> distances(10);  // of a document's first sentence to its "maybe"
  for (std::uint64_t i = 0; i < 30'000; ++i) {
    const Example example = bench.task().training_sample(11, i);
    NspFacts facts{};
    ASSERT_EQ(nsp_fault(bench.training(), example, true, &facts), "");
    ++classes[static_cast<std::size_t>(example.label)];
    if (example.label == 2 && facts.anchor.index > 0 && facts.anchor.index < 11) {
      ++sides[facts.second.index > facts.anchor.index ? 1 : 0];
    }
    if (example.label == 1 && facts.anchor.index == 0) ++distances.at(static_cast<std::size_t>(facts.second.index - 2));
    if (example.label == 0) {
      ++sentences[static_cast<std::size_t>(facts.second.index)];
      // The distance to the main document, around the circle: each of the 39 others alike.
      ++documents[static_cast<std::size_t>((facts.second.document - facts.anchor.document + 40) % 40)];
    }
  }
  EXPECT_EQ(documents.front(), 0);
  documents.erase(documents.begin());
  EXPECT_LT(chance_score(classes), chance_limit);
  EXPECT_LT(chance_score(sides), chance_limit);
  EXPECT_LT(chance_score(documents), chance_limit);
  EXPECT_LT(chance_score(sentences), chance_limit);
  EXPECT_LT(chance_score(distances), chance_limit);
}

TEST(CutPair, SharesTheRoomInProportion) {
  for (std::int64_t room = 3; room < 40; ++room) {
    for (std::int64_t first = 1; first < 50; ++first) {
      for (std::int64_t second = 1; second < 50; ++second) {
        const PairLengths kept = cut_pair({first, second}, room, false);
        const auto [a, b] = kept;
        ASSERT_TRUE(a >= 1 && b >= 1 && a <= first && b <= second) << room << ' ' << first << ' ' << second;
        ASSERT_EQ(a + b + 1, std::min(first + second + 1, room)) << room << ' ' << first << ' ' << second;
      }
    }
  }
}

// Lengths 300 and 300, sentinel at 300 of 601, room 412: int(300/601 * 411) - 1 = 204 each, two positions unused.
TEST(CutPair, TheQuirkIsPptsOwnRounding) {
  const auto [first, second] = cut_pair({300, 300}, 412, true);
  EXPECT_EQ(first, 204);
  EXPECT_EQ(second, 204);
  const auto [a, b] = cut_pair({300, 300}, 412, false);
  EXPECT_EQ(a + b, 411);
}

}  // namespace
}  // namespace prelude::test
