// A sentence among the other sentences of its document: who is next to it, who is not.
#pragma once

#include <cstdint>
#include <vector>

#include "core/random/random_stream.h"
#include "tasks/corpus/corpus.h"

namespace prelude {

using Tokens = std::vector<std::int32_t>;

class Neighbourhood {
 public:
  Neighbourhood(const Corpus& corpus, std::int64_t anchor);

  std::int64_t document() const { return document_; }
  SentenceRange range() const { return range_; }
  bool has_neighbour() const { return range_.size() >= 2; }
  // The right answer: i + 1 for a document's first sentence, i - 1 for its last, otherwise either with equal chance
  // (docs/pretext.md). Needs has_neighbour().
  std::int64_t neighbour(RandomStream& stream) const;
  // Sentences of the document that are none of i - 1, i, i + 1, and a uniform draw of one (count > 0).
  std::int64_t distant_sentences() const;
  std::int64_t distant(RandomStream& stream) const;
  // Whether i - 1 or i + 1 begins with `shown`: in their place it would be a right answer too.
  bool reads_like_neighbour(const Tokens& shown) const;

 private:
  const Corpus& corpus_;
  std::int64_t anchor_;
  std::int64_t document_;
  SentenceRange range_;
  SentenceRange near_;  // i - 1, i, i + 1 as far as the document has them
};

}  // namespace prelude
