#include "tasks/pretext/window_task.h"

#include <algorithm>

#include "core/error.h"
#include "core/random/permutation.h"
#include "tasks/pretext/document_split.h"

namespace prelude {
namespace {

// Validation does not depend on a run's seed.
constexpr std::uint64_t validation_seed = 0;

void require_window(const Corpus& corpus, const CorpusPart& part, const TokenStream& stream, std::int64_t window,
                    const char* mend) {
  require(stream.size() >= window,
          "{}: the {} {} documents hold {} tokens, but one example takes {}; lower --max-source{} or build the corpus "
          "from more text",
          corpus.folder(), part.documents(), part.name, stream.size(), window, mend);
}

}  // namespace

WindowTask::WindowTask(const Corpus& corpus, double validation_fraction, std::int32_t separator, std::int64_t window)
    : WindowTask(corpus, split_documents(corpus, validation_fraction), separator, window) {}

WindowTask::WindowTask(const Corpus& corpus, const DocumentSplit& split, std::int32_t separator, std::int64_t window)
    : training_(corpus, split.training, separator),
      validation_(corpus, split.validation, separator),
      window_(window),
      training_windows_(static_cast<std::uint64_t>(training_.size() / window)),
      validation_windows_(static_cast<std::uint64_t>(validation_.size() / window)) {
  require_window(corpus, split.training, training_, window, "");
  require_window(corpus, split.validation, validation_, window, ", raise --validation-fraction");
}

Example WindowTask::training_sample(std::uint64_t seed, std::uint64_t index) const {
  const std::uint64_t epoch = index / training_windows_;
  const Permutation order(training_windows_, seed, epoch);
  const auto size = static_cast<std::uint64_t>(training_.size());
  const std::uint64_t begin = RandomStream(seed, Purpose::order, epoch).below(size);
  const std::uint64_t which = order(index % training_windows_);
  const auto first = static_cast<std::int64_t>((begin + which * static_cast<std::uint64_t>(window_)) % size);
  const std::int64_t before_end = std::min(window_, training_.size() - first);
  std::vector<std::int32_t> window;
  window.reserve(static_cast<std::size_t>(window_));
  training_.append_to(window, first, before_end);
  training_.append_to(window, 0, window_ - before_end);
  RandomStream stream(seed, Purpose::sample, index);
  return make(window, stream);
}

Example WindowTask::validation_sample(std::uint64_t index) const {
  std::vector<std::int32_t> window;
  window.reserve(static_cast<std::size_t>(window_));
  validation_.append_to(window, static_cast<std::int64_t>(index % validation_windows_) * window_, window_);
  RandomStream stream(validation_seed, Purpose::validation, index);
  return make(window, stream);
}

}  // namespace prelude
