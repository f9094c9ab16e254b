// Training and validation by position: the last documents of the corpus are held out (PPT splits by position too).
#pragma once

#include <cstdint>

#include "tasks/corpus/corpus.h"

namespace prelude {

// A run of neighbouring documents, and the sentences in them.
struct CorpusPart {
  const char* name;  // for messages: "training", "validation"
  std::int64_t first_document;
  std::int64_t last_document;  // one past
  SentenceRange sentences;
  std::int64_t documents() const { return last_document - first_document; }
};

struct DocumentSplit {
  CorpusPart training;
  CorpusPart validation;
};

// Holds out the last floor(fraction * documents) documents, at least one and never all. Throws UserError where the
// fraction is not in (0, 1), or the corpus has fewer than two documents.
DocumentSplit split_documents(const Corpus& corpus, double validation_fraction);

}  // namespace prelude
