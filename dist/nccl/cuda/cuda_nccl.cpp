// NCCL and the device as they are.
#include <ATen/ATen.h>
#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <nccl.h>

#include <cstring>

#include "core/error.h"
#include "dist/collective_error.h"
#include "dist/nccl/make_nccl.h"
#include "dist/nccl/nccl_communicator.h"

namespace prelude {
namespace {

static_assert(ncclSuccess == nccl_success && ncclInProgress == nccl_in_progress);
static_assert(sizeof(ncclUniqueId) == sizeof(NcclId));

ncclDataType_t datatype_of(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return ncclFloat32;
    case at::kDouble:
      return ncclFloat64;
    case at::kBFloat16:
      return ncclBfloat16;
    case at::kHalf:
      return ncclFloat16;
    case at::kLong:
      return ncclInt64;
    default:
      throw InternalError(fmt::format("NCCL sums no {}", at::toString(type)));
  }
}

ncclConfig_t non_blocking() {
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  return config;
}

// While another thread captures a graph, this one may ask all the same.
class BesideCaptures {
 public:
  BesideCaptures() { C10_CUDA_CHECK(cudaThreadExchangeStreamCaptureMode(&mode_)); }
  BesideCaptures(const BesideCaptures&) = delete;
  BesideCaptures& operator=(const BesideCaptures&) = delete;
  ~BesideCaptures() { C10_CUDA_CHECK_WARN(cudaThreadExchangeStreamCaptureMode(&mode_)); }

 private:
  cudaStreamCaptureMode mode_ = cudaStreamCaptureModeThreadLocal;
};

class CudaNccl final : public NcclApi {
 public:
  explicit CudaNccl(int device) : device_(static_cast<c10::DeviceIndex>(device)) {}

  NcclResult make_id(NcclId& id) override {
    ncclUniqueId made{};
    const ncclResult_t result = ncclGetUniqueId(&made);
    std::memcpy(id.data(), &made, sizeof made);
    return result;
  }
  NcclResult init(NcclHandle& comm, int size, const NcclId& id, int rank) override {
    const c10::cuda::CUDAGuard guard(device_);
    ncclUniqueId given{};
    std::memcpy(&given, id.data(), sizeof given);
    ncclConfig_t config = non_blocking();
    return ncclCommInitRankConfig(&comm, size, given, rank, &config);
  }
  NcclResult split(NcclHandle comm, int color, int rank, NcclHandle& part) override {
    const c10::cuda::CUDAGuard guard(device_);
    ncclConfig_t config = non_blocking();
    return ncclCommSplit(comm, color, rank, &part, &config);
  }
  NcclResult place(NcclHandle comm, int& rank, int& size) override {
    const ncclResult_t result = ncclCommUserRank(comm, &rank);
    return result == ncclSuccess ? ncclCommCount(comm, &size) : result;
  }

  NcclResult all_reduce_sum(NcclHandle comm, const at::Tensor& tensor, DeviceStream stream) override {
    const c10::cuda::CUDAGuard guard(device_);
    void* const data = tensor.mutable_data_ptr();
    return ncclAllReduce(data, data, static_cast<std::size_t>(tensor.numel()), datatype_of(tensor.scalar_type()),
                         ncclSum, comm, stream);
  }
  NcclResult broadcast(NcclHandle comm, const at::Tensor& tensor, int root, DeviceStream stream) override {
    const c10::cuda::CUDAGuard guard(device_);
    void* const data = tensor.mutable_data_ptr();
    return ncclBroadcast(data, data, tensor.nbytes(), ncclUint8, root, comm, stream);
  }
  NcclResult all_gather(NcclHandle comm, const at::Tensor& mine, const at::Tensor& all, DeviceStream stream) override {
    const c10::cuda::CUDAGuard guard(device_);
    return ncclAllGather(mine.const_data_ptr(), all.mutable_data_ptr(), mine.nbytes(), ncclUint8, comm, stream);
  }

  NcclResult async_error(NcclHandle comm, NcclResult& state) override {
    ncclResult_t told = ncclSuccess;
    const ncclResult_t result = ncclCommGetAsyncError(comm, &told);
    state = told;
    return result;
  }
  std::string describe(NcclHandle comm, NcclResult result) override {
    const std::string text = ncclGetErrorString(static_cast<ncclResult_t>(result));
    const char* const more = comm == nullptr ? nullptr : ncclGetLastError(comm);
    return more == nullptr || *more == '\0' ? text : fmt::format("{} ({})", text, more);
  }

  NcclResult finalize(NcclHandle comm) override {
    const c10::cuda::CUDAGuard guard(device_);
    return ncclCommFinalize(comm);
  }
  NcclResult destroy(NcclHandle comm) override {
    const c10::cuda::CUDAGuard guard(device_);
    return ncclCommDestroy(comm);
  }
  NcclResult abort(NcclHandle comm) override {
    const c10::cuda::CUDAGuard guard(device_);
    return ncclCommAbort(comm);
  }

  bool holds(const at::Tensor& tensor) const override { return tensor.is_cuda() && tensor.device().index() == device_; }
  DeviceStream current_stream() override { return c10::cuda::getCurrentCUDAStream(device_).stream(); }
  DeviceStream side_stream() override {
    return c10::cuda::getStreamFromPool(/*isHighPriority=*/true, device_).stream();
  }
  DeviceEvent make_event() override {
    const c10::cuda::CUDAGuard guard(device_);
    cudaEvent_t event = nullptr;
    C10_CUDA_CHECK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    return event;
  }
  void destroy_event(DeviceEvent event) noexcept override { C10_CUDA_CHECK_WARN(cudaEventDestroy(event)); }
  void record(DeviceEvent event, DeviceStream stream) override {
    const c10::cuda::CUDAGuard guard(device_);
    C10_CUDA_CHECK(cudaEventRecord(event, stream));
  }
  void block(DeviceStream stream, DeviceEvent event) override {
    const c10::cuda::CUDAGuard guard(device_);
    C10_CUDA_CHECK(cudaStreamWaitEvent(stream, event, 0));
  }
  bool done(DeviceEvent event) override {
    const BesideCaptures relaxed;
    const cudaError_t state = cudaEventQuery(event);
    if (state == cudaErrorNotReady) {
      static_cast<void>(cudaGetLastError());  // it is no error, and not to be found by the next check
      return false;
    }
    C10_CUDA_CHECK(state);
    return true;
  }

 private:
  c10::DeviceIndex device_;
};

}  // namespace

std::string nccl_library() {
  int code = 0;
  if (ncclGetVersion(&code) != ncclSuccess) throw CollectiveError("ncclGetVersion failed");
  return fmt::format("{}.{}.{}", code / 10000, code / 100 % 100, code % 100);
}

std::unique_ptr<Communicator> make_nccl(Communicator& host, int device, FlightRecorder& recorder, double timeout) {
  constexpr double later = 10;  // the watchdog has spoken by then
  return start_nccl(host, {std::make_shared<CudaNccl>(device), recorder, timeout + later});
}

}  // namespace prelude
