// Byte-pair encoding of a word by ranked merges (Sennrich et al., ACL 2016), as Hugging Face's tokenizers do it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace prelude {

class BytePair {
 public:
  struct Settings {
    std::int32_t unknown = -1;       // -1: characters that no piece covers vanish
    bool joins_unknown = false;      // neighbouring unknown characters are one id
    bool byte_fallback = false;      // a character that is no piece is its bytes' pieces <0xXX>
    bool takes_whole_words = false;  // a word that is a piece is not merged
  };
  // `ids`: of each piece. Merges in order of their rank; a pair's pieces and what they join to are pieces.
  BytePair(std::unordered_map<std::string, std::int32_t> ids, const Settings& settings);
  // Throws UserError where a piece of the pair, or the joined one, is none. A pair that is there already is replaced.
  void add_merge(const std::string& left, const std::string& right);

  // Appends the ids of `word` (UTF-8).
  void encode(std::string_view word, std::vector<std::int32_t>& ids) const;
  std::int32_t id_of(std::string_view piece) const;  // -1: there is none

 private:
  struct Merge {
    std::int32_t rank;
    std::int32_t joined;
  };
  std::vector<std::int32_t> characters(std::string_view word) const;
  const Merge* merge_of(std::int32_t left, std::int32_t right) const;

  std::unordered_map<std::string, std::int32_t> ids_;
  std::unordered_map<std::uint64_t, Merge> merges_;  // by pair
  std::int32_t next_rank_ = 0;
  Settings settings_;
};

// The name of a byte's piece, <0x0A>.
std::string byte_piece(unsigned char byte);

}  // namespace prelude
