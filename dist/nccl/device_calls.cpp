#include "dist/nccl/device_calls.h"

#include <fmt/format.h>
#include <poll.h>

#include <chrono>
#include <exception>
#include <utility>

namespace prelude {

DeviceCalls::DeviceCalls(std::shared_ptr<NcclApi> api, NcclHandle comm, FlightRecorder& recorder,
                         const std::string& name, std::int64_t color)
    : api_(std::move(api)),
      comm_(comm),
      recorder_(recorder),
      group_(recorder.group(name, color)),
      name_(color == kNoColor ? name : fmt::format("{}[{}]", name, color)) {}

DeviceCalls::~DeviceCalls() {
  for (const Call& call : calls_) spare_.insert(spare_.end(), {call.started, call.done});
  for (const DeviceEvent event : spare_) {
    if (event != nullptr) api_->destroy_event(event);
  }
}

DeviceEvent DeviceCalls::take_event() {
  const std::lock_guard lock(mutex_);
  if (spare_.empty()) return api_->make_event();
  const DeviceEvent event = spare_.back();
  spare_.pop_back();
  return event;
}

void DeviceCalls::push(Call call, Operation operation, std::int64_t count, std::string_view dtype) {
  const std::lock_guard lock(mutex_);
  call.sequence = recorder_.begin(group_, operation, count, dtype);
  calls_.push_back(call);
}

void DeviceCalls::begin(Operation operation, std::int64_t count, std::string_view dtype, DeviceStream stream) {
  Call call;
  call.started = take_event();
  call.done = take_event();
  api_->record(call.started, stream);
  push(call, operation, count, dtype);
}

// Only the thread that is here begins calls, and a call that is not queued is not ended: it is the last one.
void DeviceCalls::queued(DeviceStream stream) {
  DeviceEvent done = nullptr;
  {
    const std::lock_guard lock(mutex_);
    done = calls_.back().done;
  }
  api_->record(done, stream);
  const std::lock_guard lock(mutex_);
  calls_.back().queued = true;
}

void DeviceCalls::begin_on_host(Operation operation) {
  push({}, operation, 0, "");
  host_waits(true);
}

void DeviceCalls::end_on_host() {
  host_waits(false);
  const std::lock_guard lock(mutex_);
  calls_.back().queued = true;
}

void DeviceCalls::host_waits(bool waits) {
  const std::lock_guard lock(mutex_);
  host_waits_since_ = waits ? std::optional(now()) : std::nullopt;
}

std::optional<DeviceCalls::Call> DeviceCalls::oldest() {
  const std::lock_guard lock(mutex_);
  return calls_.empty() || closed_ ? std::nullopt : std::optional(calls_.front());
}

bool DeviceCalls::is_closed() {
  const std::lock_guard lock(mutex_);
  return closed_;
}

bool DeviceCalls::is_done(const Call& call) { return call.queued && (call.done == nullptr || api_->done(call.done)); }

void DeviceCalls::end_oldest() {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  recorder_.end(group_, calls_.front().sequence);
  for (const DeviceEvent event : {calls_.front().started, calls_.front().done}) {
    if (event != nullptr) spare_.push_back(event);
  }
  calls_.pop_front();
}

// The device computes as long as its stream has not come to the oldest call.
void DeviceCalls::note_wait(bool came) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  std::optional<Moment> since;
  if (!calls_.empty()) {
    Call& call = calls_.front();
    if (came && !call.came) call.came = now();
    since = call.came ? call.came : host_waits_since_;
  }
  recorder_.set_waiting(group_, since);
}

void DeviceCalls::look() noexcept {
  try {
    look_at_device();
    look_for_failure();
  } catch (const std::exception& error) {  // the device itself has failed
    fail(error.what());
  }
}

void DeviceCalls::look_at_device() {
  std::optional<Call> call = oldest();
  while (call && is_done(*call)) {
    end_oldest();
    call = oldest();
  }
  note_wait(call && call->started != nullptr && (call->came || api_->done(call->started)));
}

void DeviceCalls::fail(const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (!closed_) recorder_.fail(fmt::format("NCCL of {}: {}", name_, what));
}

// Who holds the mutex asks the same.
void DeviceCalls::look_for_failure() {
  const std::unique_lock lock(comm_mutex_, std::try_to_lock);
  if (!lock.owns_lock() || is_closed()) return;
  NcclResult state = nccl_success;
  const NcclResult asked = api_->async_error(comm_, state);
  for (const NcclResult result : {asked, state}) {
    if (result == nccl_success || result == nccl_in_progress) continue;
    return fail(api_->describe(comm_, result));
  }
}

void DeviceCalls::close(bool done) {
  constexpr std::chrono::seconds longest{1};
  const std::unique_lock asked(comm_mutex_, longest);
  const std::lock_guard lock(mutex_);
  closed_ = true;
  recorder_.set_waiting(group_, std::nullopt);
  if (done && !calls_.empty()) recorder_.end(group_, calls_.back().sequence);
}

struct DeviceWatch::Watched {
  std::mutex mutex;
  std::vector<std::weak_ptr<DeviceCalls>> all;

  std::vector<std::shared_ptr<DeviceCalls>> living() {
    const std::lock_guard lock(mutex);
    std::erase_if(all, [](const auto& one) { return one.expired(); });
    std::vector<std::shared_ptr<DeviceCalls>> here;
    for (const auto& one : all) {
      if (auto calls = one.lock()) here.push_back(std::move(calls));
    }
    return here;
  }
};

DeviceWatch::DeviceWatch()
    : watched_(std::make_shared<Watched>()), thread_("device-watch", [watched = watched_](int stop_fd) {
        constexpr int pace_ms = 20;
        pollfd stopped{stop_fd, POLLIN, 0};
        while (::poll(&stopped, 1, pace_ms) == 0) {
          for (const auto& calls : watched->living()) calls->look();
        }
      }) {}

void DeviceWatch::add(const std::shared_ptr<DeviceCalls>& calls) {
  const std::lock_guard lock(watched_->mutex);
  watched_->all.push_back(calls);
}

}  // namespace prelude
