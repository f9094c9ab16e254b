#include "dist/nccl/nccl_communicator.h"

#include <ATen/ATen.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <cstring>
#include <utility>

#include "core/error.h"
#include "dist/nccl/make_nccl.h"
#include "dist/nccl/nccl_check.h"
#include "dist/type_name.h"

namespace prelude {
namespace {

constexpr double longest_start = 300;  // seconds until all ranks have met
constexpr double longest_call = 60;    // until a call is taken up; its work goes on in the stream
constexpr double longest_end = 10;

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

cudaStream_t stream_of(int device) {
  return c10::cuda::getCurrentCUDAStream(static_cast<c10::DeviceIndex>(device)).stream();
}

// The streams keep the order; its tensors outlive it (Begun), so the allocator need not know of the side stream.
class BegunOnSide final : public Begun {
 public:
  BegunOnSide(c10::cuda::CUDAStream side, int device) : device_(device) { done_.record(side); }
  void advance() override {}
  void finish() override { done_.block(c10::cuda::getCurrentCUDAStream(static_cast<c10::DeviceIndex>(device_))); }

 private:
  int device_;
  at::cuda::CUDAEvent done_;
};

}  // namespace

NcclCommunicator::NcclCommunicator(ncclComm_t comm, int device, const std::string& name, std::int64_t color,
                                   FlightRecorder& recorder)
    : comm_(comm), device_(device), recorder_(recorder), group_(recorder.group(name, color)) {
  check_nccl(ncclCommUserRank(comm_, &rank_), "ncclCommUserRank");
  check_nccl(ncclCommCount(comm_, &size_), "ncclCommCount");
}

// Ends in order where that is quick, and by force where a rank is gone.
NcclCommunicator::~NcclCommunicator() {
  const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device_));
  try {
    if (std::uncaught_exceptions() == 0) {
      check_nccl(ncclCommFinalize(comm_), "ncclCommFinalize");
      settle_nccl(comm_, "ncclCommFinalize", longest_end);
      check_nccl(ncclCommDestroy(comm_), "ncclCommDestroy");
      return;
    }
  } catch (const std::exception&) {  // a destructor tells nobody
  }
  ncclCommAbort(comm_);
}

void NcclCommunicator::enqueue(Operation operation, const at::Tensor& tensor, const char* call,
                               const std::function<ncclResult_t()>& start) {
  const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device_));
  for (; !under_way_.empty() && under_way_.front().done.query(); under_way_.pop_front()) {
    recorder_.end(under_way_.front().ticket);
  }
  ensure(tensor.is_cuda() && tensor.is_contiguous(), "NCCL takes contiguous CUDA tensors");
  const auto ticket = recorder_.begin(group_, operation, tensor.numel(), name_of(tensor.scalar_type()));
  check_nccl(start(), call);
  settle_nccl(comm_, call, longest_call);
  under_way_.push_back({ticket, at::cuda::CUDAEvent()});
  under_way_.back().done.record(c10::cuda::getCurrentCUDAStream(static_cast<c10::DeviceIndex>(device_)));
}

std::unique_ptr<Begun> NcclCommunicator::begin(Operation operation, const at::Tensor& tensor, const char* call,
                                               const std::function<ncclResult_t()>& start) {
  const auto index = static_cast<c10::DeviceIndex>(device_);
  if (!side_) side_ = c10::cuda::getStreamFromPool(/*isHighPriority=*/true, index);
  at::cuda::CUDAEvent ready;
  ready.record(c10::cuda::getCurrentCUDAStream(index));
  ready.block(*side_);
  const c10::cuda::CUDAStreamGuard on_side(*side_);
  enqueue(operation, tensor, call, start);
  return std::make_unique<BegunOnSide>(*side_, device_);
}

ncclResult_t NcclCommunicator::start_all_reduce(const at::Tensor& tensor) {
  void* const data = tensor.mutable_data_ptr();
  return ncclAllReduce(data, data, static_cast<std::size_t>(tensor.numel()), datatype_of(tensor.scalar_type()), ncclSum,
                       comm_, stream_of(device_));
}

void NcclCommunicator::all_reduce_sum(at::Tensor& tensor) {
  enqueue(Operation::all_reduce, tensor, "ncclAllReduce", [&] { return start_all_reduce(tensor); });
}

std::unique_ptr<Begun> NcclCommunicator::begin_all_reduce(const at::Tensor& tensor) {
  return begin(Operation::all_reduce, tensor, "ncclAllReduce", [&] { return start_all_reduce(tensor); });
}

void NcclCommunicator::broadcast(at::Tensor& tensor, int root) {
  void* const data = tensor.mutable_data_ptr();
  enqueue(Operation::broadcast, tensor, "ncclBroadcast",
          [&] { return ncclBroadcast(data, data, tensor.nbytes(), ncclUint8, root, comm_, stream_of(device_)); });
}

at::Tensor NcclCommunicator::all_gather(const at::Tensor& mine) {
  std::vector<std::int64_t> shape = mine.sizes().vec();
  shape.insert(shape.begin(), size_);
  at::Tensor all = at::empty(shape, mine.options().requires_grad(false));  // [size,...]
  enqueue(Operation::all_gather, mine, "ncclAllGather", [&] {
    return ncclAllGather(mine.const_data_ptr(), all.mutable_data_ptr(), mine.nbytes(), ncclUint8, comm_,
                         stream_of(device_));
  });
  return all;
}

std::unique_ptr<Begun> NcclCommunicator::begin_all_gather(const at::Tensor& mine, const at::Tensor& all) {
  ensure(all.is_cuda() && all.is_contiguous() && all.nbytes() == static_cast<std::size_t>(size_) * mine.nbytes(),
         "a gather of {} x {} bytes into {}", size_, mine.nbytes(), all.nbytes());
  return begin(Operation::all_gather, mine, "ncclAllGather", [&] {
    return ncclAllGather(mine.const_data_ptr(), all.mutable_data_ptr(), mine.nbytes(), ncclUint8, comm_,
                         stream_of(device_));
  });
}

void NcclCommunicator::barrier() {
  at::Tensor one = at::ones({1}, at::TensorOptions(at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device_))));
  all_reduce_sum(one);
  (void)one.item<float>();
}

std::unique_ptr<Communicator> NcclCommunicator::split(int color, const std::string& name) {
  const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device_));
  ncclComm_t part = nullptr;
  ncclConfig_t config = non_blocking();
  check_nccl(ncclCommSplit(comm_, color, rank_, &part, &config), "ncclCommSplit");
  settle_nccl(comm_, "ncclCommSplit", longest_start);
  settle_nccl(part, "ncclCommSplit", longest_start);
  return std::make_unique<NcclCommunicator>(part, device_, name, color, recorder_);
}

std::string nccl_library() {
  int code = 0;
  check_nccl(ncclGetVersion(&code), "ncclGetVersion");
  return fmt::format("{}.{}.{}", code / 10000, code / 100 % 100, code % 100);
}

std::unique_ptr<Communicator> make_nccl(Communicator& host, int device, FlightRecorder& recorder) {
  const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device));
  ncclUniqueId id{};
  if (host.rank() == 0) check_nccl(ncclGetUniqueId(&id), "ncclGetUniqueId");
  at::Tensor bytes = at::empty({static_cast<std::int64_t>(sizeof id)}, at::kByte);
  std::memcpy(bytes.mutable_data_ptr(), &id, sizeof id);
  host.broadcast(bytes, 0);
  std::memcpy(&id, bytes.const_data_ptr(), sizeof id);
  ncclComm_t comm = nullptr;
  ncclConfig_t config = non_blocking();
  check_nccl(ncclCommInitRankConfig(&comm, host.size(), id, host.rank(), &config), "ncclCommInitRankConfig");
  settle_nccl(comm, "ncclCommInitRankConfig", longest_start);
  return std::make_unique<NcclCommunicator>(comm, device, "world", kNoColor, recorder);
}

}  // namespace prelude
