// Who holds the job up: pure functions of what rank 0 knows of every rank.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dist/watchdog/rank_state.h"

namespace prelude {

enum class Presence : std::uint8_t {
  awaited,  // has not joined yet
  present,
  gone,  // its connection closed without a goodbye
  left,  // said goodbye
};

// A rank as rank 0 sees it. A view's index is its rank.
struct RankView {
  Presence presence = Presence::awaited;
  bool answers = true;     // false: rank 0 asked, and nothing came
  double silent_s = 0;     // since its last message
  std::string host = "?";  // known once it has joined
  std::int64_t process = 0;
  RankState state;  // the last one it told
};

struct Finding {
  std::vector<int> culprits;  // in rising order; empty: none stands out
  std::string summary;        // one line: who, where, at which step, which collective
};

// Ranks that ended without a goodbye. Empty: none.
std::optional<Finding> find_death(const std::vector<RankView>& views);

// Ranks that called another operation, size or element type than the others as the same collective of a communicator.
// Looks at the last collectives of every rank; costs a sort of them. Empty: none.
std::optional<Finding> find_mismatch(const std::vector<RankView>& views);

// Ranks that have said nothing for `timeout_s` seconds or longer, whatever the others do: stopped, or cut off; or that
// have not joined in `join_s`. Empty: none.
std::optional<Finding> find_silence(const std::vector<RankView>& views, double timeout_s, double join_s);

// A failure that a communicator's library reported: ranks that do not answer, else those that reported one. Empty:
// none.
std::optional<Finding> find_failure(const std::vector<RankView>& views);

// Why someone has waited `timeout_s` seconds or longer in one collective: ranks that do not answer, else a mismatch,
// else those that have not come to it (if they wait elsewhere themselves, those they wait for), else nobody. A rank may
// have put it into its device's queue and not have come to it. Empty: no one has waited so long.
std::optional<Finding> find_standstill(const std::vector<RankView>& views, double timeout_s);

// "rank 2 on n2", "ranks 2 on n2, 3 on n2 and 14 more".
std::string name_ranks(const std::vector<RankView>& views, const std::vector<int>& ranks);

// A line a rank with its position and its last collectives; culprits are marked and first. Of many ranks: the first 16
// culprits and 16 others.
std::string table_of(const std::vector<RankView>& views, const std::vector<int>& culprits);

}  // namespace prelude
