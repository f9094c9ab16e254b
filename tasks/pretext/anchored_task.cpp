#include "tasks/pretext/anchored_task.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/random/permutation.h"

namespace prelude {
namespace {

// Validation does not depend on a run's seed: every run of a corpus and task is measured on the same examples.
constexpr std::uint64_t validation_seed = 0;

}  // namespace

AnchoredTask::AnchoredTask(std::string name, const Corpus& corpus, const PretextOptions& options, Answer answer)
    : name_(std::move(name)),
      corpus_(corpus),
      split_(split_documents(corpus, options.validation_fraction)),
      answer_(std::move(answer)),
      max_source_(options.max_source),
      room_(options.max_source - options.prompt_length) {
  require(options.prompt_length >= 0, "--prompt-length {}: give 0 or more", options.prompt_length);
}

void AnchoredTask::require_room(std::int64_t least) const {
  require(room_ >= least,
          "--max-source {}: beside {} prompt rows it leaves {} positions, but task {} needs {}; give --max-source {} "
          "or more",
          max_source_, max_source_ - room_, room_, name_, least, max_source_ - room_ + least);
}

Example AnchoredTask::training_sample(std::uint64_t seed, std::uint64_t index) const {
  return sample(split_.training, seed, index, Purpose::sample);
}

Example AnchoredTask::validation_sample(std::uint64_t index) const {
  return sample(split_.validation, validation_seed, index, Purpose::validation);
}

std::uint64_t AnchoredTask::training_anchors() const {
  return static_cast<std::uint64_t>(split_.training.sentences.size());
}

std::uint64_t AnchoredTask::validation_anchors() const {
  return static_cast<std::uint64_t>(split_.validation.sentences.size());
}

Example AnchoredTask::sample(const CorpusPart& part, std::uint64_t seed, std::uint64_t index, Purpose purpose) const {
  constexpr int most_tries = 100'000;
  const auto anchors = static_cast<std::uint64_t>(part.sentences.size());
  const Permutation order(anchors, seed, index / anchors);
  RandomStream stream(seed, purpose, index);
  const std::int32_t choice = draw_choice(stream);
  std::uint64_t offset = order(index % anchors);
  for (int tries = 0; tries < most_tries; ++tries) {
    const Place place{part, seed, part.sentences.first + static_cast<std::int64_t>(offset), choice};
    std::optional<Example> example = make(place, stream);
    // A corpus text may itself hold the words "<extra_id_0>": an example has room for one sentinel only, its own.
    if (example && std::count(example->source.begin(), example->source.end(), answer_.sentinel()) <= 1) {
      example->anchor = place.anchor;
      return *std::move(example);
    }
    offset = stream.below(anchors);
  }
  fail(
      "{}: task {} found no usable example around {} sentences of the {} documents; build the corpus from more, "
      "longer, "
      "less repetitive documents",
      corpus_.folder(), name_, most_tries, part.name);
}

}  // namespace prelude
