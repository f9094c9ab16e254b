// Prefix language modelling: how does the text go on? T5's prefix_lm preprocessor (Raffel et al. 2020, section 3.2.3),
// what LM adaptation trains on (Lester et al. 2021, section 3.2); docs/pretext.md. A window is split at a uniform
// place: source is the first part, </s>; target is the second part, </s>.
#pragma once

#include <cstdint>
#include <vector>

#include "core/text/tokenizer.h"
#include "tasks/pretext/lm_objective.h"
#include "tasks/pretext/window_task.h"

namespace prelude {

class PrefixLm final : public WindowTask {
 public:
  // Throws UserError where --max-source leaves no place to split.
  PrefixLm(const Corpus& corpus, const Tokenizer& tokenizer, const LmObjectiveOptions& options);

 private:
  Example make(const std::vector<std::int32_t>& window, RandomStream& stream) const override;

  std::int32_t start_;
  std::int32_t end_;
};

}  // namespace prelude
