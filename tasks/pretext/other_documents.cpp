#include "tasks/pretext/other_documents.h"

#include <algorithm>

#include "core/error.h"

namespace prelude {

bool DocumentFilter::accepts(const Corpus& corpus, std::int64_t document) const {
  constexpr std::int64_t min_tokens = 5;  // PPT's rule
  const SentenceRange range = corpus.document(document);
  if (range.size() < min_sentences) return false;
  if (!discard_short) return true;
  for (std::int64_t sentence = range.first; sentence < range.last; ++sentence) {
    if (corpus.sentence(sentence).size() < min_tokens) return false;
  }
  return true;
}

std::optional<std::vector<std::int64_t>> draw_other_documents(const Corpus& corpus, const CorpusPart& part,
                                                              const DocumentFilter& filter, std::int64_t main,
                                                              std::size_t count, bool may_repeat,
                                                              RandomStream& stream) {
  constexpr int most_tries = 10'000;
  std::vector<std::int64_t> others;
  for (int tries = 0; others.size() < count; ++tries) {
    if (tries == most_tries) return std::nullopt;
    const std::int64_t document =
        part.first_document + static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(part.documents())));
    const bool seen = document == main || std::find(others.begin(), others.end(), document) != others.end();
    if ((!seen || may_repeat) && filter.accepts(corpus, document)) others.push_back(document);
  }
  return others;
}

void require_documents(const Corpus& corpus, const CorpusPart& part, const std::string& task,
                       const DocumentFilter& main, const DocumentFilter& other, std::int64_t others) {
  std::int64_t main_documents = 0;
  std::int64_t other_documents = 0;
  for (std::int64_t document = part.first_document; document < part.last_document; ++document) {
    if (main.accepts(corpus, document)) ++main_documents;
    if (other.accepts(corpus, document)) ++other_documents;
    if (main_documents > 0 && other_documents > others) return;
  }
  require(
      main_documents > 0,
      "{}: task {} needs a document of {} or more sentences, but none of the {} {} document(s) has so many; build the "
      "corpus from longer texts, or change --validation-fraction",
      corpus.folder(), task, main.min_sentences, part.documents(), part.name);
  fail(
      "{}: task {} takes each example from {} documents, but the {} part has {} that can serve; change "
      "--validation-fraction, or build the corpus from more documents (it has {})",
      corpus.folder(), task, others + 1, part.name, other_documents, corpus.documents());
}

}  // namespace prelude
