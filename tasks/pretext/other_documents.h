// Which documents may serve an example, as the main one or as the source of negatives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/random/random_stream.h"
#include "tasks/corpus/corpus.h"
#include "tasks/pretext/document_split.h"

namespace prelude {

struct DocumentFilter {
  std::int64_t min_sentences = 1;
  bool discard_short = false;  // quirk discard-documents: every sentence needs 5 tokens

  bool accepts(const Corpus& corpus, std::int64_t document) const;
};

// `count` documents of the part that the filter accepts, none equal to `main` and all different (unless `may_repeat`),
// uniform over such choices. Nothing where a bounded number of draws does not find them.
std::optional<std::vector<std::int64_t>> draw_other_documents(const Corpus& corpus, const CorpusPart& part,
                                                              const DocumentFilter& filter, std::int64_t main,
                                                              std::size_t count, bool may_repeat, RandomStream& stream);

// Throws UserError, with the mend, unless the part has a document that `main` accepts and beside it `others` more that
// `other` accepts. Stops looking as soon as it knows.
void require_documents(const Corpus& corpus, const CorpusPart& part, const std::string& task,
                       const DocumentFilter& main, const DocumentFilter& other, std::int64_t others);

}  // namespace prelude
