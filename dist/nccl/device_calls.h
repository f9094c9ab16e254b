// The collectives of a NCCL communicator that stand in the device's queue. The host does not wait for them, so somebody
// has to ask the device when they are done: a thread of its own, for a question may hang where the device does.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dist/nccl/nccl_api.h"
#include "dist/watchdog/flight_recorder.h"
#include "dist/watchdog/quiet_thread.h"

namespace prelude {

// Of one communicator. The thread that calls its collectives begins them here, look() ends them.
class DeviceCalls {
 public:
  // Notes calls in `recorder`, which outlives this, as those of a group `name` of `color`.
  DeviceCalls(std::shared_ptr<NcclApi> api, NcclHandle comm, FlightRecorder& recorder, const std::string& name,
              std::int64_t color);
  DeviceCalls(const DeviceCalls&) = delete;
  DeviceCalls& operator=(const DeviceCalls&) = delete;
  ~DeviceCalls();

  // A collective is about to be put into `stream`.
  void begin(Operation operation, std::int64_t count, std::string_view dtype, DeviceStream stream);
  // The collective that was begun last is in `stream`.
  void queued(DeviceStream stream);
  // The same of what the host alone does and waits for.
  void begin_on_host(Operation operation);
  void end_on_host();
  // From now on the host waits until NCCL has taken up what was begun last; or no more.
  void host_waits(bool waits);

  // Asks the device what is done, what is waited for, and NCCL whether it failed: all goes to the recorder. Never holds
  // what the other thread needs while it asks.
  void look() noexcept;
  // Nobody asks any more; at most a second. `done`: all that was begun.
  void close(bool done);

  // Held while anything is asked of the communicator.
  std::timed_mutex& comm_mutex() { return comm_mutex_; }

 private:
  struct Call {
    std::uint64_t sequence = 0;     // in the recorder
    DeviceEvent started = nullptr;  // null: the host's
    DeviceEvent done = nullptr;
    bool queued = false;
    std::optional<Moment> came;  // when the stream was first seen to have come to it
  };

  DeviceEvent take_event();
  void push(Call call, Operation operation, std::int64_t count, std::string_view dtype);
  std::optional<Call> oldest();
  bool is_done(const Call& call);
  void end_oldest();
  void note_wait(bool came);
  void look_at_device();
  void look_for_failure();
  void fail(const std::string& what);
  bool is_closed();

  std::shared_ptr<NcclApi> api_;
  NcclHandle comm_;
  FlightRecorder& recorder_;
  std::size_t group_;  // in the recorder
  std::string name_;

  std::timed_mutex comm_mutex_;
  std::mutex mutex_;  // of what follows
  std::deque<Call> calls_;
  std::vector<DeviceEvent> spare_;
  std::optional<Moment> host_waits_since_;
  bool closed_ = false;
};

// Looks at the calls of all communicators of a process, 50 times a second.
class DeviceWatch {
 public:
  DeviceWatch();
  void add(const std::shared_ptr<DeviceCalls>& calls);

 private:
  struct Watched;
  std::shared_ptr<Watched> watched_;
  QuietThread thread_;
};

}  // namespace prelude
