// SentencePiece's ids word by word, from a cache, where that is surely what the library gives for the whole text.
//
// The library adds up scores in float32 from the text's start, so that a word's own segmentation can depend on what
// stands before it where two of them are nearly as good. Here they are added up exactly enough (float64, from the
// word's start), and the lead of the best one says how far from the text's start ("reach", in absolute score) float32
// still sees it. Beyond that the whole text is the library's.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/text/sentencepiece_model.h"
#include "core/text/unigram.h"
#include "core/text/word_cache.h"

namespace prelude {

class ExactWords {
 public:
  // None where the model's settings let a word's ids depend on more than the word: another model than unigram, no
  // dummy prefix, spaces kept or not escaped or marked behind the word, byte fallback, user-defined or unused pieces,
  // pieces with a mark for a space inside, normalisation rules over spaces.
  static std::unique_ptr<ExactWords> of(const SentencePieceModel& model);

  // Appends the ids of `text`, valid UTF-8, and returns true; false, and nothing is appended, where the library has to
  // be asked. Safe to call from several threads. `model` is the one that this was made of.
  bool encode(const SentencePieceModel& model, std::string_view text, std::vector<std::int32_t>& ids) const;

 private:
  explicit ExactWords(Unigram unigram) : unigram_(std::move(unigram)) {}
  WordIds segmented(const SentencePieceModel& model, std::string_view word) const;

  Unigram unigram_;
  WordCache cache_;
};

}  // namespace prelude
