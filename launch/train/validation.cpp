#include "launch/train/validation.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "launch/train/example_losses.h"
#include "launch/train/micro_batches.h"
#include "launch/train/offered_classes.h"
#include "tasks/loader.h"

namespace prelude {
namespace {

at::Tensor to_device(const std::vector<std::int64_t>& values, at::Device device) {
  return at::tensor(values, at::kLong).to(device);
}

// What the first of `ranks` has of `parts` that are dealt out in turn.
std::int64_t greatest_share(std::int64_t parts, std::int64_t ranks) { return (parts + ranks - 1) / ranks; }

// Where the answer stands in the labels: they are the target without its first id.
std::int64_t answer_row(const Example& example, std::int32_t answer) {
  const auto found = std::find(example.target.begin() + 1, example.target.end(), answer);
  ensure(found != example.target.end(), "a validation target does not hold its answer {}", answer);
  return found - example.target.begin() - 1;
}

}  // namespace

Validation::Validation(const PretextTask& task, std::int64_t count, const MicroBatchLimits& limits,
                       const T5Config& config, at::Device device, Communicator& data)
    : data_(data), examples_(count) {
  const auto& ids = task.label_ids();
  label_ids_ = to_device({ids.begin(), ids.end()}, device);
  const auto examples = load_validation(task, count, limits);
  all_parts_ = static_cast<std::int64_t>(examples.size());
  for (std::size_t i = 0; i < examples.size(); ++i) {
    for (const auto& example : examples[i]) label_tokens_ += static_cast<std::int64_t>(example.target.size()) - 1;
    if (static_cast<int>(i) % data.size() != data.rank()) continue;
    std::vector<std::int64_t> rows;
    std::vector<std::int64_t> answers;
    for (const auto& example : examples[i]) {
      answers.push_back(example.label);
      rows.push_back(answer_row(example, ids.at(static_cast<std::size_t>(example.label))));
    }
    auto batch = make_micro_batches({examples[i]}, config, device).front();
    parts_.push_back({std::move(batch), to_device(rows, device), to_device(answers, device),
                      not_offered(examples[i], label_ids_.numel(), device)});
  }
}

std::int64_t Validation::sample_in(std::int64_t part, const Model& model, const Delta& delta) const {
  const bool mine = part % data_.size() == data_.rank();
  const Batch* const batch = mine ? &parts_.at(static_cast<std::size_t>(part / data_.size())).batch : nullptr;
  return sample_not_finite(model, batch, mine ? DeltaSites(delta, batch->task_ids) : DeltaSites(), data_,
                           label_ids_.device());
}

ValidationResult Validation::evaluate(const Model& model, const Delta& delta) const {
  const at::NoGradGuard no_graph;
  const at::Device device = label_ids_.device();
  // A row a micro-batch: loss sum and right answers. Each is written by one rank and zero on the others, so that the
  // sum over ranks is exact and the sum over rows has one order.
  at::Tensor sums = at::zeros({all_parts_, 2}, at::TensorOptions(at::kDouble).device(device));
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    const Batch& batch = part.batch;
    const at::Tensor row = sums[static_cast<std::int64_t>(i) * data_.size() + data_.rank()];  // [2]
    const DeltaSites sites(delta, batch.task_ids);
    const auto encoded = model.encode(batch.source_ids, batch.source_lengths, sites);
    const at::Tensor hidden = model.decode(batch.decoder_ids, encoded, sites);  // [B,T,D]
    const at::Tensor logits = model.logits(hidden).to(at::kFloat);              // [B,T,V]
    row[0].copy_(at::cross_entropy_loss(logits.flatten(0, 1), batch.labels.flatten(), {}, at::Reduction::Sum,
                                        Batch::ignored_label));
    const at::Tensor examples = at::arange(logits.size(0), part.answers.options());
    const at::Tensor answer_logits = logits.index({examples, part.answer_rows});  // [B,V]
    at::Tensor choices = answer_logits.index_select(1, label_ids_);               // [B,C]
    choices.masked_fill_(part.not_offered, -std::numeric_limits<double>::infinity());
    row[1].copy_((choices.argmax(1) == part.answers).sum());  // []
  }
  model.pass_idly(greatest_share(all_parts_, data_.size()) - static_cast<std::int64_t>(parts_.size()));
  data_.all_reduce_sum(sums);
  const at::Tensor read = sums.cpu();
  double loss = 0;
  double right = 0;
  ValidationResult result;
  for (std::int64_t i = 0; i < all_parts_; ++i) {
    const double part_loss = read.const_data_ptr<double>()[2 * i];
    if (!std::isfinite(part_loss) && !result.not_finite) result.not_finite = sample_in(i, model, delta);
    loss += part_loss;
    right += read.const_data_ptr<double>()[2 * i + 1];
  }
  result.loss = loss / static_cast<double>(label_tokens_);
  result.accuracy = right / static_cast<double>(examples_);
  result.examples = examples_;
  return result;
}

}  // namespace prelude
