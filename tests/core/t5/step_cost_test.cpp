// A guard against slower steps that needs no clock: what a step computes, calls and allocates, against figures that are
// committed. A change that lowers one of them lowers the figure here; one that raises it says why in its message.
#include <gtest/gtest.h>

#include "core/delta/soft_prompt.h"
#include "tests/core/counting_allocator.h"
#include "tests/core/executed_flops.h"
#include "tests/core/operator_log.h"
#include "tests/core/t5/small_backbone.h"

namespace prelude::test {
namespace {

T5Config guarded_config() {
  T5Config config = small_config();
  config.d_model = 128;
  config.d_kv = 32;
  config.num_heads = 4;
  config.d_ff = 256;
  config.num_layers = 4;
  config.num_decoder_layers = 4;
  config.vocab_size = 1000;
  return config;
}

// Committed.
constexpr std::int64_t flops = 1'165'151'232;
constexpr std::int64_t operators = 1752;
constexpr std::int64_t allocated =
    22'000'000;  // 21'931'373 with AVX-512, whose library wants a little more than AVX2's

struct StepCost {
  double flops = 0;            // of matrix products
  std::int64_t operators = 0;  // calls that the dispatcher saw, forward and backward
  std::int64_t allocated = 0;  // bytes of all tensors that were made
};

StepCost cost_of(const Model& model, const Batch& batch) {
  const SoftPrompt prompt(random_tensor({20, model.config().d_model}, 3).to(at::kFloat), at::kCPU);
  const auto step = [&] { model.loss_sum(batch, DeltaSites(prompt)).backward(); };
  step();  // what is made once is made
  StepCost cost;
  cost.operators = static_cast<std::int64_t>(OperatorLog(step).all().size());
  {
    const CountedSection counted;
    step();
    cost.flops = CountedSection::executed().flops;
  }
  const CountedMemory memory;
  CountingAllocator::reset();
  step();
  cost.allocated = CountingAllocator::total();
  return cost;
}

TEST(StepCost, IsWhatIsCommitted) {
  const T5Config config = guarded_config();
  const Model model = small_model(config, 1, at::kFloat);
  const StepCost full = cost_of(model, small_batch(config, {80, 80, 80}, {3, 3, 3}, 2));
  EXPECT_EQ(static_cast<std::int64_t>(full.flops), flops);
  EXPECT_LE(full.operators, operators);
  EXPECT_LE(full.allocated, allocated);
  // Lengths that differ: no mask, no bias matrix, the same products.
  const StepCost padded = cost_of(model, small_batch(config, {80, 70, 60}, {3, 3, 3}, 2));
  EXPECT_EQ(padded.flops, full.flops);
  EXPECT_LE(padded.operators, operators);
  EXPECT_LE(padded.allocated, allocated);
}

}  // namespace
}  // namespace prelude::test
