#include "tasks/pretext/option_task.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/tasks/chance.h"
#include "tests/tasks/pretext/fixture.h"

namespace prelude::test {
namespace {

TextShape uneven() { return {.documents = 200, .min_sentences = 1, .max_sentences = 40, .max_tokens = 120}; }

class OptionTaskTest : public ::testing::TestWithParam<const char*> {
 protected:
  std::string name() const { return GetParam(); }
  bool unified() const { return name() == "unified"; }
};

TEST_P(OptionTaskTest, TenThousandSamplesHoldAgainstTheOracle) {
  const TaskBench bench(name(), random_text(uneven(), 1));
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const Example example = bench.task().training_sample(5, i);
    ASSERT_EQ(option_fault(bench.training(), example, unified(), true), "") << "sample " << i;
  }
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    const Example example = bench.task().validation_sample(i);
    ASSERT_EQ(option_fault(bench.validation(), example, unified(), true), "") << "validation " << i;
  }
}

TEST_P(OptionTaskTest, TheOracleSeesWhatIsWrong) {
  const TaskBench bench(name(), random_text(uneven(), 1));
  int wrong = 0;
  const auto count = [&](const Setting& setting, const Example& example) {
    wrong += option_fault(setting, example, unified(), true).empty() ? 0 : 1;
  };
  for (std::uint64_t i = 0; i < 100; ++i) {
    const Example right = bench.task().training_sample(5, i);
    Example label = right;
    label.label = label.label == 0 ? 1 : 0;
    label.target[2] = letter_ids[static_cast<std::size_t>(label.label)];
    count(bench.training(), label);
    Example sentinel = right;
    sentinel.source.pop_back();
    count(bench.training(), sentinel);
    Example query = right;
    query.source.erase(query.source.begin() + 1);
    count(bench.training(), query);
    count(bench.validation(), right);
  }
  EXPECT_EQ(wrong, 400);
}

TEST_P(OptionTaskTest, ANegativeNeverReadsLikeANeighbour) {
  TextShape shape = uneven();
  shape.distinct_sentences = 30;
  const TaskBench bench(name(), random_text(shape, 2));
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const Example example = bench.task().training_sample(5, i);
    ASSERT_EQ(option_fault(bench.training(), example, unified(), false), "") << "sample " << i;
  }
}

TEST_P(OptionTaskTest, WithEqualNegativesTheFirstOptionLikeTheRightOneCounts) {
  TextShape shape = uneven();
  shape.distinct_sentences = 12;
  PretextOptions options;
  options.quirks.equal_negatives = true;
  const TaskBench bench(name(), random_text(shape, 2), options);
  int repeated = 0;
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    const Example example = bench.task().training_sample(5, i);
    OptionSource parts;
    ASSERT_EQ(take_apart(example.source, parts), "");
    const auto label = static_cast<std::size_t>(example.label);
    for (std::size_t k = 0; k < parts.options.size(); ++k) {
      if (k == label || parts.options[k] != parts.options[label]) continue;
      ASSERT_GT(k, label);
      ++repeated;
    }
  }
  EXPECT_GT(repeated, 50);
}

TEST_P(OptionTaskTest, ExtremeLengthsKeepEveryMark) {
  const TextShape shape{
      .documents = 120, .min_sentences = 6, .max_sentences = 20, .min_tokens = 1, .max_tokens = 5'000};
  for (const std::int64_t room : {unified() ? 72L : 32L, 90L, 150L, 400L, 924L, 20'000L}) {
    PretextOptions options;
    options.max_source = 100 + room;
    const TaskBench bench(name(), random_text(shape, 3), options);
    for (std::uint64_t i = 0; i < 500; ++i) {
      const Example example = bench.task().training_sample(7, i);
      ASSERT_EQ(option_fault(bench.training(), example, unified(), false), "") << "sample " << i << ", room " << room;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tasks, OptionTaskTest, ::testing::Values("nss", "unified"));

// docs/pretext.md: 389 + 1 + 6 * (86 + 3) + 1 + 4 + 1 = 930 ids with 924 of room; PPT loses the last 6.
TEST(Nss, ASaturatedExampleKeepsItsSentinelUnlessAskedNotTo) {
  const TextShape shape{.documents = 120, .min_tokens = 400, .max_tokens = 500};
  const TaskBench bench("nss", random_text(shape, 3));
  PretextOptions options;
  options.quirks.nss_sentinel_cut = true;
  const TaskBench ppt("nss", random_text(shape, 3), options);
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Example ours = bench.task().training_sample(1, i);
    ASSERT_EQ(option_fault(bench.training(), ours, false, true), "");
    const Example theirs = ppt.task().training_sample(1, i);
    ASSERT_EQ(theirs.source.size(), 924U);
    ASSERT_EQ(ours.source.size(), 924U);
    ASSERT_EQ(std::count(theirs.source.begin(), theirs.source.end(), sentinel_id), 0);
    ASSERT_EQ(ours.source.back(), sentinel_id);
  }
}

TEST(Nss, PositionsAndNegativesAreDrawnAlike) {
  const TaskBench bench("nss", random_text({.documents = 106}, 4));
  ASSERT_EQ(bench.cut(), 101);
  std::vector<double> positions(6);
  std::vector<double> sides(2);
  std::vector<double> documents(101);
  std::vector<double> sentences(12);
  std::vector<double> same(9);  // the same-document negative of a query in the middle
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const Example example = bench.task().training_sample(11, i);
    OptionFacts facts;
    ASSERT_EQ(option_fault(bench.training(), example, false, true, &facts), "");
    ++positions[static_cast<std::size_t>(example.label)];
    const Place right = facts.options[static_cast<std::size_t>(example.label)];
    if (facts.anchor.index > 0 && facts.anchor.index < 11) ++sides[right.index > facts.anchor.index ? 1 : 0];
    for (const Place place : facts.options) {
      if (place.document != facts.anchor.document) {
        ++sentences[static_cast<std::size_t>(place.index)];
        ++documents[static_cast<std::size_t>((place.document - facts.anchor.document + 101) % 101)];
      } else if (facts.anchor.index == 5 && std::abs(place.index - 5) > 1) {
        ++same[static_cast<std::size_t>(place.index < 5 ? place.index : place.index - 3)];
      }
    }
  }
  documents.erase(documents.begin());  // never the main one: the oracle checks it
  EXPECT_LT(chance_score(positions), chance_limit);
  EXPECT_LT(chance_score(sides), chance_limit);
  EXPECT_LT(chance_score(documents), chance_limit);
  EXPECT_LT(chance_score(sentences), chance_limit);
  EXPECT_LT(chance_score(same), chance_limit);
}

TEST(Unified, NumbersOfOptionsAndPositionsAreDrawnAlike) {
  const TaskBench bench("unified", random_text({.documents = 106}, 4));
  std::vector<double> numbers(17);
  std::vector<std::vector<double>> positions(17);
  for (std::size_t n = 2; n <= 16; ++n) positions[n].resize(n);
  for (std::uint64_t i = 0; i < 30'000; ++i) {
    const Example example = bench.task().training_sample(13, i);
    OptionSource parts;
    ASSERT_EQ(take_apart(example.source, parts), "");
    ++numbers.at(parts.options.size());
    ++positions.at(parts.options.size()).at(static_cast<std::size_t>(example.label));
  }
  EXPECT_LT(chance_score({numbers.begin() + 2, numbers.end()}), chance_limit);
  for (std::size_t n = 2; n <= 16; ++n) EXPECT_LT(chance_score(positions[n]), chance_limit) << n << " options";
}

// PPT draws the number of options and the other documents once for all queries of a document.
TEST(Unified, TheQuirkSharedTupleFixesThemForADocument) {
  const auto tuples = [](bool shared) {
    PretextOptions options;
    options.quirks.shared_tuple = shared;
    const TaskBench bench("unified", random_text({.documents = 106}, 4), options);
    std::map<std::int64_t, std::set<std::size_t>> numbers;
    std::map<std::int64_t, std::set<std::int64_t>> others;
    for (std::uint64_t i = 0; i < 5'000; ++i) {
      OptionFacts facts;
      const std::string fault = option_fault(bench.training(), bench.task().training_sample(17, i), true, true, &facts);
      EXPECT_EQ(fault, "");
      numbers[facts.anchor.document].insert(facts.options.size());
      for (const Place place : facts.options) others[facts.anchor.document].insert(place.document);
    }
    std::pair<std::size_t, std::size_t> most{0, 0};
    for (const auto& [document, seen] : numbers) most.first = std::max(most.first, seen.size());
    for (const auto& [document, seen] : others) most.second = std::max(most.second, seen.size());
    return most;
  };
  const auto [shared_numbers, shared_documents] = tuples(true);
  EXPECT_EQ(shared_numbers, 1U);
  EXPECT_EQ(shared_documents, 5U);
  const auto [numbers, documents] = tuples(false);
  EXPECT_GT(numbers, 10U);
  EXPECT_GT(documents, 50U);
}

TEST(CommonLength, IsTheLargestThatFits) {
  const std::vector<std::int64_t> lengths{7, 1, 12, 12, 3};
  for (std::int64_t room = 5; room < 50; ++room) {
    std::int64_t brute = 1;
    for (std::int64_t limit = 1; limit <= 12; ++limit) {
      std::int64_t sum = 0;
      for (const std::int64_t part : lengths) sum += std::min(part, limit);
      if (sum <= room) brute = limit;
    }
    EXPECT_EQ(common_length(lengths, room), brute) << "room " << room;
  }
}

}  // namespace
}  // namespace prelude::test
