#include "dist/watchdog/analysis.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

namespace prelude {
namespace {

// A collective of the job, by one rank that waits in it.
struct Wait {
  int rank = 0;
  const RankState* state = nullptr;
  const CollectiveRecord* record = nullptr;
  const GroupState& group() const { return state->groups.at(record->group); }
};

template <typename Condition>
std::vector<int> ranks_where(const std::vector<RankView>& views, Condition condition) {
  std::vector<int> ranks;
  for (std::size_t rank = 0; rank < views.size(); ++rank) {
    if (condition(views[rank])) ranks.push_back(static_cast<int>(rank));
  }
  return ranks;
}

const RankView& view_of(const std::vector<RankView>& views, int rank) { return views[static_cast<std::size_t>(rank)]; }

bool waits(const RankView& view) {
  return view.presence == Presence::present && view.state.waiting_ms >= 0 && view.state.waits_in() != nullptr;
}

bool is_in(const RankView& view, const Wait& wait) {
  if (!waits(view)) return false;
  const CollectiveRecord& record = *view.state.waits_in();
  const GroupState& group = view.state.groups.at(record.group);
  return record.sequence == wait.record->sequence && group.name == wait.group().name &&
         group.color == wait.group().color;
}

// In the same communicator, has not finished this collective and does not wait in it: not called, or not come to.
bool is_behind(const RankView& view, const Wait& wait) {
  const GroupState* mine = view.state.find(wait.group());
  return mine != nullptr && mine->finished < wait.record->sequence && !is_in(view, wait);
}

// Of the collectives in which someone waits too long, that in which most ranks wait.
std::optional<Wait> main_wait(const std::vector<RankView>& views, double timeout_s) {
  std::optional<Wait> best;
  std::size_t most = 0;
  for (std::size_t rank = 0; rank < views.size(); ++rank) {
    const RankState& state = views[rank].state;
    if (!waits(views[rank]) || static_cast<double>(state.waiting_ms) < timeout_s * 1e3) continue;
    const Wait wait{static_cast<int>(rank), &state, state.waits_in()};
    if (best && is_in(views[rank], *best)) continue;
    const std::size_t waiters = ranks_where(views, [&](const RankView& view) { return is_in(view, wait); }).size();
    if (waiters > most) best = wait;
    most = std::max(most, waiters);
  }
  return best;
}

// The ranks that `wait` is for and that wait for nobody; in a ring of waits, those that are not in it themselves.
std::vector<int> held_up_by(const std::vector<RankView>& views, const Wait& wait) {
  std::vector<int> culprits;
  std::vector<bool> seen(views.size(), false);
  for (std::deque<Wait> open{wait}; !open.empty(); open.pop_front()) {
    for (const int rank : ranks_where(views, [&](const RankView& view) { return is_behind(view, open.front()); })) {
      if (seen[static_cast<std::size_t>(rank)]) continue;
      seen[static_cast<std::size_t>(rank)] = true;
      const RankView& view = view_of(views, rank);
      if (waits(view)) {
        open.push_back({rank, &view.state, view.state.waits_in()});
      } else {
        culprits.push_back(rank);
      }
    }
  }
  std::sort(culprits.begin(), culprits.end());
  if (!culprits.empty()) return culprits;
  return ranks_where(views, [&](const RankView& view) { return is_behind(view, wait); });
}

std::string describe_wait(const std::vector<RankView>& views, const Wait& wait) {
  return fmt::format("{} waited {:.1f} s in {} {}", name_ranks(views, {wait.rank}),
                     static_cast<double>(wait.state->waiting_ms) / 1e3, describe(*wait.state, *wait.record),
                     describe_step(wait.record->step));
}

std::string last_seen(const RankView& view) {
  return fmt::format("last heard of {:.1f} s ago {}", view.silent_s, describe_position(view.state));
}

std::string describe_silence(const std::vector<RankView>& views, const std::vector<int>& silent) {
  return fmt::format("{} did not answer (stopped, or the host is cut off), {}", name_ranks(views, silent),
                     last_seen(view_of(views, silent.front())));
}

std::vector<int> ranks_without_answer(const std::vector<RankView>& views) {
  return ranks_where(views, [](const RankView& v) { return v.presence == Presence::present && !v.answers; });
}

Finding behind_finding(const std::vector<RankView>& views, std::vector<int> behind, const Wait& wait) {
  const RankView& first = view_of(views, behind.front());
  std::string summary = fmt::format("{} {}: {}; {}", name_ranks(views, behind),
                                    first.presence == Presence::left ? "left the job" : "did not come",
                                    describe_position(first.state), describe_wait(views, wait));
  return {std::move(behind), std::move(summary)};
}

}  // namespace

std::string name_ranks(const std::vector<RankView>& views, const std::vector<int>& ranks) {
  constexpr std::size_t most = 4;
  std::string names = ranks.size() == 1 ? "rank" : "ranks";
  for (std::size_t i = 0; i < std::min(ranks.size(), most); ++i) {
    const bool last = i > 0 && i + 1 == ranks.size();
    names += fmt::format("{} {} on {}", i == 0 ? "" : last ? " and" : ",", ranks[i], view_of(views, ranks[i]).host);
  }
  return ranks.size() > most ? names + fmt::format(" and {} more", ranks.size() - most) : names;
}

std::optional<Finding> find_death(const std::vector<RankView>& views) {
  std::vector<int> gone = ranks_where(views, [](const RankView& view) { return view.presence == Presence::gone; });
  if (gone.empty()) return std::nullopt;
  const RankView& first = view_of(views, gone.front());
  // What is known of the dead may be a heartbeat old; rank 0 knows itself as of now.
  std::string summary = fmt::format("{} died (process {}), {}; rank 0 on {} was {}", name_ranks(views, gone),
                                    first.process, last_seen(first), views[0].host, describe_position(views[0].state));
  return Finding{std::move(gone), std::move(summary)};
}

std::optional<Finding> find_silence(const std::vector<RankView>& views, double timeout_s, double join_s) {
  const auto silent_as = [&](Presence presence, double seconds) {
    return ranks_where(views, [&](const RankView& v) { return v.presence == presence && v.silent_s >= seconds; });
  };
  if (auto silent = silent_as(Presence::present, timeout_s); !silent.empty()) {
    std::string summary = fmt::format("{}; rank 0 on {} was {}", describe_silence(views, silent), views[0].host,
                                      describe_position(views[0].state));
    return Finding{std::move(silent), std::move(summary)};
  }
  auto awaited = silent_as(Presence::awaited, join_s);
  if (awaited.empty()) return std::nullopt;
  std::string summary = fmt::format("{} never reached rank 0's watchdog in {:.1f} s", name_ranks(views, awaited),
                                    view_of(views, awaited.front()).silent_s);
  return Finding{std::move(awaited), std::move(summary)};
}

std::optional<Finding> find_failure(const std::vector<RankView>& views) {
  auto failed = ranks_where(views, [](const RankView& view) { return !view.state.failure.empty(); });
  if (failed.empty()) return std::nullopt;
  const RankState& first = view_of(views, failed.front()).state;
  const std::string what =
      fmt::format("{}: {}, {}", name_ranks(views, {failed.front()}), first.failure, describe_position(first));
  auto silent = ranks_without_answer(views);
  if (silent.empty()) return Finding{std::move(failed), what};
  std::string summary = fmt::format("{}; {}", describe_silence(views, silent), what);
  return Finding{std::move(silent), std::move(summary)};
}

std::optional<Finding> find_standstill(const std::vector<RankView>& views, double timeout_s) {
  const auto wait = main_wait(views, timeout_s);
  if (!wait) return std::nullopt;
  if (auto silent = ranks_without_answer(views); !silent.empty()) {
    std::string summary = fmt::format("{}; {}", describe_silence(views, silent), describe_wait(views, *wait));
    return Finding{std::move(silent), std::move(summary)};
  }
  if (auto mismatch = find_mismatch(views)) return mismatch;
  auto awaited = ranks_where(views, [](const RankView& view) { return view.presence == Presence::awaited; });
  if (!awaited.empty()) {
    std::string summary =
        fmt::format("{} never reached rank 0's watchdog; {}", name_ranks(views, awaited), describe_wait(views, *wait));
    return Finding{std::move(awaited), std::move(summary)};
  }
  auto behind = held_up_by(views, *wait);
  if (!behind.empty()) return behind_finding(views, std::move(behind), *wait);
  return Finding{{},
                 fmt::format("every rank of the communicator came, but the collective did not finish (the network "
                             "between the hosts, or its library); {}",
                             describe_wait(views, *wait))};
}

}  // namespace prelude
