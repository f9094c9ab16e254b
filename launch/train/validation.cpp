#include "launch/train/validation.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/error.h"
#include "launch/train/micro_batches.h"
#include "tasks/loader.h"

namespace prelude {
namespace {

at::Tensor to_device(const std::vector<std::int64_t>& values, at::Device device) {
  return at::tensor(values, at::kLong).to(device);
}

// Where the answer stands in the labels: they are the target without its first id.
std::int64_t answer_row(const Example& example, std::int32_t answer) {
  const auto found = std::find(example.target.begin() + 1, example.target.end(), answer);
  ensure(found != example.target.end(), "a validation target does not hold its answer {}", answer);
  return found - example.target.begin() - 1;
}

}  // namespace

Validation::Validation(const PretextTask& task, std::int64_t count, std::int64_t micro_batch, const T5Config& config,
                       at::Device device)
    : examples_(count) {
  const auto& ids = task.label_ids();
  label_ids_ = to_device({ids.begin(), ids.end()}, device);
  const auto examples = load_validation(task, count, micro_batch);
  auto batches = make_micro_batches(examples, config, device);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    std::vector<std::int64_t> rows;
    std::vector<std::int64_t> answers;
    for (const auto& example : examples[i]) {
      answers.push_back(example.label);
      rows.push_back(answer_row(example, ids.at(static_cast<std::size_t>(example.label))));
    }
    label_tokens_ += batches[i].label_tokens;
    parts_.push_back({std::move(batches[i]), to_device(rows, device), to_device(answers, device)});
  }
}

ValidationResult Validation::evaluate(const Model& model, const Delta& delta) const {
  const at::NoGradGuard no_graph;
  const at::Device device = label_ids_.device();
  at::Tensor loss = at::zeros({}, at::TensorOptions(at::kDouble).device(device));
  at::Tensor right = at::zeros({}, at::TensorOptions(at::kLong).device(device));
  for (const auto& part : parts_) {
    const Batch& batch = part.batch;
    const DeltaSites sites(delta, batch.task_ids);
    const auto encoded = model.encode(batch.source_ids, batch.source_lengths, sites);
    const at::Tensor hidden = model.decode(batch.decoder_ids, encoded, sites);  // [B,T,D]
    const at::Tensor logits = model.logits(hidden).to(at::kFloat);              // [B,T,V]
    loss += at::cross_entropy_loss(logits.flatten(0, 1), batch.labels.flatten(), {}, at::Reduction::Sum,
                                   Batch::ignored_label);
    const at::Tensor examples = at::arange(logits.size(0), part.answers.options());
    const at::Tensor answer_logits = logits.index({examples, part.answer_rows});           // [B,V]
    right += (answer_logits.index_select(1, label_ids_).argmax(1) == part.answers).sum();  // [B,C] -> []
  }
  const auto tokens = static_cast<double>(label_tokens_);
  return {loss.item<double>() / tokens,
          static_cast<double>(right.item<std::int64_t>()) / static_cast<double>(examples_)};
}

}  // namespace prelude
