// CLS: which pseudo-label does a sentence have? docs/pretext.md. Source: sentence <extra_id_0>. The labels come with
// the corpus (/labels and /label_confidences); one counts where its confidence is above its class's threshold.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/text/tokenizer.h"
#include "tasks/pretext/anchored_task.h"

namespace prelude {

class ClsTask final : public AnchoredTask {
 public:
  ClsTask(const Corpus& corpus, const Tokenizer& tokenizer, const PretextOptions& options);

 private:
  std::int32_t draw_choice(RandomStream& stream) const override;
  std::optional<Example> make(const Place& place, RandomStream& stream) const override;
  // The sentence's label where it counts, else -1.
  std::int32_t counted_label(std::int64_t sentence) const;
  void require_labels(const CorpusPart& part) const;

  std::array<double, 5> confidence_;
  std::int64_t max_source_;
  PretextQuirks quirks_;
};

}  // namespace prelude
