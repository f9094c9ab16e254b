// The last collectives of this rank, for whoever must explain a standstill. A communicator's calls are noted by one
// thread at a time, any thread reads at any moment, and nobody locks. A pair of begin and end costs tens of
// nanoseconds.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dist/watchdog/moment.h"
#include "dist/watchdog/rank_state.h"

namespace prelude {

class FlightRecorder {
 public:
  static constexpr std::size_t kRecords = 1024;  // of a communicator: as many as a device's queue takes
  static constexpr std::size_t kNewest = 16;     // of all communicators, in what state() says
  static constexpr std::size_t kGroups = 64;
  static constexpr std::size_t kGroupName = 15;  // bytes
  static constexpr std::size_t kDtypeName = 8;   // bytes

  // The number of the communicator `name` ("world", "tensor") of `color` (kNoColor: there is one such communicator),
  // for begin. All its ranks give the same name and colour, no other rank gives both. A communicator made again under
  // the same name goes on counting, as it does on its other ranks. One thread makes all groups. Throws InternalError
  // where the name is longer than kGroupName or there are more than kGroups.
  std::size_t group(std::string_view name, std::int64_t color = kNoColor);

  // The step in which the next collectives are called.
  void set_step(std::int64_t step) noexcept { step_.store(step, std::memory_order_relaxed); }

  // A collective begins: `count` elements a rank, of a `dtype` such as "float32". Returns its sequence number in the
  // communicator, the first is 1. Several may be under way; those of a communicator finish in order.
  std::uint64_t begin(std::size_t group, Operation operation, std::int64_t count, std::string_view dtype) noexcept;
  // Since `moment` nothing goes on but waiting for the communicator's oldest unfinished collective; empty: something
  // does.
  void set_waiting(std::size_t group, std::optional<Moment> moment) noexcept;
  // The communicator's collectives up to number `sequence` are finished, and it is not waited for.
  void end(std::size_t group, std::uint64_t sequence) noexcept;
  // A communicator's library says of its own accord that it has failed. The first word counts. Any thread.
  void fail(const std::string& text);

  // What happened so far: every collective is read whole. Any thread.
  RankState state() const;
  // Since when this rank has waited in one collective; empty: it does not wait. Any thread.
  std::optional<Moment> waiting_since() const noexcept;
  bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }

 private:
  // A slot is written between an odd and an even version (a sequence lock), so a reader knows a torn one.
  struct Slot {
    std::atomic<std::uint64_t> version{0};
    std::atomic<std::int64_t> begun_ns{0};
    std::atomic<std::int64_t> count{0};
    std::atomic<std::uint64_t> dtype{0};
    std::atomic<std::int64_t> step{0};
    std::atomic<Operation> operation{Operation::all_reduce};
  };
  using Slots = std::array<Slot, kRecords>;
  struct Group {
    std::array<char, kGroupName + 1> name{};
    std::int64_t color = kNoColor;
    std::unique_ptr<Slots> slots;
    std::atomic<std::uint64_t> sequence{0};
    std::atomic<std::uint64_t> finished{0};
    std::atomic<std::int64_t> waiting_ns{0};  // of the clock; 0: not waited for
  };
  struct Wait {
    std::size_t group = 0;
    std::uint64_t sequence = 0;
    std::int64_t since_ns = 0;
  };
  struct Read {
    std::int64_t begun_ns;
    CollectiveRecord record;
  };

  std::optional<Wait> longest_wait() const noexcept;
  std::optional<Read> read(std::size_t group, std::uint64_t sequence) const;
  std::vector<Read> read_records(const std::optional<Wait>& wait) const;

  std::array<Group, kGroups> groups_;
  std::atomic<std::size_t> group_count_{0};  // groups below are complete and, but for their atomics, never change
  std::atomic<std::int64_t> step_{kBeforeFirstStep};
  std::atomic<bool> failed_{false};
  mutable std::mutex failure_mutex_;
  std::string failure_;
};

// A collective that the host waits in as long as this lives.
class InFlight {
 public:
  InFlight(FlightRecorder& recorder, std::size_t group, Operation operation, std::int64_t count, std::string_view dtype)
      : recorder_(recorder), group_(group), sequence_(recorder.begin(group, operation, count, dtype)) {
    recorder_.set_waiting(group_, now());
  }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight() { recorder_.end(group_, sequence_); }

 private:
  FlightRecorder& recorder_;
  std::size_t group_;
  std::uint64_t sequence_;
};

}  // namespace prelude
