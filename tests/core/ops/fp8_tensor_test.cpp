#include "core/ops/fp8_tensor.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/ops/linear_map.h"
#include "tests/core/random_tensor.h"

namespace prelude {
namespace {

using namespace test;

TEST(Fp8Tensor, IsMultipliedAsTheWeightThatItHolds) {
  const at::Tensor matrix = random_tensor({32, 48}, 1).to(at::kFloat);
  const at::Tensor weight = as_fp8(matrix);
  ASSERT_NE(fp8_of(weight), nullptr);
  EXPECT_TRUE(at::equal(from_fp8(*fp8_of(weight)), from_fp8(to_fp8(matrix))));
  const at::Tensor x = random_tensor({3, 5, 48}, 2).to(at::kFloat);
  const at::Tensor residual = random_tensor({3, 5, 32}, 3).to(at::kFloat);
  EXPECT_TRUE(at::equal(linear_map(x, weight), times_transposed(x, to_fp8(matrix))));
  EXPECT_TRUE(at::equal(linear_map_plus(residual, x, weight), residual + times_transposed(x, to_fp8(matrix))));
}

TEST(Fp8Tensor, OutlivesWhatItWasMadeOfAndSharesItsStorage) {
  at::Tensor weight = as_fp8(random_tensor({16, 16}, 1).to(at::kFloat));
  const at::Tensor expected = from_fp8(*fp8_of(weight));
  const at::Tensor alias = weight;
  weight.reset();
  EXPECT_TRUE(at::equal(from_fp8(*fp8_of(alias)), expected));
}

TEST(Fp8Tensor, OtherTensorsAreNotTakenForOne) {
  EXPECT_EQ(fp8_of(random_tensor({16, 16}, 1)), nullptr);
  EXPECT_THROW((void)fp8_of(random_tensor({16, 16}, 1).to(at::kFloat).to(at::kFloat8_e4m3fn)), InternalError);
}

TEST(Fp8Tensor, RowsOfOneAreRefused) {
  const at::Tensor weight = as_fp8(random_tensor({32, 16}, 1).to(at::kFloat));
  EXPECT_THROW(linear_map(random_tensor({2, 16}, 2).to(at::kFloat), weight.narrow(0, 0, 16)), InternalError);
}

}  // namespace
}  // namespace prelude
