#include "tasks/corpus/sentence_sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "core/text/utf8.h"
#include "tests/tasks/chance.h"
#include "tests/tasks/corpus/build_fixture.h"

namespace prelude::test {
namespace {

std::string without_spaces(std::string text) {
  std::erase_if(text, [](char c) { return std::string_view(" \t\v\f\r\n").find(c) != std::string_view::npos; });
  return text;
}

TEST(LinesOfAtMost, LoseNothingButSpaces) {
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same texts each time
  const std::string characters[] = {"a", "b", " ", " ", "\n", "\t", "\u00e9", "\u65e5", "\U0001f642"};
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (auto i = random() % 60; i > 0; --i) text += characters[random() % std::size(characters)];
    const std::size_t most = 4 + random() % 12;
    std::string joined;
    for (const std::string_view line : lines_of_at_most(text, most)) {
      EXPECT_LE(line.size(), most);
      EXPECT_EQ(valid_utf8_bytes(line), line.size());
      EXPECT_FALSE(without_spaces(std::string(line)).empty());
      EXPECT_EQ(line.find('\n'), std::string_view::npos);
      joined += line;
    }
    EXPECT_EQ(without_spaces(joined), without_spaces(text));
  }
}

TEST(LinesOfAtMost, AreCutAtSpacesWhereThereAreAny) {
  const auto cut = [](const char* text) {
    std::vector<std::string> lines;
    for (const std::string_view line : lines_of_at_most(text, 8)) lines.emplace_back(line);
    return lines;
  };
  EXPECT_EQ(cut("one two three four"), (std::vector<std::string>{"one two", "three", "four"}));
  EXPECT_EQ(cut("exactly8 more"), (std::vector<std::string>{"exactly8", "more"}));
  EXPECT_EQ(cut("  \n\nabcdefghijk l"), (std::vector<std::string>{"abcdefgh", "ijk l"}));
}

class SentenceSampleTest : public testing::Test {
 protected:
  SentenceSampleTest() {
    std::string text;
    for (int i = 0; i < 100; ++i) text += fmt::format("line {}\n{}", i, i % 7 == 0 ? "\n" : "");
    write_file(folder_ / "a.txt", text);
    input_.inputs = {folder_ / "a.txt"};
  }
  SentenceSample sample(std::int64_t most, std::uint64_t seed) const {
    return sample_sentences(input_, {.most_sentences = most, .most_bytes = 100, .seed = seed});
  }
  TemporaryFolder folder_;
  BuildOptions input_;
};

TEST_F(SentenceSampleTest, IsEverythingWhereThatFits) {
  const SentenceSample all = sample(100, 1);
  ASSERT_EQ(all.sentences.size(), 100U);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(all.sentences[i], fmt::format("line {}", i));
  EXPECT_EQ(all.sentences_read, 100);
  EXPECT_EQ(all.documents, 16);
}

TEST_F(SentenceSampleTest, TakesEachLineWithTheSameChance) {
  std::map<std::string, double> taken;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const SentenceSample some = sample(20, seed);
    EXPECT_EQ(some.sentences.size(), 20U);
    EXPECT_EQ(some.sentences_read, 100);
    EXPECT_EQ(some.sentences, sample(20, seed).sentences);
    for (const std::string& line : some.sentences) ++taken[line];
  }
  EXPECT_NE(sample(20, 1).sentences, sample(20, 2).sentences);
  ASSERT_EQ(taken.size(), 100U);
  std::vector<double> counts;
  counts.reserve(taken.size());
  for (const auto& [line, count] : taken) counts.push_back(count);
  EXPECT_LT(chance_score(counts), chance_limit);
}

TEST_F(SentenceSampleTest, StopsAtProblemsOrCountsThem) {
  write_file(folder_ / "b.jsonl", "{\"text\": \"good\"}\n{\"txet\": 1}\n");
  input_.inputs = {folder_ / "b.jsonl"};
  EXPECT_THROW(sample(10, 1), UserError);
  input_.skip_errors = true;
  const SentenceSample some = sample(10, 1);
  EXPECT_EQ(some.sentences, std::vector<std::string>{"good"});
  EXPECT_EQ(some.problems.of(ProblemKind::missing_field), 1);
  EXPECT_EQ(some.problems.total(), 1);
}

}  // namespace
}  // namespace prelude::test
