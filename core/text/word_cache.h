// Remembers the ids of words already met: running text repeats few words often. Bounded, and safe to use from several
// threads; what it answers never depends on what it holds.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace prelude {

struct WordIds {
  std::vector<std::int32_t> ids;
  double score = 0;  // absolute
  double reach = 0;  // see core/text/exact_words.h
};

class WordCache {
 public:
  // Appends the ids of `word`, sets its score and reach, and returns true where they are known.
  bool append(std::string_view word, std::vector<std::int32_t>& ids, double& score, double& reach) const {
    Part& part = part_of(word);
    const std::lock_guard lock(part.mutex);
    const auto found = part.words.find(word);
    if (found == part.words.end()) return false;
    ids.insert(ids.end(), found->second.ids.begin(), found->second.ids.end());
    score = found->second.score;
    reach = found->second.reach;
    return true;
  }

  void keep(std::string_view word, const WordIds& ids) const {
    if (word.size() > kLongestWord) return;
    Part& part = part_of(word);
    const std::lock_guard lock(part.mutex);
    if (part.words.size() < kMostWords / kParts) part.words.try_emplace(std::string(word), ids);
  }

 private:
  static constexpr std::size_t kParts = 16;
  static constexpr std::size_t kMostWords = std::size_t{1} << 18;  // about 35 MB
  static constexpr std::size_t kLongestWord = 48;                  // bytes

  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  struct Part {
    std::mutex mutex;
    std::unordered_map<std::string, WordIds, Hash, std::equal_to<>> words;
  };
  Part& part_of(std::string_view word) const { return parts_[Hash{}(word) % kParts]; }

  mutable std::array<Part, kParts> parts_;
};

}  // namespace prelude
