// NSS and unified NSS: which of n sentences stands next to the query? docs/pretext.md. One task, two tables of
// budgets: NSS always has 6 options, unified 2 to 16, uniformly.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/text/tokenizer.h"
#include "tasks/pretext/anchored_task.h"
#include "tasks/pretext/neighbourhood.h"
#include "tasks/pretext/option_budget.h"
#include "tasks/pretext/option_layout.h"
#include "tasks/pretext/other_documents.h"

namespace prelude {

class OptionTask final : public AnchoredTask {
 public:
  // `budgets` stay with the caller (nss_budgets() or unified_budgets()); a query's document has `min_sentences` or
  // more.
  OptionTask(const std::string& name, const Corpus& corpus, const Tokenizer& tokenizer, const PretextOptions& options,
             const std::vector<OptionBudget>& budgets, std::int64_t min_sentences);

 private:
  // The choice is a row of the budgets.
  std::int32_t draw_choice(RandomStream& stream) const override;
  std::optional<Example> make(const Place& place, RandomStream& stream) const override;
  // Appends `count` different sentences that `draw` gives, as far as an option shows them, none of them a right answer.
  // False where a bounded number of draws does not find them.
  bool add_negatives(std::int64_t count, const OptionBudget& budget, const Neighbourhood& around,
                     const std::function<std::int64_t()>& draw, std::vector<Tokens>& options) const;
  // The same out of other documents, as many as the budget says; `documents` draws those.
  bool add_other_documents(const Place& place, const OptionBudget& budget, const Neighbourhood& around,
                           RandomStream& documents, RandomStream& stream, std::vector<Tokens>& options) const;

  // Cuts query and options to the room. False where a negative then reads like a right answer.
  bool fit(const Neighbourhood& around, std::size_t right, Tokens& query, std::vector<Tokens>& options) const;

  const std::vector<OptionBudget>& budgets_;
  OptionLayout layout_;
  DocumentFilter main_filter_;
  PretextQuirks quirks_;
};

}  // namespace prelude
