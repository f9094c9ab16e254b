// Trains a T5 tokenizer: SentencePiece's unigram model (Kudo 2018, "Subword regularization"), laid out as T5's own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace prelude {

struct UnigramOptions {
  // Pieces of the model: <pad>, </s>, <unk>, the characters and what is learnt. The sentinels come above them
  // (core/text/tokenizer.h).
  std::int64_t vocabulary = 8000;
  double character_coverage = 0.9995;  // share of the text's characters that get a piece; T5's
};

// The longest sentence that the trainer takes, in bytes (SentencePiece's default).
constexpr std::size_t kMostSentenceBytes = 4192;

// The bytes of a spiece.model: ids 0 <pad>, 1 </s>, 2 <unk>, no <s>; normaliser nmt_nfkc; no byte fallback, digits not
// split off; every other setting as in T5's model. A function of the sentences, their order and the options alone.
// `sentences`: valid UTF-8 of at most kMostSentenceBytes each; white space in them parts words, nothing else matters
// about where one ends. Throws UserError where the text is empty or has too few characters or too many for the
// vocabulary, saying which would do.
std::string train_unigram(const std::vector<std::string>& sentences, const UnigramOptions& options);

}  // namespace prelude
