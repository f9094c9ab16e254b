#include "launch/label/labeller.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "launch/not_finite.h"
#include "tasks/pretext/corpus_tokenizer.h"
#include "tasks/pretext/label_words.h"
#include "tasks/pretext/make_pretext_task.h"

namespace prelude {
namespace {

// Sentences are taken in windows of many batches, so that each batch can be of like lengths and many ranks have one.
constexpr std::size_t window = 8192;

// How many sentences are labelled.
std::int64_t wanted_of(const CorpusLabelOptions& options, const Corpus& corpus) {
  const auto all = static_cast<double>(corpus.sentences());
  const auto share = std::max<std::int64_t>(1, std::llround(options.fraction * all));
  return options.limit == 0 ? share : std::min(options.limit, share);
}

const Tokenizer& tokenizer_of(const LoadedModel& loaded) {
  require(loaded.tokenizer() != nullptr,
          "--backbone: '{}' has no spiece.model or tokenizer.json; copy the model's own into it", loaded.folder());
  return *loaded.tokenizer();
}

}  // namespace

Labeller::Labeller(const CorpusLabelOptions& options, const Corpus& corpus, const LoadedModel& loaded)
    : corpus_(corpus),
      loaded_(loaded),
      template_(tokenizer_of(loaded), options.text, max_source_of(options) - loaded.prompt_rows()),
      question_{{static_cast<std::int32_t>(loaded.config().decoder_start_token_id), template_.sentinel()},
                label_word_ids(tokenizer_of(loaded), "cls", cls_words(), options.label_words, WordMark::word_start)},
      order_(static_cast<std::uint64_t>(corpus.sentences()), options.seed, 0),
      wanted_(wanted_of(options, corpus)) {
  require_tokenizer(corpus, tokenizer_of(loaded));
}

bool Labeller::drawn(std::int64_t sentence) const {
  return wanted_ == corpus_.sentences() ||
         order_(static_cast<std::uint64_t>(sentence)) < static_cast<std::uint64_t>(wanted_);
}

std::int64_t Labeller::drawn_of(SentenceRange sentences) const {
  if (wanted_ == corpus_.sentences()) return sentences.size();
  std::int64_t count = 0;
  for (std::int64_t s = sentences.first; s < sentences.last; ++s) count += drawn(s) ? 1 : 0;
  return count;
}

std::optional<ShardLabels> Labeller::label(SentenceRange shard, const MicroBatchLimits& limits,
                                           const std::function<bool(std::size_t)>& stop) const {
  ShardLabels labels;
  labels.labels.assign(static_cast<std::size_t>(shard.size()), -1);
  labels.confidences.assign(static_cast<std::size_t>(shard.size()), 0.0F);
  std::size_t done = 0;
  for (std::int64_t next = shard.first; next < shard.last;) {
    std::vector<Ids> sources;
    std::vector<std::size_t> places;  // in the shard
    for (; next < shard.last && sources.size() < window; ++next) {
      if (!drawn(next)) continue;
      std::optional<Ids> source = template_.source(corpus_.sentence(next));
      if (!source) continue;
      sources.push_back(*std::move(source));
      places.push_back(static_cast<std::size_t>(next - shard.first));
    }
    const auto found = class_probabilities(loaded_, sources, question_, limits,
                                           [&](std::size_t of_window) { return stop(done + of_window); });
    if (!found) return {};
    for (std::size_t i = 0; i < places.size(); ++i) set(labels, shard, places[i], (*found)[i]);
    done += sources.size();
  }
  return labels;
}

void Labeller::set(ShardLabels& labels, SentenceRange shard, std::size_t place,
                   const std::vector<double>& probabilities) const {
  for (const double probability : probabilities) {
    require_finite(probability, [&] {
      return fmt::format("'{}': a class's probability for sentence {}", corpus_.folder(),
                         shard.first + static_cast<std::int64_t>(place));
    });
  }
  const auto best = std::max_element(probabilities.begin(), probabilities.end());
  labels.labels[place] = static_cast<std::int8_t>(best - probabilities.begin());
  labels.confidences[place] = static_cast<float>(*best);
}

}  // namespace prelude
