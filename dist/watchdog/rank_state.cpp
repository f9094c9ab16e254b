#include "dist/watchdog/rank_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace prelude {
namespace {

std::string describe(const GroupState& group) {
  return group.color == kNoColor ? group.name : fmt::format("{}[{}]", group.name, group.color);
}

std::string describe_size(const CollectiveRecord& record) {
  if (record.operation == Operation::new_group) return "";
  return fmt::format(" ({} {})", record.count, record.dtype);
}

}  // namespace

std::string_view name_of(Operation operation) {
  constexpr std::array<std::string_view, kOperations> names{"all-reduce", "broadcast", "all-gather", "new group"};
  return names.at(static_cast<std::size_t>(operation));
}

const CollectiveRecord* RankState::waits_in() const {
  const auto found = std::find_if(records.begin(), records.end(),
                                  [](const auto& record) { return record.phase == Phase::waited_for; });
  return found == records.end() ? nullptr : &*found;
}

const CollectiveRecord* RankState::last_finished() const {
  const auto found = std::find_if(records.rbegin(), records.rend(),
                                  [](const auto& record) { return record.phase == Phase::finished; });
  return found == records.rend() ? nullptr : &*found;
}

const GroupState* RankState::find(const GroupState& group) const {
  const auto found = std::find_if(groups.begin(), groups.end(), [&](const GroupState& mine) {
    return mine.color == group.color && mine.name == group.name;
  });
  return found == groups.end() ? nullptr : &*found;
}

bool same_call(const CollectiveRecord& a, const CollectiveRecord& b) {
  return a.operation == b.operation && a.count == b.count && a.dtype == b.dtype;
}

std::string describe(const RankState& state, const CollectiveRecord& record) {
  return fmt::format("{} {} of {}{}", name_of(record.operation), record.sequence,
                     describe(state.groups.at(record.group)), describe_size(record));
}

std::string describe_step(std::int64_t step) {
  return step == kBeforeFirstStep ? "before the first step" : fmt::format("at step {}", step);
}

std::string describe_position(const RankState& state) {
  const std::string step = describe_step(state.step);
  if (const CollectiveRecord* record = state.waits_in()) {
    return fmt::format("{}, in {} for {:.1f} s", step, describe(state, *record),
                       static_cast<double>(state.waiting_ms) / 1e3);
  }
  if (const CollectiveRecord* record = state.last_finished()) {
    return fmt::format("{}, in no collective, after {}", step, describe(state, *record));
  }
  return step + ", no collective so far";
}

}  // namespace prelude
