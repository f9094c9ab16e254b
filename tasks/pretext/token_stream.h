// The documents of a part of a corpus as one long text.
#pragma once

#include <cstdint>
#include <vector>

#include "tasks/corpus/corpus.h"
#include "tasks/pretext/document_split.h"

namespace prelude {

// The tokens of each document in order, each followed by one `separator` (</s>), as T5's reduce_concat_tokens lays
// tokenized documents end to end. Nothing is copied: a position is found by bisection of the documents' offsets.
class TokenStream {
 public:
  // The corpus outlives the stream. Throws UserError for damaged offsets, here and below.
  TokenStream(const Corpus& corpus, const CorpusPart& part, std::int32_t separator);

  // Tokens and separators.
  std::int64_t size() const { return size_; }
  // Appends positions `first` ... first + count - 1 to `out`; 0 <= first, first + count <= size().
  void append_to(std::vector<std::int32_t>& out, std::int64_t first, std::int64_t count) const;

 private:
  // Where a document begins in the stream.
  std::int64_t start_of(std::int64_t document) const;
  std::int64_t document_at(std::int64_t position) const;

  const Corpus& corpus_;
  std::int64_t first_document_;
  std::int64_t last_document_;  // one past
  std::int32_t separator_;
  std::int64_t first_token_;
  std::int64_t size_;
};

}  // namespace prelude
