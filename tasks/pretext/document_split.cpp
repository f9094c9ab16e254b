#include "tasks/pretext/document_split.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace prelude {
namespace {

CorpusPart part_of(const Corpus& corpus, const char* name, std::int64_t first, std::int64_t last) {
  return {name, first, last, {corpus.document(first).first, corpus.document(last - 1).last}};
}

}  // namespace

DocumentSplit split_documents(const Corpus& corpus, double validation_fraction) {
  require(validation_fraction > 0.0 && validation_fraction < 1.0,
          "--validation-fraction {}: give a number between 0 and 1, neither included", validation_fraction);
  const std::int64_t documents = corpus.documents();
  require(
      documents >= 2,
      "{}: the corpus has {} document(s), but pre-training needs 2 or more, one of them held out; build it from more "
      "text, or separate documents by a blank line",
      corpus.folder(), documents);
  const auto share = static_cast<std::int64_t>(std::floor(validation_fraction * static_cast<double>(documents)));
  const std::int64_t cut = documents - std::clamp<std::int64_t>(share, 1, documents - 1);
  return {part_of(corpus, "training", 0, cut), part_of(corpus, "validation", cut, documents)};
}

}  // namespace prelude
