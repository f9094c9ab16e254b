// What a rank says of itself: which collectives it called last, and in which it waits. Plain values, sent to rank 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace prelude {

enum class Operation : std::uint8_t { all_reduce, broadcast, all_gather, reduce_scatter, barrier };
inline constexpr std::uint8_t kOperations = 5;
std::string_view name_of(Operation operation);

// The count of a collective to which ranks give different numbers of elements; it is not compared.
inline constexpr std::int64_t kAnyCount = -1;
// The colour of a communicator of which there is one, as the world's.
inline constexpr std::int64_t kNoColor = -1;
inline constexpr std::int64_t kBeforeFirstStep = -1;

// A communicator. Ranks that give the same name and colour are in the same one.
struct GroupState {
  std::string name;
  std::int64_t color = kNoColor;
  std::uint64_t sequence = 0;  // of the last collective begun; the first is 1
};

struct CollectiveRecord {
  std::size_t group = 0;  // index into RankState::groups
  Operation operation = Operation::barrier;
  bool finished = false;
  std::uint64_t sequence = 0;
  std::int64_t count = 0;  // elements a rank gives
  std::string dtype;
  std::int64_t step = kBeforeFirstStep;
};

struct RankState {
  std::int64_t step = kBeforeFirstStep;
  std::int64_t waiting_ms =
      -1;  // how long the oldest unfinished collective has made no progress; -1: none is in flight
  std::vector<GroupState> groups;
  std::vector<CollectiveRecord> records;  // the last ones, oldest first

  // The collective that this rank waits in: the oldest unfinished one; null: none.
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
