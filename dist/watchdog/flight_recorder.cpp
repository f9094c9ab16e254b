#include "dist/watchdog/flight_recorder.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <tuple>
#include <utility>

#include "core/error.h"

namespace prelude {
namespace {

using std::chrono::nanoseconds;
constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;

std::int64_t ns_of(Moment moment) noexcept {
  return std::chrono::duration_cast<nanoseconds>(moment.time_since_epoch()).count();
}

Moment moment_of(std::int64_t ns) noexcept {
  return Moment(std::chrono::duration_cast<Moment::duration>(nanoseconds(ns)));
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
  groups_[count].slots = std::make_unique<Slots>();
  group_count_.store(count + 1, release);
  return count;
}

std::uint64_t FlightRecorder::begin(std::size_t group, Operation operation, std::int64_t count,
                                    std::string_view dtype) noexcept {
  Group& into = groups_[group];
  const std::uint64_t sequence = into.sequence.load(relaxed) + 1;
  Slot& slot = (*into.slots)[sequence % kRecords];
  slot.version.store(2 * sequence + 1, relaxed);
  std::atomic_thread_fence(release);
  slot.begun_ns.store(ns_of(now()), relaxed);
  slot.count.store(count, relaxed);
  slot.dtype.store(packed(dtype), relaxed);
  slot.step.store(step_.load(relaxed), relaxed);
  slot.operation.store(operation, relaxed);
  slot.version.store(2 * sequence + 2, release);
  into.sequence.store(sequence, release);
  return sequence;
}

void FlightRecorder::set_waiting(std::size_t group, std::optional<Moment> moment) noexcept {
  groups_[group].waiting_ns.store(moment ? ns_of(*moment) : 0, release);
}

// In this order: whoever reads that the next one is waited for has read that this one is finished.
void FlightRecorder::end(std::size_t group, std::uint64_t sequence) noexcept {
  Group& into = groups_[group];
  into.waiting_ns.store(0, release);
  if (into.finished.load(relaxed) < sequence) into.finished.store(sequence, release);
}

void FlightRecorder::fail(const std::string& text) {
  const std::lock_guard lock(failure_mutex_);
  if (failed()) return;
  failure_ = text;
  failed_.store(true, release);
}

std::optional<FlightRecorder::Wait> FlightRecorder::longest_wait() const noexcept {
  std::optional<Wait> longest;
  const std::size_t groups = group_count_.load(acquire);
  for (std::size_t i = 0; i < groups; ++i) {
    const Group& group = groups_[i];
    Wait wait{i, 0, 0};
    do {
      wait.sequence = group.finished.load(acquire) + 1;
      wait.since_ns = group.waiting_ns.load(acquire);
    } while (group.finished.load(acquire) + 1 != wait.sequence);  // the time is the next one's
    if (wait.since_ns != 0 && (!longest || wait.since_ns < longest->since_ns)) longest = wait;
  }
  return longest;
}

std::optional<Moment> FlightRecorder::waiting_since() const noexcept {
  const auto wait = longest_wait();
  return wait ? std::optional(moment_of(wait->since_ns)) : std::nullopt;
}

std::optional<FlightRecorder::Read> FlightRecorder::read(std::size_t group, std::uint64_t sequence) const {
  const Slot& slot = (*groups_[group].slots)[sequence % kRecords];
  const std::uint64_t version = 2 * sequence + 2;
  if (slot.version.load(acquire) != version) return std::nullopt;
  Read read{slot.begun_ns.load(relaxed), {}};
  read.record.group = group;
  read.record.sequence = sequence;
  read.record.count = slot.count.load(relaxed);
  const std::uint64_t dtype = slot.dtype.load(relaxed);
  read.record.step = slot.step.load(relaxed);
  read.record.operation = slot.operation.load(relaxed);
  std::atomic_thread_fence(acquire);
  if (slot.version.load(relaxed) != version) return std::nullopt;
  read.record.dtype = unpacked(dtype);
  return read;
}

// Of each communicator the oldest unfinished collective, which may be far back, and the newest of all; by their age.
std::vector<FlightRecorder::Read> FlightRecorder::read_records(const std::optional<Wait>& wait) const {
  const auto older = [](const Read& a, const Read& b) {
    return std::tie(a.begun_ns, a.record.group, a.record.sequence) <
           std::tie(b.begun_ns, b.record.group, b.record.sequence);
  };
  std::vector<Read> kept;
  std::vector<Read> newest;
  const std::size_t groups = group_count_.load(acquire);
  for (std::size_t i = 0; i < groups; ++i) {
    const std::uint64_t last = groups_[i].sequence.load(acquire);
    const std::uint64_t next = wait && wait->group == i ? wait->sequence : groups_[i].finished.load(acquire) + 1;
    const std::uint64_t first_newest = last > kNewest ? last - kNewest + 1 : 1;
    if (auto one = next < first_newest ? read(i, next) : std::nullopt) kept.push_back(*std::move(one));
    for (std::uint64_t sequence = first_newest; sequence <= last; ++sequence) {
      if (auto one = read(i, sequence)) (sequence == next ? kept : newest).push_back(*std::move(one));
    }
  }
  std::sort(newest.begin(), newest.end(), older);
  const std::size_t left_out = newest.size() > kNewest ? newest.size() - kNewest : 0;
  std::move(newest.begin() + static_cast<std::ptrdiff_t>(left_out), newest.end(), std::back_inserter(kept));
  std::sort(kept.begin(), kept.end(), older);
  return kept;
}

RankState FlightRecorder::state() const {
  RankState state;
  const auto wait = longest_wait();
  if (wait) {
    const auto waited = std::max(now() - moment_of(wait->since_ns), Moment::duration::zero());
    state.waiting_ms = std::chrono::duration_cast<std::chrono::milliseconds>(waited).count();
  }
  for (Read& one : read_records(wait)) {
    CollectiveRecord& record = state.records.emplace_back(std::move(one.record));
    const bool waited_for = wait && wait->group == record.group && wait->sequence == record.sequence;
    const bool finished = record.sequence <= groups_[record.group].finished.load(acquire);
    record.phase = waited_for ? Phase::waited_for : finished ? Phase::finished : Phase::begun;
  }
  state.step = step_.load(relaxed);
  // Last, so that every record's group is in the table.
  const std::size_t groups = group_count_.load(acquire);
  for (std::size_t i = 0; i < groups; ++i) {
    const std::uint64_t finished = groups_[i].finished.load(acquire);
    state.groups.push_back({groups_[i].name.data(), groups_[i].color, groups_[i].sequence.load(acquire), finished});
  }
  if (failed()) {
    const std::lock_guard lock(failure_mutex_);
    state.failure = failure_;
  }
  return state;
}

}  // namespace prelude
