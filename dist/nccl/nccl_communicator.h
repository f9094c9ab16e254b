#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dist/collective_error.h"
#include "dist/communicator.h"
#include "dist/nccl/device_calls.h"
#include "dist/nccl/nccl_api.h"
#include "dist/watchdog/flight_recorder.h"

namespace prelude {

// What the NCCL communicators of a process share.
struct NcclShared {
  std::shared_ptr<NcclApi> api;
  FlightRecorder& recorder;  // outlives them
  // Seconds that NCCL may take to take up a call: the first of a communicator needs its peers. The watchdog judges
  // earlier, with the culprit.
  double patience;
  double longest_end = 10;  // seconds for the end of a communicator in order; what hangs longer is aborted
  std::shared_ptr<DeviceWatch> watch = std::make_shared<DeviceWatch>();
};

// NCCL for CUDA tensors, on the current stream of this rank's device: the host does not wait. NCCL's communicator is
// non-blocking, so that it can be aborted, and no call, error or end of it hangs.
class NcclCommunicator final : public Communicator {
 public:
  // Owns `comm`, ready for use. Every call is noted in the recorder.
  NcclCommunicator(NcclShared shared, NcclHandle comm, const std::string& name, std::int64_t color);
  // In order where that is quick, and by force where an exception is on its way. What hangs even so is left behind.
  ~NcclCommunicator() override;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void all_reduce_sum(at::Tensor& tensor) override;
  void broadcast(at::Tensor& tensor, int root) override;
  at::Tensor all_gather(const at::Tensor& mine) override;
  // On a stream of its own, which waits for the current one as it is now.
  std::unique_ptr<Begun> begin_all_gather(const at::Tensor& mine, const at::Tensor& all) override;
  std::unique_ptr<Begun> begin_all_reduce(const at::Tensor& tensor) override;
  std::unique_ptr<Communicator> split(int color, const std::string& name) override;

 private:
  using Call = std::function<NcclResult(DeviceStream)>;

  // Puts a call into `stream`, noted in the recorder; `name` is that of NCCL's function.
  void enqueue(Operation operation, const at::Tensor& tensor, const char* name, DeviceStream stream, const Call& call);
  // The same on the side stream.
  std::unique_ptr<Begun> begin(Operation operation, const at::Tensor& tensor, const char* name, const Call& call);
  // Asks NCCL for `call` and waits until it has been taken up.
  void ask(const char* name, const std::function<NcclResult()>& call);

  NcclShared shared_;
  NcclHandle comm_;
  std::shared_ptr<DeviceCalls> calls_;
  std::optional<DeviceStream> side_;  // of collectives that are begun
  int rank_ = 0;
  int size_ = 1;
  Unwinding unwinding_;
};

// All ranks of `host` over NCCL, each with a device of its own; `host` sends NCCL's id.
std::unique_ptr<Communicator> start_nccl(Communicator& host, const NcclShared& shared);

}  // namespace prelude
