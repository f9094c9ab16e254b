// NCCL and a device that do what a test says: at once, late, in another order, wrongly, or never. CPU tensors stand for
// the device's; nothing is summed.
#pragma once

#include <ATen/ATen.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "dist/nccl/nccl_api.h"

namespace prelude::test {

// Something in a stream: done when what stands before it is, and `own` says so.
struct FakeItem {
  std::function<bool()> own;
  std::shared_ptr<FakeItem> before;
  bool finished = false;

  bool done() {
    if (finished) return true;
    if (before && !before->done()) return false;
    if (own && !own()) return false;
    before.reset();
    finished = true;
    return true;
  }
};

}  // namespace prelude::test

struct CUstream_st {
  std::shared_ptr<prelude::test::FakeItem> last;
};
struct CUevent_st {
  std::shared_ptr<prelude::test::FakeItem> after;
};
struct ncclComm {
  int number;  // in the order of their making
  int rank;
  int size;
  int calls = 0;
};

namespace prelude::test {

class FakeNccl final : public NcclApi {
 public:
  explicit FakeNccl(int rank = 0, int size = 1) : rank_(rank), size_(size) {}

  // What a test may set before the first call; any thread asks. `completes`: whether the device has done call number
  // `call` of communicator number `comm` (from 0) once it has come to it. `taken_up`: whether NCCL's host part has.
  std::function<bool(int comm, int call)> completes = [](int, int) { return true; };
  std::function<bool()> taken_up = [] { return true; };
  std::function<void(int comm, int call)> came = [](int, int) {};  // the device has come to it; once
  // And at any time.
  std::atomic<NcclResult> call_result{nccl_success};
  std::atomic<NcclResult> async_failure{nccl_success};
  std::atomic<NcclResult> finalize_result{nccl_success};
  std::atomic<NcclResult> destroy_result{nccl_success};
  std::atomic<bool> finalize_settles{true};
  std::atomic<bool> destroy_hangs{false};
  std::atomic<bool> device_fails{false};

  // Work of the program itself on the current stream.
  void compute(const std::function<bool()>& done) {
    const std::lock_guard lock(mutex_);
    put(&current_, done);
  }
  // Whether all that stands in the current stream is done: what a host waits for that reads a result.
  bool stream_done() {
    const std::lock_guard lock(mutex_);
    return !current_.last || current_.last->done();
  }
  // How the communicators ended: "finalize destroy", "abort".
  std::string ends() const {
    const std::lock_guard lock(mutex_);
    return ends_;
  }

  NcclResult make_id(NcclId& id) override {
    id.fill('i');
    return nccl_success;
  }
  NcclResult init(NcclHandle& comm, int /*size*/, const NcclId& id, int /*rank*/) override {
    if (id[5] != 'i') return 5;
    comm = new_comm();
    return asked();
  }
  NcclResult split(NcclHandle /*comm*/, int /*color*/, int /*rank*/, NcclHandle& part) override {
    part = new_comm();
    return asked();
  }
  NcclResult place(NcclHandle comm, int& rank, int& size) override {
    rank = comm->rank;
    size = comm->size;
    return nccl_success;
  }

  NcclResult all_reduce_sum(NcclHandle comm, const at::Tensor& /*tensor*/, DeviceStream stream) override {
    return call(comm, stream);
  }
  NcclResult broadcast(NcclHandle comm, const at::Tensor& /*tensor*/, int /*root*/, DeviceStream stream) override {
    return call(comm, stream);
  }
  NcclResult all_gather(NcclHandle comm, const at::Tensor& /*mine*/, const at::Tensor& /*all*/,
                        DeviceStream stream) override {
    return call(comm, stream);
  }

  NcclResult async_error(NcclHandle /*comm*/, NcclResult& state) override {
    state = async_failure;
    if (state == nccl_success && (!taken_up() || (finalizing_ && !finalize_settles))) state = nccl_in_progress;
    return nccl_success;
  }
  std::string describe(NcclHandle /*comm*/, NcclResult result) override {
    return "failure " + std::to_string(result) + " of the fake";
  }

  NcclResult finalize(NcclHandle /*comm*/) override {
    say_end("finalize");
    finalizing_ = true;
    return finalize_result == nccl_success ? nccl_in_progress : finalize_result.load();
  }
  NcclResult destroy(NcclHandle /*comm*/) override {
    say_end("destroy");
    while (destroy_hangs) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return destroy_result;
  }
  NcclResult abort(NcclHandle /*comm*/) override {
    say_end("abort");
    return nccl_success;
  }

  bool holds(const at::Tensor& tensor) const override { return tensor.is_cpu(); }
  DeviceStream current_stream() override { return &current_; }
  DeviceStream side_stream() override { return &side_; }
  DeviceEvent make_event() override { return new CUevent_st; }
  void destroy_event(DeviceEvent event) noexcept override { delete event; }
  void record(DeviceEvent event, DeviceStream stream) override {
    const std::lock_guard lock(mutex_);
    event->after = stream->last;
  }
  void block(DeviceStream stream, DeviceEvent event) override {
    const std::lock_guard lock(mutex_);
    put(stream, [after = event->after] { return !after || after->done(); });
  }
  bool done(DeviceEvent event) override {
    if (device_fails) throw std::runtime_error("the device fell off the bus");
    const std::lock_guard lock(mutex_);
    return !event->after || event->after->done();
  }

 private:
  NcclHandle new_comm() {
    const std::lock_guard lock(mutex_);
    comms_.push_back(std::make_unique<ncclComm>(ncclComm{static_cast<int>(comms_.size()), rank_, size_}));
    return comms_.back().get();
  }
  NcclResult asked() { return taken_up() ? nccl_success : nccl_in_progress; }
  static void put(DeviceStream stream, std::function<bool()> own) {
    stream->last = std::make_shared<FakeItem>(FakeItem{std::move(own), stream->last});
  }
  NcclResult call(NcclHandle comm, DeviceStream stream) {
    if (call_result != nccl_success) return call_result;
    const std::lock_guard lock(mutex_);
    put(stream, [this, comm = comm->number, number = comm->calls++, first = true]() mutable {
      if (first) came(comm, number);
      first = false;
      return completes(comm, number);
    });
    return asked();
  }
  void say_end(const std::string& how) {
    const std::lock_guard lock(mutex_);
    ends_ += (ends_.empty() ? "" : " ") + how;
  }

  int rank_;
  int size_;
  mutable std::mutex mutex_;  // of the streams and what follows
  CUstream_st current_;
  CUstream_st side_;
  std::vector<std::unique_ptr<ncclComm>> comms_;
  std::string ends_;
  std::atomic<bool> finalizing_{false};
};

}  // namespace prelude::test
