// What the language-modelling objectives share: sample i is made out of one window of the text.
#pragma once

#include <cstdint>
#include <vector>

#include "core/random/random_stream.h"
#include "tasks/corpus/corpus.h"
#include "tasks/pretext/pretext_task.h"
#include "tasks/pretext/token_stream.h"

namespace prelude {

// The training documents laid end to end (TokenStream) and closed to a ring are cut into windows of exactly
// `window` tokens. Every epoch begins its first window at another random place and takes its windows in another order
// (a Feistel permutation): each token is in one window an epoch, but for the fewer than `window` left before the place
// where it began. Held-out windows follow each other from the first held-out token on, whatever the seed.
class WindowTask : public PretextTask {
 public:
  Example training_sample(std::uint64_t seed, std::uint64_t index) const final;
  // Beyond validation_anchors() the windows come again, otherwise corrupted.
  Example validation_sample(std::uint64_t index) const final;
  // Windows of an epoch, and of the held-out documents.
  std::uint64_t training_anchors() const final { return training_windows_; }
  std::uint64_t validation_anchors() const final { return validation_windows_; }
  // None: every token of a target is a label.
  const std::vector<std::int32_t>& label_ids() const final { return no_labels_; }

 protected:
  // The corpus outlives the task; `separator` stands behind each document. Throws UserError where a part holds less
  // than one window.
  WindowTask(const Corpus& corpus, double validation_fraction, std::int32_t separator, std::int64_t window);

  // `window` has as many tokens as the constructor was told.
  virtual Example make(const std::vector<std::int32_t>& window, RandomStream& stream) const = 0;

 private:
  WindowTask(const Corpus& corpus, const DocumentSplit& split, std::int32_t separator, std::int64_t window);

  TokenStream training_;
  TokenStream validation_;
  std::int64_t window_;
  std::uint64_t training_windows_;
  std::uint64_t validation_windows_;
  std::vector<std::int32_t> no_labels_;
};

}  // namespace prelude
