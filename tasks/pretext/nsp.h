// NSP: are two sentences from different documents (no), from one document but apart (maybe), or next to each other
// (yes)? docs/pretext.md. Source: first <extra_id_0> second.
#pragma once

#include <cstdint>
#include <optional>

#include "core/text/tokenizer.h"
#include "tasks/pretext/anchored_task.h"
#include "tasks/pretext/neighbourhood.h"
#include "tasks/pretext/other_documents.h"

namespace prelude {

class NspTask final : public AnchoredTask {
 public:
  NspTask(const Corpus& corpus, const Tokenizer& tokenizer, const PretextOptions& options);

 private:
  std::int32_t draw_choice(RandomStream& stream) const override;
  std::optional<Example> make(const Place& place, RandomStream& stream) const override;
  // The second sentence for the class, or nothing.
  std::optional<std::int64_t> draw_second(const Place& place, const Neighbourhood& around, RandomStream& stream) const;

  DocumentFilter filter_;
  PretextQuirks quirks_;
};

// How many tokens each of a pair keeps where pair and sentinel are over `room` (>= 3): in proportion to their lengths,
// at least one each, the room used up. `short_cut`: PPT's own rounding (docs/pretext.md), which leaves positions
// unused.
struct PairLengths {
  std::int64_t first;
  std::int64_t second;
};
PairLengths cut_pair(PairLengths lengths, std::int64_t room, bool short_cut);

}  // namespace prelude
