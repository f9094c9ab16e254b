#include "tasks/pretext/span_lengths.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/message_of.h"

namespace prelude::test {
namespace {

// scripts/make-span-lengths
TEST(SpanLengths, AreThePublishedOnes) {
  std::ifstream table(PRELUDE_SOURCE_DIR "/tests/data/pretext/span_lengths.tsv");
  std::string header;
  std::getline(table, header);
  int rows = 0;
  std::int64_t max_source = 0;
  SpanNoise noise;
  std::int64_t window = 0;
  std::int64_t target = 0;
  while (table >> max_source >> noise.density >> noise.mean_span >> window >> target) {
    SCOPED_TRACE(testing::Message() << max_source << " " << noise.density << " " << noise.mean_span);
    const SpanLengths lengths = span_lengths(max_source, noise);
    EXPECT_EQ(lengths.window, window);
    EXPECT_EQ(lengths.target, target);
    EXPECT_EQ(lengths.source, max_source);
    EXPECT_EQ(lengths.source, lengths.window - lengths.noise + lengths.spans + 1);
    EXPECT_EQ(lengths.target, lengths.noise + lengths.spans + 1);
    ++rows;
  }
  EXPECT_GT(rows, 1000);
}

TEST(SpanLengths, AreT5sOwn) {
  const SpanLengths lengths = span_lengths(512, {});
  EXPECT_EQ(lengths.window, 568);  // Raffel et al.'s pipeline: 568 tokens make 512 and 114
  EXPECT_EQ(lengths.target, 114);
}

// One token more or less of source is a window that differs, and the bounds that messages name are sharp.
TEST(SpanLengths, LargestSourceIsSharp) {
  for (const SpanNoise noise : {SpanNoise{}, SpanNoise{0.5, 3.0}, SpanNoise{0.15, 1.0}, SpanNoise{0.05, 8.0}}) {
    for (const std::int64_t spans : {1, 2, 7, 100}) {
      const std::int64_t largest = largest_source(spans, noise);
      EXPECT_LE(span_lengths(largest, noise).spans, spans);
      EXPECT_GT(span_lengths(largest + 1, noise).spans, spans);
    }
  }
}

TEST(SpanLengths, MistakesAreSaidInOneLine) {
  const auto said = [](std::int64_t max_source, const SpanNoise& noise) {
    return message_of([&] { span_lengths(max_source, noise); });
  };
  EXPECT_EQ(
      said(5, {}),
      "--max-source 5: at --noise-density 0.15 and --mean-span 3 that is too short to mask a span; give 10 or more");
  EXPECT_EQ(said(10, {}), "nothing thrown");
  EXPECT_NE(said(9, {}), "nothing thrown");
  for (const double density : {0.0, -1.0, 1.0, 2.0, std::nan("")}) {
    EXPECT_NE(said(512, {.density = density}).find("--noise-density"), std::string::npos) << density;
  }
  for (const double span : {0.0, 0.5, 2000.0, std::nan("")}) {
    EXPECT_NE(said(512, {.mean_span = span}).find("--mean-span"), std::string::npos) << span;
  }
  for (const std::int64_t source : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, std::int64_t{1} << 40}) {
    EXPECT_NE(said(source, {}).find("--max-source"), std::string::npos) << source;
  }
  EXPECT_NE(said(512, {.density = 0.9, .mean_span = 2.0}).find("tokens to stand between"), std::string::npos);
}

}  // namespace
}  // namespace prelude::test
