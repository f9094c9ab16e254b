#include "tasks/pretext/span_corruption.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/tasks/chance.h"
#include "tests/tasks/pretext/lm_bench.h"

namespace prelude::test {
namespace {

// 4 x 2,500 examples.
TEST(SpanCorruption, GivesBackTheWindowThatItMasked) {
  const LmObjectiveOptions settings[] = {{.max_source = 64},
                                         {.max_source = 33, .noise = {.density = 0.3, .mean_span = 1.0}, .start_id = 7},
                                         {.max_source = 50, .noise = {.density = 0.5, .mean_span = 3.5}},
                                         {.max_source = 512, .validation_fraction = 0.1}};
  for (const LmObjectiveOptions& options : settings) {
    const LmBench bench("span-corruption", random_text({.documents = 150, .min_sentences = 3}, 2), options);
    for (std::uint64_t i = 0; i < 2'500; ++i) {
      const Example example = bench.task().training_sample(5, i);
      ASSERT_EQ(static_cast<std::int64_t>(example.source.size()), options.max_source);
      ASSERT_EQ(static_cast<std::int64_t>(example.target.size()), bench.lengths().target + 1);
      const Sentence window = spans_put_back(example, options.start_id);
      ASSERT_EQ(static_cast<std::int64_t>(window.size()), bench.lengths().window) << i;
      ASSERT_LT(bench.place_of(window), bench.training().size()) << i;
    }
  }
}

// C(n, k) as a floating-point number.
double ways(std::int64_t n, std::int64_t k) {
  if (k < 0 || k > n) return 0;
  double result = 1;
  for (std::int64_t i = 1; i <= k; ++i) result *= static_cast<double>(n - k + i) / static_cast<double>(i);
  return result;
}

// Counts of a part's length among random compositions of `items` into `parts`, against what each length should have;
// lengths that are expected less than ten times count as one.
double composition_score(const std::vector<std::int64_t>& lengths, std::int64_t items, std::int64_t parts) {
  std::vector<double> counts;
  std::vector<double> expected;
  bool open = false;  // the last entry has room
  for (std::int64_t length = 1; length <= items - parts + 1; ++length) {
    if (!open) {
      counts.push_back(0);
      expected.push_back(0);
    }
    counts.back() += static_cast<double>(std::count(lengths.begin(), lengths.end(), length));
    expected.back() +=
        static_cast<double>(lengths.size()) * ways(items - length - 1, parts - 2) / ways(items - 1, parts - 1);
    open = expected.back() < 10;
  }
  if (open && counts.size() > 1) {
    counts[counts.size() - 2] += counts.back();
    expected[expected.size() - 2] += expected.back();
    counts.pop_back();
    expected.pop_back();
  }
  return chance_score(counts, expected);
}

// Within five standard errors of the mean items / parts. The variance of one part of a random composition is
// (N - k) * N * (k - 1) / (k^2 * (k + 1)) for N items and k parts.
void expect_mean(const std::vector<std::int64_t>& lengths, std::int64_t items, std::int64_t parts) {
  const auto n = static_cast<double>(items);
  const auto k = static_cast<double>(parts);
  double sum = 0;
  for (const std::int64_t length : lengths) sum += static_cast<double>(length);
  const double error = std::sqrt((n - k) * n * (k - 1) / (k * k * (k + 1)) / static_cast<double>(lengths.size()));
  EXPECT_NEAR(sum / static_cast<double>(lengths.size()), n / k, 5 * error);
}

// Density, number of spans and mean span are the same in every example; where the spans lie is chance.
TEST(SpanCorruption, MasksAsChanceWouldHaveIt) {
  const LmObjectiveOptions options{.max_source = 128};
  const LmBench bench("span-corruption", random_text({.documents = 300, .min_sentences = 3}, 8), options);
  const SpanLengths expected = span_lengths(128, {});
  std::vector<std::int64_t> first_gaps;
  std::vector<std::int64_t> first_spans;
  std::vector<std::int64_t> last_gaps;
  std::vector<std::int64_t> last_spans;
  double together = 0;
  constexpr std::uint64_t count = 10'000;
  const double mean_gap = static_cast<double>(expected.window - expected.noise) / static_cast<double>(expected.spans);
  const double mean_span = static_cast<double>(expected.noise) / static_cast<double>(expected.spans);
  for (std::uint64_t i = 0; i < count; ++i) {
    SpanFacts facts;
    spans_put_back(bench.task().training_sample(1, i), 0, &facts);
    ASSERT_EQ(static_cast<std::int64_t>(facts.spans.size()), expected.spans);
    std::int64_t masked = 0;
    for (const std::int64_t span : facts.spans) masked += span;
    ASSERT_EQ(masked, expected.noise);
    first_gaps.push_back(facts.gaps.front());
    first_spans.push_back(facts.spans.front());
    last_gaps.push_back(facts.gaps.back());
    last_spans.push_back(facts.spans.back());
    together +=
        (static_cast<double>(facts.gaps.front()) - mean_gap) * (static_cast<double>(facts.spans.front()) - mean_span);
  }
  for (const auto* gaps : {&first_gaps, &last_gaps}) {  // the first is where the first span starts
    expect_mean(*gaps, expected.window - expected.noise, expected.spans);
    EXPECT_LT(composition_score(*gaps, expected.window - expected.noise, expected.spans), chance_limit);
  }
  for (const auto* spans : {&first_spans, &last_spans}) {
    expect_mean(*spans, expected.noise, expected.spans);
    EXPECT_LT(composition_score(*spans, expected.noise, expected.spans), chance_limit);
  }
  // Gaps and spans do not know each other: their covariance is zero within five standard errors.
  const auto variance = [](double n, double k) { return (n - k) * n * (k - 1) / (k * k * (k + 1)); };
  const double error =
      std::sqrt(variance(static_cast<double>(expected.window - expected.noise), static_cast<double>(expected.spans)) *
                variance(static_cast<double>(expected.noise), static_cast<double>(expected.spans)) / count);
  EXPECT_NEAR(together / count, 0, 5 * error);
}

TEST(RandomSegments, AreEquallyLikely) {
  std::map<std::vector<std::int64_t>, double> seen;
  for (std::uint64_t i = 0; i < 30'000; ++i) {
    RandomStream stream(3, Purpose::test, i);
    const std::vector<std::int64_t> lengths = random_segments(7, 3, stream);
    ASSERT_EQ(lengths.size(), 3U);
    ASSERT_EQ(lengths[0] + lengths[1] + lengths[2], 7);
    ++seen[lengths];
  }
  std::vector<double> counts;
  for (const auto& [lengths, count] : seen) {
    EXPECT_GE(*std::min_element(lengths.begin(), lengths.end()), 1);
    counts.push_back(count);
  }
  ASSERT_EQ(counts.size(), 15U);  // C(6, 2)
  EXPECT_LT(chance_score(counts), chance_limit);
  RandomStream stream(3, Purpose::test, 0);
  EXPECT_EQ(random_segments(5, 5, stream), (std::vector<std::int64_t>(5, 1)));
  EXPECT_EQ(random_segments(5, 1, stream), (std::vector<std::int64_t>{5}));
}

TEST(SpanCorruption, WantsASentinelForEachSpan) {
  const TestText text = random_text({.documents = 200}, 1);
  const auto said = [&](std::int64_t max_source) {
    return user_error([&] { LmBench("span-corruption", text, {.max_source = max_source}); });
  };
  const std::int64_t largest = largest_source(100, {});
  EXPECT_EQ(largest, 1809);  // docs/pretext.md
  EXPECT_EQ(said(4000), fmt::format("--max-source 4000: its 222 masked spans need as many sentinels, but the tokenizer "
                                    "has 100; the largest that works is {}",
                                    largest));
  EXPECT_NE(said(largest + 1).find("its 101 masked spans"), std::string::npos);
  const LmBench bench("span-corruption", text, {.max_source = largest});
  const Sentence source = bench.task().training_sample(1, 1).source;
  EXPECT_EQ(std::count(source.begin(), source.end(), first_sentinel_id - 99), 1);
}

}  // namespace
}  // namespace prelude::test
