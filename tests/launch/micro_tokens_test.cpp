#include "launch/micro_tokens.h"

#include <gtest/gtest.h>

#include <bit>

#include "core/error.h"
#include "core/t5/step_memory.h"

namespace prelude {
namespace {

TEST(MicroTokens, AreANumberOrAuto) {
  EXPECT_EQ(parse_micro_tokens("auto"), std::nullopt);
  EXPECT_EQ(parse_micro_tokens("4096"), 4096);
  for (const auto* text : {"0", "-1", "", "many", "4096.5", "Auto"}) {
    EXPECT_THROW((void)parse_micro_tokens(text), UserError) << text;
  }
}

TEST(MicroTokens, LimitsSayWhatWasSettled) {
  const T5Config large = named_t5_config("t5-xxl");
  const auto limits = micro_batch_limits("2048", 7, 100, large, at::kCPU);
  EXPECT_EQ(limits.positions, 2048);
  EXPECT_EQ(limits.examples, 7);
  EXPECT_EQ(limits.prompt_rows, 100);
  const auto on_gpu = [](const T5Config& config) { return micro_batch_limits("2048", 7, 100, config, at::kCUDA); };
  EXPECT_GT(on_gpu(large).overhead, limits.overhead);
  EXPECT_GT(on_gpu(named_t5_config("t5-small")).overhead, 10 * on_gpu(large).overhead);
}

// The number found fits whatever the lengths of the examples; twice as many do not, for some length.
TEST(MicroTokens, AsManyAsMemoryAffords) {
  const auto config = named_t5_config("t5-base");
  const ExampleShape shape{100, 512, 4};
  const std::int64_t most = 32768;
  const StepPlace place{1, 4, false};
  const auto bytes_of = [&](std::int64_t positions, std::int64_t width) {
    return step_memory(config, {positions / width, width, shape.target}, place, true).total();
  };
  for (const std::int64_t bytes : {std::int64_t{1} << 30, std::int64_t{5} << 30, std::int64_t{40} << 30}) {
    const auto positions = affordable_positions(config, shape, place, bytes, most);
    EXPECT_TRUE(std::has_single_bit(static_cast<std::uint64_t>(positions))) << positions;
    for (const std::int64_t width : {101, 256, 512}) {
      if (width > positions) continue;
      EXPECT_LE(bytes_of(positions, width), bytes) << width;
    }
    if (positions == most) continue;
    EXPECT_GT(std::max(bytes_of(2 * positions, 512), bytes_of(2 * positions, 101)), bytes);
  }
  EXPECT_EQ(affordable_positions(config, shape, place, std::int64_t{1} << 50, 5000), 4096);
  EXPECT_EQ(affordable_positions(config, shape, place, -1, most), 1);  // every example alone, and no error
}

// A window that is nearly all target: so many of them that a source of one id each fills the positions will never come.
TEST(MicroTokens, NoMoreExamplesThanAStepHas) {
  const auto config = named_t5_config("t5-small");
  const StepPlace place{1, 4, false};
  const std::int64_t bytes = std::int64_t{10} << 30;
  const std::int64_t most = 4096;
  EXPECT_EQ(affordable_positions(config, {0, 256, 257, 8}, place, bytes, most), most);
  EXPECT_LT(affordable_positions(config, {0, 256, 257}, place, bytes, most), most);
}

}  // namespace
}  // namespace prelude
