#include "launch/config_change.h"

#include "core/error.h"

namespace prelude {

std::vector<ConfigChange> config_changes(const OptionTable& before, const OptionTable& now) {
  ensure(before.rows().size() == now.rows().size(), "tables of {} and {} rows", before.rows().size(),
         now.rows().size());
  std::vector<ConfigChange> changes;
  for (std::size_t i = 0; i < now.rows().size(); ++i) {
    auto was = fmt::format("{}", fmt::join(before.rows()[i].texts(), " "));
    auto is = fmt::format("{}", fmt::join(now.rows()[i].texts(), " "));
    if (was != is) changes.push_back({now.rows()[i].name, std::move(was), std::move(is)});
  }
  return changes;
}

}  // namespace prelude
