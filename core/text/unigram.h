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
    std::string text;  // empty: never found
    double score;      // log-probability
  };
  struct Segment {
    std::size_t begin;  // bytes of the word
    std::size_t size;
    std::int32_t id;
  };
  struct Best {
    double score = 0;
    double gap = 0;  // the least lead that a segment of the best path had over its rival; infinite without one
  };
  // pieces[id]; `unknown` is the id for characters that no piece covers. Of pieces of one text the last counts.
  Unigram(const std::vector<Piece>& pieces, std::int32_t unknown);

  // Appends the segments of the best segmentation of `word` (UTF-8). Scores are added up in double precision, from left
  // to right, and of equal ones that with the longest last piece wins: "----" does tie. Neighbouring unknown characters
  // become one segment.
  Best segment(std::string_view word, std::vector<Segment>& segments) const;
  // The greatest absolute score that a segment can have.
  double greatest_score() const { return greatest_score_; }

 private:
  struct Entry {
    std::string text;
    double score;
    std::int32_t id;
  };
  std::vector<Entry> sorted_;  // by text
  std::int32_t unknown_;
  double unknown_score_;
  double greatest_score_ = 0;
};

}  // namespace prelude
