#include "dist/nccl/nccl_communicator.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "core/error.h"
#include "dist/type_name.h"

namespace prelude {
namespace {

// Asks NCCL something of a communicator; one thread at a time does.
class CommAsker {
 public:
  CommAsker(NcclApi& api, NcclHandle comm, std::timed_mutex& mutex) : api_(api), comm_(comm), mutex_(mutex) {}

  // `call` is NCCL's function `name`. Returns once it has been taken up. Throws CollectiveError where it failed, or
  // after `patience` seconds. `waits` is told when that takes long.
  void ask(const char* name, double patience, const std::function<NcclResult()>& call,
           const std::function<void()>& waits = {}) const {
    NcclResult state = nccl_success;
    {
      const std::lock_guard lock(mutex_);
      state = call();
    }
    const Moment start = now();
    for (int looks = 0; !settled(name, state); ++looks) {
      if (looks == spins && waits) waits();
      if (looks > spins) std::this_thread::sleep_for(std::chrono::microseconds(20));
      if (looks > spins && seconds_since(start) > patience)
        throw CollectiveError(fmt::format("{}: not taken up within {:.0f} s", name, patience));
      const std::lock_guard lock(mutex_);
      const NcclResult asked = api_.async_error(comm_, state);
      if (asked != nccl_success) state = asked;
    }
  }

 private:
  static constexpr int spins = 1000;

  bool settled(const char* name, NcclResult state) const {
    if (state != nccl_success && state != nccl_in_progress)
      throw CollectiveError(fmt::format("{}: {}", name, api_.describe(comm_, state)));
    return state == nccl_success;
  }

  NcclApi& api_;
  NcclHandle comm_;
  std::timed_mutex& mutex_;
};

// Whether `comm` ended in order.
bool end_in_order(NcclApi& api, NcclHandle comm, double longest_end) {
  std::timed_mutex nobody_else;
  try {
    CommAsker(api, comm, nobody_else).ask("ncclCommFinalize", longest_end, [&] { return api.finalize(comm); });
  } catch (const CollectiveError&) {  // a destructor tells nobody
    return false;
  }
  api.destroy(comm);  // fails or not, `comm` is gone
  return true;
}

// Ends `comm` in a thread that is left behind where NCCL itself hangs: nobody waits for a hung device long. True: in
// order.
bool end_comm(std::shared_ptr<NcclApi> api, NcclHandle comm, bool by_force, double longest_end) {
  constexpr double longest_abort = 2;
  std::promise<bool> promise;
  std::future<bool> in_order = promise.get_future();
  std::thread([api = std::move(api), comm, by_force, longest_end, promise = std::move(promise)]() mutable {
    const bool ended = !by_force && end_in_order(*api, comm, longest_end);
    if (!ended) api->abort(comm);
    promise.set_value(ended);
  }).detach();
  const std::chrono::duration<double> most(longest_abort + (by_force ? 0 : longest_end));
  return in_order.wait_for(most) == std::future_status::ready && in_order.get();
}

class OwnEvent {
 public:
  OwnEvent(std::shared_ptr<NcclApi> api, DeviceStream after) : api_(std::move(api)), event_(api_->make_event()) {
    api_->record(event_, after);
  }
  OwnEvent(const OwnEvent&) = delete;
  OwnEvent& operator=(const OwnEvent&) = delete;
  ~OwnEvent() { api_->destroy_event(event_); }
  void block(DeviceStream stream) const { api_->block(stream, event_); }
  bool done() const { return api_->done(event_); }

 private:
  std::shared_ptr<NcclApi> api_;
  DeviceEvent event_;
};

// The streams keep the order; its tensors outlive it (Begun), so the allocator need not know of the side stream.
class BegunOnSide final : public Begun {
 public:
  BegunOnSide(const std::shared_ptr<NcclApi>& api, DeviceStream side) : api_(api), done_(api, side) {}
  bool advance() override { return done_.done(); }
  void finish() override { done_.block(api_->current_stream()); }

 private:
  std::shared_ptr<NcclApi> api_;
  OwnEvent done_;
};

}  // namespace

NcclCommunicator::NcclCommunicator(NcclShared shared, NcclHandle comm, const std::string& name, std::int64_t color)
    : shared_(std::move(shared)),
      comm_(comm),
      calls_(std::make_shared<DeviceCalls>(shared_.api, comm, shared_.recorder, name, color)) {
  ask("ncclCommUserRank", [&] { return shared_.api->place(comm_, rank_, size_); });
  shared_.watch->add(calls_);
}

NcclCommunicator::~NcclCommunicator() {
  calls_->close(false);
  const bool done = end_comm(shared_.api, comm_, static_cast<bool>(unwinding_), shared_.longest_end);
  if (done) calls_->close(true);
}

void NcclCommunicator::ask(const char* name, const std::function<NcclResult()>& call) {
  const CommAsker asker(*shared_.api, comm_, calls_->comm_mutex());
  asker.ask(name, shared_.patience, call, [&] { calls_->host_waits(true); });
  calls_->host_waits(false);
}

void NcclCommunicator::enqueue(Operation operation, const at::Tensor& tensor, const char* name, DeviceStream stream,
                               const Call& call) {
  ensure(shared_.api->holds(tensor) && tensor.is_contiguous(), "NCCL takes contiguous tensors on its device");
  calls_->begin(operation, tensor.numel(), name_of(tensor.scalar_type()), stream);
  ask(name, [&] { return call(stream); });
  calls_->queued(stream);
}

std::unique_ptr<Begun> NcclCommunicator::begin(Operation operation, const at::Tensor& tensor, const char* name,
                                               const Call& call) {
  if (!side_) side_ = shared_.api->side_stream();
  OwnEvent(shared_.api, shared_.api->current_stream()).block(*side_);
  enqueue(operation, tensor, name, *side_, call);
  return std::make_unique<BegunOnSide>(shared_.api, *side_);
}

void NcclCommunicator::all_reduce_sum(at::Tensor& tensor) {
  enqueue(Operation::all_reduce, tensor, "ncclAllReduce", shared_.api->current_stream(),
          [&](DeviceStream stream) { return shared_.api->all_reduce_sum(comm_, tensor, stream); });
}

std::unique_ptr<Begun> NcclCommunicator::begin_all_reduce(const at::Tensor& tensor) {
  return begin(Operation::all_reduce, tensor, "ncclAllReduce",
               [&](DeviceStream stream) { return shared_.api->all_reduce_sum(comm_, tensor, stream); });
}

void NcclCommunicator::broadcast(at::Tensor& tensor, int root) {
  enqueue(Operation::broadcast, tensor, "ncclBroadcast", shared_.api->current_stream(),
          [&](DeviceStream stream) { return shared_.api->broadcast(comm_, tensor, root, stream); });
}

at::Tensor NcclCommunicator::all_gather(const at::Tensor& mine) {
  std::vector<std::int64_t> shape = mine.sizes().vec();
  shape.insert(shape.begin(), size_);
  at::Tensor all = at::empty(shape, mine.options().requires_grad(false));  // [size,...]
  enqueue(Operation::all_gather, mine, "ncclAllGather", shared_.api->current_stream(),
          [&](DeviceStream stream) { return shared_.api->all_gather(comm_, mine, all, stream); });
  return all;
}

std::unique_ptr<Begun> NcclCommunicator::begin_all_gather(const at::Tensor& mine, const at::Tensor& all) {
  ensure(
      shared_.api->holds(all) && all.is_contiguous() && all.nbytes() == static_cast<std::size_t>(size_) * mine.nbytes(),
      "a gather of {} x {} bytes into {}", size_, mine.nbytes(), all.nbytes());
  return begin(Operation::all_gather, mine, "ncclAllGather",
               [&](DeviceStream stream) { return shared_.api->all_gather(comm_, mine, all, stream); });
}

std::unique_ptr<Communicator> NcclCommunicator::split(int color, const std::string& name) {
  NcclHandle part = nullptr;
  calls_->begin_on_host(Operation::new_group);
  ask("ncclCommSplit", [&] { return shared_.api->split(comm_, color, rank_, part); });
  calls_->host_waits(true);
  std::timed_mutex nobody_else;
  CommAsker(*shared_.api, part, nobody_else).ask("ncclCommSplit", shared_.patience, [] { return nccl_in_progress; });
  calls_->end_on_host();
  return std::make_unique<NcclCommunicator>(shared_, part, name, color);
}

std::unique_ptr<Communicator> start_nccl(Communicator& host, const NcclShared& shared) {
  NcclApi& api = *shared.api;
  NcclId id{};
  std::timed_mutex nobody_else;
  const auto ask = [&](NcclHandle comm, const char* name, const std::function<NcclResult()>& call) {
    CommAsker(api, comm, nobody_else).ask(name, shared.patience, call);
  };
  if (host.rank() == 0) ask(nullptr, "ncclGetUniqueId", [&] { return api.make_id(id); });
  at::Tensor bytes = at::empty({static_cast<std::int64_t>(id.size())}, at::kByte);
  std::memcpy(bytes.mutable_data_ptr(), id.data(), id.size());
  host.broadcast(bytes, 0);
  std::memcpy(id.data(), bytes.const_data_ptr(), id.size());
  const InFlight noted(shared.recorder, shared.recorder.group("world"), Operation::new_group, 0, "");
  NcclHandle comm = nullptr;
  const NcclResult begun = api.init(comm, host.size(), id, host.rank());
  ask(comm, "ncclCommInitRankConfig", [&] { return begun; });
  return std::make_unique<NcclCommunicator>(shared, comm, "world", kNoColor);
}

}  // namespace prelude
