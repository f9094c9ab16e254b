#include "tasks/corpus/losses.h"

#include <fmt/format.h>

namespace prelude {
namespace {

double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// Documents and sentences of which the corpus holds what the filters left.
struct Sums {
  std::int64_t documents;
  std::int64_t sentences;
};
Sums before_filters(const Manifest& manifest) {
  const ShardEntry kept = sum_of(manifest.shards);
  return {kept.documents + manifest.dropped.documents_few_sentences, kept.sentences + manifest.dropped.sentences()};
}

}  // namespace

std::string describe_losses(const Manifest& manifest, const ProblemCounts& problems) {
  const DroppedCounts& dropped = manifest.dropped;
  const Sums all = before_filters(manifest);
  std::string text;
  if (dropped.documents_few_sentences > 0 || dropped.sentences() > 0) {
    text = fmt::format("the filters dropped {} of {} documents and {} of {} sentences", dropped.documents_few_sentences,
                       all.documents, dropped.sentences(), all.sentences);
  }
  if (text.empty() || problems.total() > 0) text += (text.empty() ? "" : "; ") + problems.summary();
  if (manifest.unknown_tokens.value_or(0) > 0) {
    text += fmt::format("; <unk> are {:.2g} % of the tokens",
                        100 * share(*manifest.unknown_tokens, sum_of(manifest.shards).tokens));
  }
  return text;
}

std::vector<std::string> warnings_of_losses(const Manifest& manifest) {
  constexpr double most_dropped = 0.5;
  constexpr double most_unknown = 0.05;
  const Sums all = before_filters(manifest);
  const double documents = share(manifest.dropped.documents_few_sentences, all.documents);
  const double sentences = share(manifest.dropped.sentences(), all.sentences);
  const double unknown = share(manifest.unknown_tokens.value_or(0), sum_of(manifest.shards).tokens);
  std::vector<std::string> warnings;
  if (documents > most_dropped || sentences > most_dropped) {
    warnings.push_back(
        fmt::format("the filters dropped {:.0f} % of the documents and {:.0f} % of the sentences; is this a tokenizer "
                    "for the text? "
                    "--min-sentence-tokens, --min-sentence-chars and --min-document-sentences set the filters",
                    100 * documents, 100 * sentences));
  }
  if (unknown > most_unknown) {
    warnings.push_back(
        fmt::format("{:.0f} % of the tokens are <unk>; is this a tokenizer for the text's language?", 100 * unknown));
  }
  return warnings;
}

}  // namespace prelude
