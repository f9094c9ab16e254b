#include "launch/train/graphs/graphed.h"

#include <ATen/ATen.h>
#include <ATen/cuda/CUDAGraph.h>
#include <ATen/cuda/MemPool.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/error.h"
#include "dist/collective_error.h"
#include "launch/train/graphs/bucket.h"
#include "launch/train/graphs/recently_used.h"

namespace prelude {
namespace {

constexpr std::size_t most_buckets = 32;

// A bucket's graph with the tensors that it reads and writes.
struct CapturedStep {
  Batch batch;
  at::Tensor loss;      // []
  at::Tensor gradient;  // [N], of the delta's leaf
  at::cuda::CUDAGraph graph;
};

struct Graphs {
  at::cuda::MemPool pool;  // lives when no graph does: a pool that all have left cannot be used again
  RecentlyUsed<Bucket, std::unique_ptr<CapturedStep>> steps{most_buckets};  // null: seen once
};

// A stream for everything that the calling thread does on the device meanwhile: nothing is captured on the default one.
// What came before on the default stream is done when this one begins, and the other way round.
class OwnStream {
 public:
  explicit OwnStream(at::Device device)
      : guard_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index())) {
    c10::cuda::device_synchronize();
  }
  OwnStream(const OwnStream&) = delete;
  OwnStream& operator=(const OwnStream&) = delete;
  ~OwnStream() {
    if (!unwinding_) C10_CUDA_CHECK_WARN(cudaDeviceSynchronize());
  }

 private:
  c10::cuda::CUDAStreamGuard guard_;
  Unwinding unwinding_;
};

class GraphedLossAndGradient final : public LossAndGradient {
 public:
  GraphedLossAndGradient(const Model& model, const Delta& delta, at::Device device)
      : model_(model), delta_(delta), device_(device), stream_(device), eager_(model, delta) {}
  // Giving a pool back waits for the device, in whose queue a collective may hang when an exception is on its way.
  ~GraphedLossAndGradient() override {
    if (unwinding_) static_cast<void>(graphs_.release());
  }
  GraphedLossAndGradient(const GraphedLossAndGradient&) = delete;
  GraphedLossAndGradient& operator=(const GraphedLossAndGradient&) = delete;

  at::Tensor add(const Batch& batch) override {
    const Bucket bucket = bucket_of(batch);
    std::unique_ptr<CapturedStep>* const known = graphs_->steps.find(bucket);
    if (known == nullptr) {
      graphs_->steps.insert(bucket, nullptr);
      return warm_up(bucket, batch);
    }
    if (*known == nullptr) *known = capture(bucket);
    CapturedStep& step = **known;
    copy_batch(batch, pad_id(), step.batch);
    step.graph.replay();
    const at::NoGradGuard no_graph;
    at::Tensor leaf = delta_.trainable().flat();
    leaf.mutable_grad().add_(step.gradient);
    return step.loss;
  }
  void pass_idly(std::int64_t passes) override { eager_.pass_idly(passes); }

 private:
  std::int64_t pad_id() const { return model_.config().pad_token_id; }

  // The bucket's first micro-batch runs as it comes: libraries load their kernels, which no capture may do.
  at::Tensor warm_up(const Bucket& bucket, const Batch& batch) {
    Batch padded = blank_batch(bucket, pad_id(), device_);
    copy_batch(batch, pad_id(), padded);
    return eager_.add(padded);
  }

  std::unique_ptr<CapturedStep> capture(const Bucket& bucket) {
    auto step = std::make_unique<CapturedStep>();
    step->batch = blank_batch(bucket, pad_id(), device_);
    c10::cuda::device_synchronize();
    c10::cuda::CUDACachingAllocator::emptyCache();  // the pool is memory beside what steps as they come have used
    step->graph.capture_begin(graphs_->pool.id());
    const at::Tensor loss = model_.loss_sum(step->batch, DeltaSites(delta_, step->batch.task_ids));
    step->gradient = torch::autograd::grad({loss}, {delta_.trainable().flat()}).front();
    step->loss = loss.detach();
    step->graph.capture_end();
    return step;
  }

  const Model& model_;
  const Delta& delta_;
  at::Device device_;
  OwnStream stream_;
  EagerLossAndGradient eager_;
  std::unique_ptr<Graphs> graphs_ = std::make_unique<Graphs>();
  Unwinding unwinding_;
};

}  // namespace

std::unique_ptr<LossAndGradient> make_graphed(const Model& model, const Delta& delta, at::Device device) {
  require(device.is_cuda(), "--cuda-graphs needs --device cuda");
  return std::make_unique<GraphedLossAndGradient>(model, delta, device);
}

}  // namespace prelude
