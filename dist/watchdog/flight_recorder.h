// The last collectives of this rank, for whoever must explain a standstill. One thread writes (the one that calls the
// collectives), any thread reads at any moment; nobody locks. A pair of begin and end costs tens of nanoseconds.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dist/watchdog/rank_state.h"

namespace prelude {

class FlightRecorder {
 public:
  static constexpr std::size_t kRecords = 16;
  static constexpr std::size_t kGroups = 16;
  static constexpr std::size_t kGroupName = 15;  // bytes
  static constexpr std::size_t kDtypeName = 8;   // bytes

  // The number of the communicator `name` ("world", "tensor") of `color` (kNoColor: there is one such communicator),
  // for begin. All its ranks give the same name and colour, no other rank gives both. A communicator made again under
  // the same name goes on counting, as it does on its other ranks. Writer only. Throws InternalError where the name is
  // longer than kGroupName or there are more than kGroups.
  std::size_t group(std::string_view name, std::int64_t color = kNoColor);

  // The step in which the next collectives are called. Writer only.
  void set_step(std::int64_t step) noexcept { step_.store(step, std::memory_order_relaxed); }

  // A collective begins: `count` elements a rank (kAnyCount: they differ by rank), of a `dtype` such as "float32".
  // Returns the ticket for end. Several may be in flight (a device's queue); they finish in order. Writer only.
  std::uint64_t begin(std::size_t group, Operation operation, std::int64_t count, std::string_view dtype) noexcept;
  // The collective of `ticket` and all before it are finished. Writer only.
  void end(std::uint64_t ticket) noexcept;
  // The `sequence`-th collective of its communicator, begun before as `ticket`, is waited for from now on. Where one of
  // another communicator that began later has ended meanwhile, it counts as finished, and is noted again. Returns the
  // ticket for end. Writer only.
  std::uint64_t wait(std::uint64_t ticket, std::size_t group, std::uint64_t sequence, Operation operation,
                     std::int64_t count, std::string_view dtype) noexcept;
  // How many collectives of the communicator have begun. Writer only.
  std::uint64_t last_sequence(std::size_t group) const noexcept {
    return groups_[group].sequence.load(std::memory_order_relaxed);
  }

  // What happened so far, consistent in itself. Any thread.
  RankState state() const;
  // Since when the oldest unfinished collective has made no progress; empty: none is in flight. Any thread.
  std::optional<std::chrono::steady_clock::time_point> waiting_since() const noexcept;

 private:
  // A slot is written between an odd and an even version (a sequence lock), so a reader knows a torn one.
  struct Slot {
    std::atomic<std::uint64_t> version{0};
    std::atomic<std::uint64_t> sequence{0};
    std::atomic<std::int64_t> count{0};
    std::atomic<std::uint64_t> dtype{0};
    std::atomic<std::int64_t> step{0};
    std::atomic<std::uint32_t> group{0};
    std::atomic<Operation> operation{Operation::barrier};
  };
  struct Group {
    std::array<char, kGroupName + 1> name{};
    std::int64_t color = kNoColor;
    std::atomic<std::uint64_t> sequence{0};
  };

  std::uint64_t note(std::size_t group, std::uint64_t sequence, Operation operation, std::int64_t count,
                     std::string_view dtype) noexcept;
  bool read_slot(std::uint64_t ticket, CollectiveRecord& into) const noexcept;

  std::atomic<std::uint64_t> begun_{0};     // tickets given
  std::atomic<std::uint64_t> finished_{0};  // tickets below are finished
  std::atomic<std::int64_t> progress_ns_{0};
  std::atomic<std::int64_t> step_{kBeforeFirstStep};
  std::array<Slot, kRecords> slots_;
  std::array<Group, kGroups> groups_;
  std::atomic<std::size_t> group_count_{0};  // groups below are complete and, but for their counters, never change
};

// A collective that is under way as long as this lives.
class InFlight {
 public:
  InFlight(FlightRecorder& recorder, std::size_t group, Operation operation, std::int64_t count, std::string_view dtype)
      : recorder_(recorder), ticket_(recorder.begin(group, operation, count, dtype)) {}
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight() { recorder_.end(ticket_); }

 private:
  FlightRecorder& recorder_;
  std::uint64_t ticket_;
};

}  // namespace prelude
