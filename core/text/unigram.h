// The best segmentation of a word under a unigram language model (Kudo, "Subword regularization", ACL 2018,
// section 3.2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace prelude {

class Unigram {
 public:
  struct Piece {
    std::string text;
    float score;  // log-probability
  };
  // pieces[id]; `unknown` is the id for a character that no piece covers.
  Unigram(const std::vector<Piece>& pieces, std::int32_t unknown);

  // Appends the ids of the best segmentation of `word` (UTF-8). Scores are added up in double precision, from left to
  // right, and of equal ones that with the longest last piece wins: Hugging Face's tokenizers library decides so, and
  // "----" does tie. Neighbouring unknown characters become one id.
  void encode(std::string_view word, std::vector<std::int32_t>& ids) const;

 private:
  struct Entry {
    std::string text;
    double score;
    std::int32_t id;
  };
  std::vector<Entry> sorted_;  // by text
  std::int32_t unknown_;
  double unknown_score_;
};

}  // namespace prelude
