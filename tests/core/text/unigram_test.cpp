#include "core/text/unigram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>

namespace prelude {
namespace {

std::vector<std::int32_t> encode(const Unigram& model, const std::string& word) {
  std::vector<Unigram::Segment> segments{{0, 0, -7}};  // what is there already stays
  model.segment(word, segments);
  EXPECT_EQ(segments.front().id, -7);
  std::vector<std::int32_t> ids;
  std::size_t end = 0;
  for (std::size_t i = 1; i < segments.size(); ++i) {
    EXPECT_EQ(segments[i].begin, end);
    end += segments[i].size;
    ids.push_back(segments[i].id);
  }
  EXPECT_EQ(end, word.size());
  return ids;
}

// Every segmentation of `word` into pieces, tried one by one; the best score.
double best_score(const std::map<std::string, float>& scores, const std::string& word) {
  if (word.empty()) return 0;
  double best = -std::numeric_limits<double>::infinity();
  for (std::size_t size = 1; size <= word.size(); ++size) {
    const auto piece = scores.find(word.substr(0, size));
    if (piece != scores.end()) best = std::max(best, piece->second + best_score(scores, word.substr(size)));
  }
  return best;
}

TEST(UnigramTest, FindsTheBestOfAllSegmentations) {
  std::mt19937 random(11);
  const auto word_of = [&](std::size_t most) {
    std::string word(1 + random() % most, 'a');
    for (char& c : word) c = static_cast<char>('a' + random() % 3);
    return word;
  };
  for (int round = 0; round < 50; ++round) {
    std::map<std::string, float> scores{{"a", -9.0F}, {"b", -9.5F}, {"c", -8.25F}};
    for (int i = 0; i < 12; ++i) scores[word_of(4)] = -static_cast<float>(random() % 1000) / 64;
    std::vector<Unigram::Piece> pieces{{"<unk>", 0}};
    for (const auto& [text, score] : scores) pieces.push_back({text, score});
    const Unigram model(pieces, 0);
    for (int i = 0; i < 20; ++i) {
      const std::string word = word_of(10);
      std::string joined;
      double score = 0;
      for (const std::int32_t id : encode(model, word)) {
        joined += pieces[static_cast<std::size_t>(id)].text;
        score += pieces[static_cast<std::size_t>(id)].score;
      }
      EXPECT_EQ(joined, word);
      EXPECT_DOUBLE_EQ(score, best_score(scores, word));
    }
  }
}

TEST(UnigramTest, OfEqualScoresTheLongestLastPieceWins) {
  const Unigram model({{"<unk>", 0}, {"-", -1}, {"--", -2}, {"---", -3}}, 0);
  EXPECT_EQ(encode(model, "---"), (std::vector<std::int32_t>{3}));
  EXPECT_EQ(encode(model, "----"), (std::vector<std::int32_t>{1, 3}));
  EXPECT_EQ(encode(model, "-----"), (std::vector<std::int32_t>{2, 3}));
}

TEST(UnigramTest, TheGapIsTheLeadOverTheNextBestWay) {
  const Unigram model({{"<unk>", 0}, {"a", -1}, {"aa", -1.75}, {"b", -3}}, 0);
  std::vector<Unigram::Segment> segments;
  EXPECT_DOUBLE_EQ(model.segment("aa", segments).gap, 0.25);
  EXPECT_DOUBLE_EQ(model.segment("aab", segments).gap, 0.25);
  EXPECT_DOUBLE_EQ(model.segment("aab", segments).score, -4.75);
  EXPECT_TRUE(std::isinf(model.segment("ab", segments).gap));
}

TEST(UnigramTest, OfPiecesOfOneTextTheLastCounts) {
  const Unigram model({{"<unk>", 0}, {"a", -1}, {"a", -9}}, 0);
  EXPECT_EQ(encode(model, "a"), (std::vector<std::int32_t>{2}));
}

TEST(UnigramTest, NeighbouringUnknownCharactersAreOne) {
  const Unigram model({{"<unk>", 0}, {"a", -1}}, 0);
  EXPECT_EQ(encode(model, "\u65e5\u672ca\u8a9e"), (std::vector<std::int32_t>{0, 1, 0}));
  EXPECT_EQ(encode(model, "aa"), (std::vector<std::int32_t>{1, 1}));
  EXPECT_TRUE(encode(model, "").empty());
}

TEST(UnigramTest, ACharacterCutShortIsUnknown) {
  const Unigram model({{"<unk>", 0}, {"a", -1}}, 0);
  EXPECT_EQ(encode(model, "a\xE6\x97"), (std::vector<std::int32_t>{1, 0}));
}

}  // namespace
}  // namespace prelude
