#include "launch/lm/held_out.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "launch/train/example_losses.h"
#include "launch/train/micro_batches.h"
#include "tasks/loader.h"

namespace prelude {

HeldOut::HeldOut(const PretextTask& objective, std::int64_t count, const MicroBatchLimits& limits,
                 const T5Config& config, at::Device device, Communicator& data)
    : data_(data), windows_(std::min(count, static_cast<std::int64_t>(objective.validation_anchors()))) {
  const auto examples = load_validation(objective, windows_, limits);
  all_parts_ = static_cast<std::int64_t>(examples.size());
  for (std::size_t i = 0; i < examples.size(); ++i) {
    for (const auto& example : examples[i]) label_tokens_ += static_cast<std::int64_t>(example.target.size()) - 1;
    if (static_cast<int>(i) % data.size() != data.rank()) continue;
    mine_.push_back(make_micro_batches({examples[i]}, config, device).front());
  }
}

ValidationResult HeldOut::evaluate(const Model& model) const {
  const at::NoGradGuard no_graph;
  const at::Device device = model.weights().embedding.device();
  // A row a micro-batch, written by one rank and zero on the others: the sum over ranks is exact, and the sum over rows
  // has one order.
  at::Tensor sums = at::zeros({all_parts_}, at::TensorOptions(at::kDouble).device(device));
  for (std::size_t i = 0; i < mine_.size(); ++i) {
    sums[static_cast<std::int64_t>(i) * data_.size() + data_.rank()].copy_(model.loss_sum(mine_[i], {}));
  }
  data_.all_reduce_sum(sums);
  const at::Tensor read = sums.cpu();
  double loss = 0;
  ValidationResult result;
  for (std::int64_t i = 0; i < all_parts_; ++i) {
    const double part_loss = read.const_data_ptr<double>()[i];
    if (!std::isfinite(part_loss) && !result.not_finite) {
      const bool mine = i % data_.size() == data_.rank();
      const Batch* const batch = mine ? &mine_.at(static_cast<std::size_t>(i / data_.size())) : nullptr;
      result.not_finite = sample_not_finite(model, batch, {}, data_, device);
    }
    loss += part_loss;
  }
  result.loss = loss / static_cast<double>(label_tokens_);
  result.examples = windows_;
  return result;
}

}  // namespace prelude
