// Which sentences of a corpus get a pseudo-label, and which one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/random/permutation.h"
#include "launch/label/label_options.h"
#include "launch/predict/loaded_model.h"
#include "launch/predict/word_classifier.h"
#include "tasks/corpus/labelled_copy.h"
#include "tasks/pretext/sentence_template.h"

namespace prelude {

// The same on every rank, but for the batches that a rank computes.
class Labeller {
 public:
  // `corpus` and `loaded` outlive this. Throws UserError where the corpus has another tokenizer than the backbone, a
  // label word is no piece of it, or the lengths leave no room.
  Labeller(const CorpusLabelOptions& options, const Corpus& corpus, const LoadedModel& loaded);

  // Sentences of the corpus that are labelled: a function of --limit, --fraction and the corpus.
  std::int64_t wanted() const { return wanted_; }
  // Of these sentences, those that are drawn.
  std::int64_t drawn_of(SentenceRange sentences) const;
  // A collective. A sentence that is not drawn, or itself holds <extra_id_0>, gets none. `stop` as in
  // class_probabilities, told the sentences of this shard that are done. Nothing comes back where it ended it.
  std::optional<ShardLabels> label(SentenceRange shard, const MicroBatchLimits& limits,
                                   const std::function<bool(std::size_t)>& stop) const;

 private:
  bool drawn(std::int64_t sentence) const;
  void set(ShardLabels& labels, SentenceRange shard, std::size_t place, const std::vector<double>& probabilities) const;

  const Corpus& corpus_;
  const LoadedModel& loaded_;
  SentenceTemplate template_;
  WordQuestion question_;
  Permutation order_;
  std::int64_t wanted_;
};

}  // namespace prelude
