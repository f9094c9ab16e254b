#include "launch/bench/step_bench.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "core/delta/soft_prompt.h"
#include "core/random/random_stream.h"
#include "core/t5/flops.h"
#include "dist/self_communicator.h"
#include "launch/bench/matmul_ceiling.h"
#include "launch/bench/peak_memory.h"
#include "launch/train/train_step.h"

namespace prelude {
namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Batch random_batch(const T5Config& config, const StepBenchOptions& options, at::Device device) {
  RandomStream stream(options.seed, Purpose::test, 0);
  const auto draw_lists = [&](std::int64_t length) {
    std::vector<std::vector<std::int32_t>> lists(static_cast<std::size_t>(options.batch));
    for (auto& ids : lists) {
      ids.resize(static_cast<std::size_t>(length));
      for (auto& id : ids) id = static_cast<std::int32_t>(stream.below(static_cast<std::uint64_t>(config.vocab_size)));
    }
    return lists;
  };
  return make_batch(draw_lists(options.source), draw_lists(options.target + 1), config.pad_token_id, device);
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

}  // namespace

StepBenchResult bench_step(const Model& model, const Session& session, const StepBenchOptions& options) {
  const SoftPrompt prompt(random_rows(model, options), session.device);
  SelfCommunicator self;
  const Mesh alone = make_mesh(self, {});
  StepSums sums(prompt.trainable().flat(), alone, Reduction::fast, 1);
  AdamW optimizer(prompt.trainable().flat());
  const std::vector<Batch> batches{random_batch(model.config(), options, session.device)};
  const auto timed_step = [&] {
    const auto start = std::chrono::steady_clock::now();
    (void)train_step(model, prompt, sums, optimizer, batches, /*clip=*/1.0, /*learning_rate=*/1e-3);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };

  (void)timed_step();  // warms up
  StepBenchResult result;
  result.peak_bytes = peak_bytes(session.device);
  const std::int64_t positions = options.prompt + options.source;
  MatmulCeiling ceiling(weight_products(model.config(), options.batch, positions, options.target), session.device,
                        session.dtype);
  std::vector<double> steps;
  std::vector<double> products;
  for (std::int64_t k = 0; k < options.steps; ++k) {
    steps.push_back(timed_step());
    products.push_back(ceiling.measure());
  }
  const auto batch = static_cast<double>(options.batch);
  result.seconds = median(steps);
  result.sequences_per_second = batch / result.seconds;
  result.useful_flops = batch * step_flops(model.config(), positions, options.target) / result.seconds;
  result.matmul_flops = median(products);
  result.matmul = ceiling.what();
  return result;
}

}  // namespace prelude
