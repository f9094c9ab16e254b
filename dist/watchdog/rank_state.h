// What a rank says of itself: which collectives it called last, and in which it waits. Plain values, sent to rank 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace prelude {

// new_group: a communicator is made out of the ranks of this one.
enum class Operation : std::uint8_t { all_reduce, broadcast, all_gather, new_group };
inline constexpr std::uint8_t kOperations = 4;
std::string_view name_of(Operation operation);

// The colour of a communicator of which there is one, as the world's.
inline constexpr std::int64_t kNoColor = -1;
inline constexpr std::int64_t kBeforeFirstStep = -1;

// A communicator. Ranks that give the same name and colour are in the same one.
struct GroupState {
  std::string name;
  std::int64_t color = kNoColor;
  std::uint64_t sequence = 0;  // of the last collective begun; the first is 1
  std::uint64_t finished = 0;  // of the last one finished: a communicator's collectives finish in order
};

enum class Phase : std::uint8_t {
  begun,       // under way beside what this rank or its device computes
  waited_for,  // nothing else goes on: the host waits in it, or the device's stream
  finished,
};
inline constexpr std::uint8_t kPhases = 3;

struct CollectiveRecord {
  std::size_t group = 0;  // index into RankState::groups
  Operation operation = Operation::all_reduce;
  Phase phase = Phase::begun;
  std::uint64_t sequence = 0;
  std::int64_t count = 0;  // elements a rank gives
  std::string dtype;
  std::int64_t step = kBeforeFirstStep;
};

struct RankState {
  std::int64_t step = kBeforeFirstStep;
  std::int64_t waiting_ms = -1;  // how long this rank has waited in one collective; -1: it does not wait
  std::vector<GroupState> groups;
  std::vector<CollectiveRecord> records;  // the unfinished ones that matter and the last ones, oldest first
  std::string failure;                    // what a communicator's library said of its own accord; empty: nothing

  // The collective that this rank waits in; null: none.
  const CollectiveRecord* waits_in() const;
  const CollectiveRecord* last_finished() const;
  // The group with the same name and colour; null: this rank has none.
  const GroupState* find(const GroupState& group) const;
};

// Called the same way: operation, size and element type are those of the other.
bool same_call(const CollectiveRecord& a, const CollectiveRecord& b);

// "all-reduce 118 of tensor[3] (76802 float32)". A record's group must be one of the state's.
std::string describe(const RankState& state, const CollectiveRecord& record);
// "at step 41", "before the first step".
std::string describe_step(std::int64_t step);
// "at step 41, in all-reduce 118 of world (76802 float32) for 3.1 s".
std::string describe_position(const RankState& state);

}  // namespace prelude
