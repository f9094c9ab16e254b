#include "launch/predict/answers.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/t5/batch.h"
#include "launch/not_finite.h"
#include "launch/train/example_losses.h"
#include "launch/train/micro_batches.h"
#include "launch/train/offered_classes.h"

namespace prelude {
namespace {

// Where the answer stands in the labels, which are the target without its first id.
std::int64_t answer_position(const Example& example, std::int32_t answer) {
  const auto found = std::find(example.target.begin() + 1, example.target.end(), answer);
  ensure(found != example.target.end(), "an example's target does not hold its answer {}", answer);
  return found - example.target.begin() - 1;
}

at::Tensor to_device(const std::vector<std::int64_t>& values, at::Device device) {
  return at::tensor(values, at::kLong).to(device);
}

}  // namespace

GivenAnswers answer_examples(const LoadedModel& loaded, std::span<const Example> examples,
                             const std::vector<std::int32_t>& label_ids) {
  const at::NoGradGuard no_graph;
  std::vector<std::vector<std::int32_t>> sources;
  std::vector<std::vector<std::int32_t>> targets;
  std::vector<std::int64_t> positions;
  std::vector<std::int64_t> right_ids;
  for (const Example& example : examples) {
    const std::int32_t answer = label_ids.at(static_cast<std::size_t>(example.label));
    sources.push_back(example.source);
    targets.push_back(example.target);
    positions.push_back(answer_position(example, answer));
    right_ids.push_back(answer);
  }
  const at::Device device = loaded.device();
  const Model& model = loaded.model();
  const Batch batch = make_batch(sources, targets, loaded.config().pad_token_id, device);
  const EncoderOutput encoded = model.encode(batch.source_ids, batch.source_lengths, loaded.sites());
  const at::Tensor hidden = model.decode(batch.decoder_ids, encoded, loaded.sites());  // [B,T,D]
  const at::Tensor rows = at::arange(hidden.size(0), batch.source_lengths.options());  // [B]
  const at::Tensor answers = hidden.index({rows, to_device(positions, device)});       // [B,D]
  const at::Tensor logits = model.logits(answers);                                     // [B,V]
  const at::Tensor classes = to_device({label_ids.begin(), label_ids.end()}, device);  // [C]
  at::Tensor choices = logits.index_select(1, classes);                                // [B,C]
  choices.masked_fill_(not_offered(examples, classes.numel(), device), -std::numeric_limits<double>::infinity());
  const at::Tensor best = choices.argmax(1).to(at::Device(at::kCPU));  // [B]

  GivenAnswers given;
  given.loss_sum = model.loss_sum(batch, loaded.sites()).item<double>();
  given.label_tokens = batch.label_tokens;
  given.best.assign(best.const_data_ptr<std::int64_t>(), best.const_data_ptr<std::int64_t>() + best.numel());
  given.likeliest = logits.argmax(1).eq(to_device(right_ids, device)).sum().item<std::int64_t>();
  return given;
}

namespace {

// The first of a batch's examples whose loss is not finite. A collective; `mine`: null where another rank has it.
std::int64_t sample_in(const LoadedModel& loaded, const std::vector<Example>* mine) {
  std::vector<Batch> batch;
  if (mine != nullptr) batch = make_micro_batches({*mine}, loaded.config(), loaded.device());
  return sample_not_finite(loaded.model(), mine != nullptr ? &batch.front() : nullptr, loaded.sites(), loaded.data(),
                           at::kCPU);
}

}  // namespace

std::vector<GivenAnswers> answer_batches(const LoadedModel& loaded, std::span<const std::vector<Example>> batches,
                                         const std::vector<std::int32_t>& label_ids) {
  Communicator& data = loaded.data();
  std::size_t most = 0;
  for (const auto& batch : batches) most = std::max(most, batch.size());
  const auto rows = static_cast<std::int64_t>(batches.size());
  // A row a batch: loss sum, label tokens, likeliest, then the best classes; zero where another rank computes it.
  at::Tensor table = at::zeros({rows, 3 + static_cast<std::int64_t>(most)}, at::kDouble);
  for (std::int64_t b = data.rank(); b < rows; b += data.size()) {
    const auto given = answer_examples(loaded, batches[static_cast<std::size_t>(b)], label_ids);
    double* const row = table[b].data_ptr<double>();
    row[0] = given.loss_sum;
    row[1] = static_cast<double>(given.label_tokens);
    row[2] = static_cast<double>(given.likeliest);
    std::copy(given.best.begin(), given.best.end(), row + 3);
  }
  data.all_reduce_sum(table);
  for (std::int64_t b = 0; b < rows; ++b) {
    if (std::isfinite(table[b][0].item<double>())) continue;
    const bool mine = b % data.size() == data.rank();
    const std::int64_t sample = sample_in(loaded, mine ? &batches[static_cast<std::size_t>(b)] : nullptr);
    require_finite(table[b][0].item<double>(), [&] { return fmt::format("the loss of held-out example {}", sample); });
  }
  std::vector<GivenAnswers> answers;
  for (std::int64_t b = 0; b < rows; ++b) {
    const double* const row = table[b].const_data_ptr<double>();
    GivenAnswers& given = answers.emplace_back();
    given.loss_sum = row[0];
    given.label_tokens = std::llround(row[1]);
    given.likeliest = std::llround(row[2]);
    for (std::size_t i = 0; i < batches[static_cast<std::size_t>(b)].size(); ++i) {
      given.best.push_back(std::llround(row[3 + i]));
    }
  }
  return answers;
}

}  // namespace prelude
