#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string_view>
#include <tuple>

#include "dist/watchdog/analysis.h"

namespace prelude {
namespace {

struct Call {
  std::uint64_t key = 0;  // of the communicator and the sequence number
  int rank = 0;
  const RankState* state = nullptr;
  const CollectiveRecord* record = nullptr;
};

std::uint64_t key_of(const GroupState& group, std::uint64_t sequence) {
  std::uint64_t key = std::hash<std::string_view>()(group.name);
  for (const std::uint64_t part : {static_cast<std::uint64_t>(group.color), sequence}) {
    key = (key ^ part) * 0x9E3779B97F4A7C15ULL;
    key ^= key >> 29;
  }
  return key;
}

std::vector<Call> calls_of(const std::vector<RankView>& views) {
  std::vector<Call> calls;
  for (std::size_t rank = 0; rank < views.size(); ++rank) {
    const RankState& state = views[rank].state;
    for (const CollectiveRecord& record : state.records) {
      calls.push_back(
          {key_of(state.groups.at(record.group), record.sequence), static_cast<int>(rank), &state, &record});
    }
  }
  std::sort(calls.begin(), calls.end(),
            [](const Call& a, const Call& b) { return std::tie(a.key, a.rank) < std::tie(b.key, b.rank); });
  return calls;
}

std::string describe(const Call& call) { return prelude::describe(*call.state, *call.record); }

// The ranks that called it as `like` did, or as it did not.
std::vector<int> ranks_of(const std::vector<Call>& calls, const Call& like, bool same) {
  std::vector<int> ranks;
  for (const Call& call : calls) {
    if (same_call(*call.record, *like.record) == same) ranks.push_back(call.rank);
  }
  return ranks;
}

// `calls`: one collective, of which not all are alike. Most ranks are right; where there is no most, all are named.
Finding explain(const std::vector<RankView>& views, const std::vector<Call>& calls) {
  const auto votes = [&](const Call& call) { return ranks_of(calls, call, true).size(); };
  const Call usual =
      *std::max_element(calls.begin(), calls.end(), [&](const Call& a, const Call& b) { return votes(a) < votes(b); });
  std::vector<int> culprits = ranks_of(calls, usual, false);
  const Call odd =
      *std::find_if(calls.begin(), calls.end(), [&](const Call& call) { return call.rank == culprits[0]; });
  const std::vector<int> odd_ones = ranks_of(calls, odd, true);
  const std::vector<int> usual_ones = ranks_of(calls, usual, true);
  std::string summary = fmt::format("{} called {} {}, but {} called {} {}", name_ranks(views, odd_ones), describe(odd),
                                    describe_step(odd.record->step), name_ranks(views, usual_ones), describe(usual),
                                    describe_step(usual.record->step));
  if (2 * usual_ones.size() <= calls.size()) {
    culprits.insert(culprits.end(), usual_ones.begin(), usual_ones.end());
    std::sort(culprits.begin(), culprits.end());
  }
  return {std::move(culprits), std::move(summary)};
}

}  // namespace

std::optional<Finding> find_mismatch(const std::vector<RankView>& views) {
  const std::vector<Call> calls = calls_of(views);
  for (auto first = calls.begin(); first != calls.end();) {
    const auto last = std::find_if(first, calls.end(), [&](const Call& call) { return call.key != first->key; });
    const bool alike = std::all_of(first, last, [&](const Call& c) { return same_call(*c.record, *first->record); });
    if (!alike) return explain(views, {first, last});
    first = last;
  }
  return std::nullopt;
}

}  // namespace prelude
