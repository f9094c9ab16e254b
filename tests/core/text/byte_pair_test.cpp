#include "core/text/byte_pair.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "core/error.h"

namespace prelude {
namespace {

std::vector<std::int32_t> encode(const BytePair& model, const std::string& word) {
  std::vector<std::int32_t> ids;
  model.encode(word, ids);
  return ids;
}

// The definition: as long as there is one, the pair of the least rank, leftmost first, is joined.
std::vector<std::string> by_definition(std::vector<std::string> word,
                                       const std::vector<std::pair<std::string, std::string>>& merges) {
  for (;;) {
    std::size_t best = merges.size();
    std::size_t where = 0;
    for (std::size_t i = 0; i + 1 < word.size(); ++i) {
      const auto rank = static_cast<std::size_t>(
          std::find(merges.begin(), merges.end(), std::pair(word[i], word[i + 1])) - merges.begin());
      if (rank < best) best = rank, where = i;
    }
    if (best == merges.size()) return word;
    word[where] += word[where + 1];
    word.erase(word.begin() + static_cast<std::ptrdiff_t>(where) + 1);
  }
}

TEST(BytePairTest, JoinsByRankThenFromTheLeft) {
  std::mt19937 random(3);
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> pieces{"a", "b", "c"};
    std::unordered_map<std::string, std::int32_t> ids{{"a", 0}, {"b", 1}, {"c", 2}};
    std::vector<std::pair<std::string, std::string>> merges;
    for (int i = 0; i < 14; ++i) {
      const std::string& left = pieces[random() % pieces.size()];
      const std::string& right = pieces[random() % pieces.size()];
      const std::pair pair(left, right);
      if (std::find(merges.begin(), merges.end(), pair) != merges.end()) continue;
      merges.push_back(pair);
      if (ids.try_emplace(pair.first + pair.second, static_cast<std::int32_t>(pieces.size())).second) {
        pieces.push_back(pair.first + pair.second);
      }
    }
    BytePair model(ids, {});
    for (const auto& [left, right] : merges) model.add_merge(left, right);
    for (int i = 0; i < 30; ++i) {
      std::vector<std::string> characters(1 + random() % 14);
      std::string word;
      for (std::string& c : characters) word += c = std::string(1, static_cast<char>('a' + random() % 3));
      std::vector<std::int32_t> expected;
      for (const std::string& piece : by_definition(characters, merges)) expected.push_back(ids.at(piece));
      EXPECT_EQ(encode(model, word), expected) << word;
    }
  }
}

TEST(BytePairTest, WhatIsNoPieceIsUnknownOrItsBytes) {
  const std::unordered_map<std::string, std::int32_t> ids{{"<unk>", 0}, {"a", 1}, {"<0xC3>", 2}, {"<0xA9>", 3}};
  EXPECT_EQ(encode(BytePair(ids, {.unknown = 0}), "\u00e9\u00e9a"), (std::vector<std::int32_t>{0, 0, 1}));
  const BytePair joining(ids, {.unknown = 0, .joins_unknown = true});
  EXPECT_EQ(encode(joining, "\u00e9\u00e9a\u00e9"), (std::vector<std::int32_t>{0, 1, 0}));
  const BytePair bytes(ids, {.unknown = 0, .joins_unknown = true, .byte_fallback = true});
  EXPECT_EQ(encode(bytes, "\u00e9a\u4e2d"), (std::vector<std::int32_t>{2, 3, 1, 0}));
  EXPECT_EQ(encode(joining, ""), std::vector<std::int32_t>{});
}

TEST(BytePairTest, AMergeNeedsItsPieces) {
  BytePair model({{"a", 0}, {"ab", 1}}, {});
  EXPECT_THROW(model.add_merge("a", "b"), UserError);
  EXPECT_THROW(model.add_merge("a", "ab"), UserError);
}

}  // namespace
}  // namespace prelude
