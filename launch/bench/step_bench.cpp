#include "launch/bench/step_bench.h"

#include <ATen/ATen.h>

#include <limits>
#include <utility>
#include <vector>

#include "core/delta/prompt_file.h"
#include "core/delta/soft_prompt.h"
#include "core/error.h"
#include "core/io/npy.h"
#include "core/memory/reusing_allocator.h"
#include "core/optim/adamw.h"
#include "core/random/random_stream.h"
#include "core/t5/flops.h"
#include "core/t5/step_memory.h"
#include "dist/self_communicator.h"
#include "launch/bench/example_file.h"
#include "launch/bench/matmul_ceiling.h"
#include "launch/bench/peak_memory.h"
#include "launch/bench/timing.h"
#include "launch/train/micro_batches.h"
#include "launch/train/train_step.h"

namespace prelude {
namespace {

std::vector<Example> random_examples(const T5Config& config, const StepBenchOptions& options) {
  RandomStream stream(options.seed, Purpose::test, 0);
  std::vector<Example> examples(static_cast<std::size_t>(options.batch));
  const auto draw = [&](std::vector<std::int32_t>& ids, std::int64_t length) {
    ids.resize(static_cast<std::size_t>(length));
    for (auto& id : ids) id = static_cast<std::int32_t>(stream.below(static_cast<std::uint64_t>(config.vocab_size)));
  };
  for (Example& example : examples) draw(example.source, options.source);
  for (Example& example : examples) draw(example.target, options.target + 1);
  return examples;
}

// Rows of the embedding's own spread.
at::Tensor random_rows(const Model& model, const StepBenchOptions& options) {
  RandomStream stream(options.seed, Purpose::prompt_init, 0);
  at::Tensor rows = at::empty({options.prompt, model.config().d_model}, at::kFloat);
  const auto spread = model.weights().embedding.narrow(0, 0, 1).to(at::kFloat).std().item<float>();
  float* value = rows.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < rows.numel(); ++i) value[i] = spread * static_cast<float>(stream.normal());
  return rows;
}

at::Tensor first_rows(const Model& model, const StepBenchOptions& options) {
  if (options.init_prompt.empty()) return random_rows(model, options);
  const Prompt prompt = read_prompt(options.init_prompt);
  require_width(prompt, options.init_prompt, model.config().d_model, "the backbone");
  return prompt.rows;
}

void write_gradient(const std::string& path, const at::Tensor& gradient, at::IntArrayRef shape) {
  const at::Tensor values = gradient.detach().to(at::kFloat).to(at::Device(at::kCPU)).contiguous();
  write_npy(path, shape.vec(), {values.const_data_ptr<float>(), static_cast<std::size_t>(values.numel())});
}

// The weight products of a step's forward, padding and all.
std::vector<MatrixProduct> step_products(const T5Config& config, std::int64_t prompt,
                                         const std::vector<Batch>& batches) {
  std::vector<MatrixProduct> products;
  for (const Batch& batch : batches) {
    const auto more =
        weight_products(config, batch.source_ids.size(0), prompt + batch.source_ids.size(1), batch.decoder_ids.size(1));
    products.insert(products.end(), more.begin(), more.end());
  }
  return products;
}

// Weights, what trains, and the step of the largest micro-batch.
std::int64_t planned_bytes(const Model& model, const Session& session, std::int64_t prompt,
                           const std::vector<Batch>& batches) {
  const StepPlace place{1, static_cast<std::int64_t>(c10::elementSize(session.dtype)),
                        session.device.is_cpu() && session.dtype == at::kFloat, model.recomputes_layers()};
  std::int64_t most = 0;
  for (const Batch& batch : batches) {
    const BatchShape shape{batch.source_ids.size(0), prompt + batch.source_ids.size(1), batch.decoder_ids.size(1)};
    const bool padded = batch.source_tokens != batch.source_ids.numel();
    most = std::max(most, step_memory(model.config(), shape, place, padded).total());
  }
  return model.weights().bytes() + trained_bytes(model.config(), prompt) + most;
}

double median_of(const std::vector<StepTime>& times, double StepTime::*field) {
  std::vector<double> values;
  values.reserve(times.size());
  for (const StepTime& time : times) values.push_back(time.*field);
  return median(std::move(values));
}

}  // namespace

StepBenchResult bench_step(const Model& model, const Session& session, const StepBenchOptions& options,
                           const Pace& another) {
  const T5Config& config = model.config();
  const auto examples =
      options.examples.empty() ? random_examples(config, options) : read_examples(options.examples, config);
  const auto count = static_cast<std::int64_t>(examples.size());
  const SoftPrompt prompt(first_rows(model, options), session.device);
  const auto micro_batches = cut_step(examples, limits_of(options, prompt.rows().size(0), config, session.device));
  const std::vector<Batch> batches = make_micro_batches(micro_batches, config, session.device);

  SelfCommunicator self;
  const Mesh alone = make_mesh(self, {});
  StepSums sums(gradient_of_leaf(prompt.trainable().flat()), alone, Reduction::fast,
                static_cast<std::int64_t>(batches.size()));
  AdamW optimizer(prompt.trainable().flat());
  const auto micro_batch = make_loss_and_gradient(model, prompt, session.device, options.cuda_graphs);
  const auto step = [&](double clip) {
    return train_step(*micro_batch, sums, optimizer, batches, clip, /*learning_rate=*/1e-3);
  };

  StepBenchResult result;
  result.examples = count;
  result.prompt = prompt.rows().size(0);
  result.micro_batches = static_cast<std::int64_t>(batches.size());
  release_free_tensor_memory();
  result.planned_bytes = planned_bytes(model, session, result.prompt, batches);
  result.loss = step(std::numeric_limits<double>::max()).loss;  // warms up; its gradient is not clipped
  result.peak_bytes = peak_bytes(session.device);
  result.tensor_bytes = tensor_memory_use().reached;
  if (!options.write_gradient.empty()) write_gradient(options.write_gradient, sums.gradient(), prompt.rows().sizes());

  MatmulCeiling ceiling(step_products(config, result.prompt, batches), session.device, session.dtype);
  std::vector<StepTime> times;
  if (options.cuda_graphs) (void)step(1.0);  // captures
  while (another(times)) {
    const double before = processor_seconds();
    const double seconds = seconds_of([&] { (void)step(1.0); });
    const double processor = processor_seconds() - before;
    times.push_back({seconds, processor, ceiling.measure()});
  }
  require(!times.empty(), "no step was asked for on standard input, so none was measured");
  double flops = 0;
  for (const Example& example : examples) {
    const auto source = static_cast<std::int64_t>(example.source.size());
    const auto target = static_cast<std::int64_t>(example.target.size()) - 1;
    result.source_tokens += source;
    result.target_tokens += target;
    flops += step_flops(config, result.prompt + source, target);
  }
  result.seconds = median_of(times, &StepTime::seconds);
  result.processor_seconds = median_of(times, &StepTime::processor_seconds);
  result.sequences_per_second = static_cast<double>(count) / result.seconds;
  result.useful_flops = flops / result.seconds;
  result.matmul_flops = median_of(times, &StepTime::matmul_flops);
  result.matmul = ceiling.what();
  return result;
}

}  // namespace prelude
