#include "tasks/pretext/cls.h"

#include <algorithm>

#include "core/error.h"
#include "tasks/pretext/label_words.h"

namespace prelude {

ClsTask::ClsTask(const Corpus& corpus, const Tokenizer& tokenizer, const PretextOptions& options)
    : AnchoredTask("cls", corpus, options,
                   Answer(tokenizer, options.start_id,
                          label_word_ids(tokenizer, "cls", cls_words(), options.label_words, WordMark::word_start),
                          options.quirks.final_sentinel)),
      confidence_(options.confidence),
      max_source_(options.max_source),
      quirks_(options.quirks) {
  require_room(2);
  require(
      this->corpus().has_labels(),
      "{}: task cls needs sentence labels, but the corpus has none; give it some with `prelude corpus label`, build "
      "it with --labels, or give another --task",
      this->corpus().folder());
  for (const double threshold : confidence_) {
    require(threshold >= 0.0 && threshold < 1.0, "confidence threshold {}: give numbers from 0 to below 1", threshold);
  }
  require_labels(split().training);
  require_labels(split().validation);
}

std::int32_t ClsTask::counted_label(std::int64_t sentence) const {
  const std::int32_t label = corpus().label(sentence);
  if (label < 0) return -1;
  require(label < static_cast<std::int32_t>(confidence_.size()),
          "{}: sentence {} has label {}, but task cls knows 0 to 4; label the corpus again", corpus().folder(),
          sentence, label);
  const bool counts =
      static_cast<double>(corpus().label_confidence(sentence)) > confidence_[static_cast<std::size_t>(label)];
  return counts && corpus().sentence(sentence).size() > 0 ? label : -1;
}

void ClsTask::require_labels(const CorpusPart& part) const {
  for (std::int64_t sentence = part.sentences.first; sentence < part.sentences.last; ++sentence) {
    if (counted_label(sentence) >= 0) return;
  }
  fail(
      "{}: no sentence of the {} {} document(s) has a label above its confidence threshold; label the corpus again, or "
      "lower the thresholds",
      corpus().folder(), part.documents(), part.name);
}

std::int32_t ClsTask::draw_choice(RandomStream& /*stream*/) const { return 0; }

std::optional<Example> ClsTask::make(const Place& place, RandomStream& /*stream*/) const {
  const std::int32_t label = counted_label(place.anchor);
  if (label < 0) return std::nullopt;
  Example example;
  // PPT keeps max_source - 2 ids of text and then cuts to the room, sentinel or not (docs/pretext.md).
  const std::int64_t text = quirks_.cls_sentinel_cut ? std::max<std::int64_t>(max_source_ - 2, 1) : room() - 1;
  corpus().sentence(place.anchor).append_to(example.source, text);
  example.source.push_back(answer().sentinel());
  if (static_cast<std::int64_t>(example.source.size()) > room()) {
    example.source.resize(static_cast<std::size_t>(room()));
  }
  example.target = answer().target(label);
  example.label = label;
  return example;
}

}  // namespace prelude
