#include "tasks/pretext/token_stream.h"

#include <algorithm>

#include "core/error.h"

namespace prelude {

TokenStream::TokenStream(const Corpus& corpus, const CorpusPart& part, std::int32_t separator)
    : corpus_(corpus),
      first_document_(part.first_document),
      last_document_(part.last_document),
      separator_(separator),
      first_token_(corpus.document_tokens(part.first_document).first),
      size_(corpus.document_tokens(part.last_document - 1).last - first_token_ + part.documents()) {}

std::int64_t TokenStream::start_of(std::int64_t document) const {
  return corpus_.document_tokens(document).first - first_token_ + (document - first_document_);
}

std::int64_t TokenStream::document_at(std::int64_t position) const {
  std::int64_t low = first_document_;  // begins at or before `position`
  std::int64_t high = last_document_;  // begins after it
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (start_of(middle) <= position ? low : high) = middle;
  }
  return low;
}

void TokenStream::append_to(std::vector<std::int32_t>& out, std::int64_t first, std::int64_t count) const {
  ensure(first >= 0 && count >= 0 && count <= size_ - first, "{} tokens from {} on of a stream of {}", count, first,
         size_);
  std::int64_t document = count > 0 ? document_at(first) : 0;
  for (std::int64_t position = first; position < first + count; ++document) {
    const TokenRange range = corpus_.document_tokens(document);
    const std::int64_t skipped = position - start_of(document);
    require(
        skipped >= 0 && skipped <= range.size(),
        "{}: the corpus is damaged: the offsets of its documents do not increase; `prelude corpus verify` names the "
        "shard, build it again",
        corpus_.folder());
    const std::int64_t taken = std::min(range.size() - skipped, first + count - position);
    if (taken > 0) corpus_.tokens(range.first + skipped, taken).append_to(out, taken);
    position += taken;
    if (position < first + count) {
      out.push_back(separator_);
      ++position;
    }
  }
}

}  // namespace prelude
