#include "dist/watchdog/flight_recorder.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"

namespace prelude {
namespace {

using std::chrono::steady_clock;
constexpr auto relaxed = std::memory_order_relaxed;

std::int64_t now_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

std::uint64_t packed(std::string_view name) noexcept {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, name.data(), std::min(name.size(), sizeof(bytes)));
  return bytes;
}

std::string unpacked(std::uint64_t bytes) {
  std::array<char, sizeof(bytes) + 1> text{};
  std::memcpy(text.data(), &bytes, sizeof(bytes));
  return text.data();
}

}  // namespace

std::size_t FlightRecorder::group(std::string_view name, std::int64_t color) {
  const std::size_t count = group_count_.load(relaxed);
  for (std::size_t i = 0; i < count; ++i) {
    if (groups_[i].color == color && groups_[i].name.data() == name) return i;
  }
  ensure(name.size() <= kGroupName, "the communicator's name '{}' is longer than {} bytes", name, kGroupName);
  ensure(count < kGroups, "communicator '{}' is one more than the {} that a flight recorder knows", name, kGroups);
  std::copy(name.begin(), name.end(), groups_[count].name.begin());
  groups_[count].color = color;
  group_count_.store(count + 1, std::memory_order_release);
  return count;
}

std::uint64_t FlightRecorder::begin(std::size_t group, Operation operation, std::int64_t count,
                                    std::string_view dtype) noexcept {
  return note(group, last_sequence(group) + 1, operation, count, dtype);
}

std::uint64_t FlightRecorder::wait(std::uint64_t ticket, std::size_t group, std::uint64_t sequence, Operation operation,
                                   std::int64_t count, std::string_view dtype) noexcept {
  return ticket < finished_.load(relaxed) ? note(group, sequence, operation, count, dtype) : ticket;
}

std::uint64_t FlightRecorder::note(std::size_t group, std::uint64_t sequence, Operation operation, std::int64_t count,
                                   std::string_view dtype) noexcept {
  const std::uint64_t ticket = begun_.load(relaxed);
  Slot& slot = slots_[ticket % kRecords];
  slot.version.store(2 * ticket + 1, relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  slot.sequence.store(sequence, relaxed);
  slot.count.store(count, relaxed);
  slot.dtype.store(packed(dtype), relaxed);
  slot.step.store(step_.load(relaxed), relaxed);
  slot.group.store(static_cast<std::uint32_t>(group), relaxed);
  slot.operation.store(operation, relaxed);
  slot.version.store(2 * ticket + 2, std::memory_order_release);
  if (sequence > last_sequence(group)) groups_[group].sequence.store(sequence, relaxed);
  if (finished_.load(relaxed) == ticket) progress_ns_.store(now_ns(), relaxed);
  begun_.store(ticket + 1, std::memory_order_release);
  return ticket;
}

void FlightRecorder::end(std::uint64_t ticket) noexcept {
  if (ticket < finished_.load(relaxed)) return;
  if (ticket + 1 < begun_.load(relaxed)) progress_ns_.store(now_ns(), relaxed);
  finished_.store(ticket + 1, std::memory_order_release);
}

std::optional<steady_clock::time_point> FlightRecorder::waiting_since() const noexcept {
  for (;;) {
    const std::uint64_t finished = finished_.load(std::memory_order_acquire);
    if (begun_.load(std::memory_order_acquire) == finished) return std::nullopt;
    const std::int64_t since = progress_ns_.load(std::memory_order_acquire);
    // A collective that ended meanwhile may have let in the next one's time: read again.
    if (finished_.load(relaxed) == finished) return steady_clock::time_point(std::chrono::nanoseconds(since));
  }
}

bool FlightRecorder::read_slot(std::uint64_t ticket, CollectiveRecord& into) const noexcept {
  const Slot& slot = slots_[ticket % kRecords];
  const std::uint64_t version = 2 * ticket + 2;
  if (slot.version.load(std::memory_order_acquire) != version) return false;
  into.sequence = slot.sequence.load(relaxed);
  into.count = slot.count.load(relaxed);
  const std::uint64_t dtype = slot.dtype.load(relaxed);
  into.step = slot.step.load(relaxed);
  into.group = slot.group.load(relaxed);
  into.operation = slot.operation.load(relaxed);
  std::atomic_thread_fence(std::memory_order_acquire);
  if (slot.version.load(relaxed) != version) return false;
  into.dtype = unpacked(dtype);
  return true;
}

RankState FlightRecorder::state() const {
  RankState state;
  const std::uint64_t begun = begun_.load(std::memory_order_acquire);
  std::vector<std::uint64_t> tickets;
  for (std::uint64_t ticket = begun > kRecords ? begun - kRecords : 0; ticket < begun; ++ticket) {
    CollectiveRecord record;
    if (!read_slot(ticket, record)) continue;
    state.records.push_back(std::move(record));
    tickets.push_back(ticket);
  }
  const std::uint64_t finished = finished_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < tickets.size(); ++i) state.records[i].finished = tickets[i] < finished;
  if (finished < begun) {
    const auto since = waiting_since();
    const auto waited = since ? steady_clock::now() - *since : steady_clock::duration::zero();
    state.waiting_ms = std::chrono::duration_cast<std::chrono::milliseconds>(waited).count();
  }
  state.step = step_.load(relaxed);
  // Last, so that every record's group is in the table.
  const std::size_t groups = group_count_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < groups; ++i) {
    state.groups.push_back({groups_[i].name.data(), groups_[i].color, groups_[i].sequence.load(relaxed)});
  }
  return state;
}

}  // namespace prelude
