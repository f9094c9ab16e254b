#include <fmt/format.h>

#include <algorithm>

#include "dist/watchdog/analysis.h"

namespace prelude {
namespace {

constexpr std::size_t kMostCulprits = 16;
constexpr std::size_t kMostOthers = 16;
constexpr std::size_t kMostCollectives = 4;  // a line

std::string describe_presence(const RankView& view) {
  constexpr double fresh = 0.05;
  const std::string age = view.silent_s < fresh ? "" : fmt::format("{:.1f} s ago ", view.silent_s);
  switch (view.presence) {
    case Presence::awaited:
      return "never seen";
    case Presence::gone:
      return "died; " + age;
    case Presence::left:
      return "left; " + age;
    case Presence::present:
      break;
  }
  return view.answers ? age : "does not answer; " + age;
}

// The finished ones, newest first; what is not finished stands in the position.
std::string describe_last(const RankState& state) {
  std::string text;
  std::size_t count = 0;
  const CollectiveRecord* newest = state.waits_in() == nullptr ? state.last_finished() : nullptr;
  for (auto record = state.records.rbegin(); record != state.records.rend() && count < kMostCollectives; ++record) {
    if (record->phase != Phase::finished || &*record == newest) continue;  // `newest` stands in the position too
    text += (count++ == 0 ? "; before: " : ", ") + describe(state, *record);
  }
  return text;
}

std::string line_of(const RankView& view, int rank, bool is_culprit) {
  std::string line =
      fmt::format("\n{} rank {} on {}: {}", is_culprit ? '*' : ' ', rank, view.host, describe_presence(view));
  if (view.presence != Presence::awaited) line += describe_position(view.state) + describe_last(view.state);
  return line;
}

}  // namespace

std::string table_of(const std::vector<RankView>& views, const std::vector<int>& culprits) {
  std::string table;
  for (std::size_t i = 0; i < std::min(culprits.size(), kMostCulprits); ++i) {
    table += line_of(views[static_cast<std::size_t>(culprits[i])], culprits[i], true);
  }
  std::size_t shown = std::min(culprits.size(), kMostCulprits);
  const std::size_t most = shown + kMostOthers;
  for (std::size_t rank = 0; rank < views.size() && shown < most; ++rank) {
    const int number = static_cast<int>(rank);
    if (std::binary_search(culprits.begin(), culprits.end(), number)) continue;
    table += line_of(views[rank], number, false);
    ++shown;
  }
  if (shown < views.size()) table += fmt::format("\n  and {} ranks more", views.size() - shown);
  return table;
}

}  // namespace prelude
