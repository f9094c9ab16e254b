#include "core/ops/fp8_weight.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "tests/core/device.h"
#include "tests/core/ops/compare.h"
#include "tests/message_of.h"

namespace prelude {
namespace {

using namespace test;

// e4m3 by its definition: 1 sign, 4 exponent bits of bias 7, 3 mantissa bits; NaN alone at the top.
double value_of_code(int code) {
  const int exponent = (code >> 3) & 15;
  const int mantissa = code & 7;
  if (exponent == 15 && mantissa == 7) return std::numeric_limits<double>::quiet_NaN();
  const double magnitude = exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(1.0 + mantissa / 8.0, exponent - 7);
  return (code & 128) != 0 ? -magnitude : magnitude;
}

// The nearest number of e4m3, of two the one with an even mantissa, by trying all.
double nearest(double number) {
  int best = 0;
  for (int code = 0; code < 128; ++code) {
    const double distance = std::abs(value_of_code(code) - std::abs(number));
    const double least = std::abs(value_of_code(best) - std::abs(number));
    if (distance < least || (distance == least && code % 2 == 0)) best = code;
  }
  return std::copysign(value_of_code(best), number);
}

// The least power of two that brings the row's greatest below 448.
double scale_of(const double* row, std::int64_t size) {
  double greatest = 0;
  for (std::int64_t i = 0; i < size; ++i) greatest = std::max(greatest, std::abs(row[i]));
  return std::exp2(std::floor(std::log2(greatest / 448)) + 1);
}

// What a matrix [rows,n] becomes, float64.
at::Tensor rounded(const at::Tensor& matrix) {
  const at::Tensor exact = matrix.cpu().to(at::kDouble).contiguous();
  at::Tensor result = at::empty_like(exact);
  const std::int64_t width = exact.size(1);
  for (std::int64_t row = 0; row < exact.size(0); ++row) {
    const double* in = exact.const_data_ptr<double>() + row * width;
    const double scale = scale_of(in, width);
    for (std::int64_t i = 0; i < width; ++i) {
      result.mutable_data_ptr<double>()[row * width + i] = scale * nearest(in[i] / scale);
    }
  }
  return result;
}

// Rows of unlike sizes, with numbers so small that e4m3 has fewer bits for them.
at::Tensor uneven(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  const at::Tensor sizes = random_tensor({rows, 1}, seed + 1).mul(4).exp();
  return random_tensor({rows, columns}, seed).pow(3) * sizes;
}

at::Tensor numbers(const Fp8Rows& rows) {
  return rows.values.cpu().to(at::kDouble) * rows.scales.cpu().to(at::kDouble);
}

double norm_difference(const at::Tensor& got, const at::Tensor& exact) {
  const at::Tensor wide = got.detach().cpu().to(at::kDouble);
  return ((wide - exact).norm() / exact.norm()).item<double>();
}

TEST(Fp8Rows, HoldTheNearestNumbers) {
  for (const at::ScalarType type : {at::kDouble, at::kFloat, at::kBFloat16, at::kHalf}) {
    const at::Tensor matrix = uneven(23, 37, 5).clamp(-60000, 60000).to(type);  // float16's range
    const Fp8Rows rows = to_fp8_rows(matrix);
    EXPECT_EQ(rows.values.scalar_type(), at::kFloat8_e4m3fn);
    EXPECT_EQ(rows.scales.sizes(), at::IntArrayRef({23, 1}));
    EXPECT_TRUE(at::equal(numbers(rows), rounded(matrix))) << at::toString(type);
  }
}

TEST(Fp8Rows, MoveANumberAsLittleAsTheHeaderSays) {
  const at::Tensor matrix = uneven(64, 96, 7);
  const Fp8Rows rows = to_fp8_rows(matrix);
  const at::Tensor moved = (numbers(rows) - matrix).abs();
  const at::Tensor allowed = at::maximum(matrix.abs() / 16, rows.scales.to(at::kDouble) / 1024);
  EXPECT_TRUE((moved <= allowed).all().item<bool>());
  EXPECT_GT((moved / allowed).max().item<double>(), 0.9);
  const at::Tensor top = rows.values.to(at::kFloat).abs().amax(1);
  EXPECT_TRUE(((top >= 224) & (top <= 448)).all().item<bool>());
}

TEST(Fp8Rows, TakeTheGreatestNumbersOfARowAndNone) {
  const at::Tensor matrix = at::tensor({448.0, 1.0, 449.0, -1.0, 0.0, 0.0, 1e-30, 0.0}, at::kDouble).view({4, 2});
  const Fp8Rows rows = to_fp8_rows(matrix);
  const at::Tensor expected = at::tensor({448.0, 1.0, 448.0, -1.0, 0.0, 0.0}, at::kDouble).view({3, 2});
  EXPECT_TRUE(at::equal(numbers(rows).narrow(0, 0, 3), expected));
  EXPECT_NEAR(numbers(rows)[3][0].item<double>(), 1e-30, 1e-30 / 16);
}

TEST(Fp8Rows, ShowWhatIsNotFinite) {
  for (const double bad : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      at::Tensor matrix = random_tensor({2, 3}, 1);
      matrix[1][2] = -bad;
      const at::Tensor got = numbers(to_fp8_rows(matrix.to(type)));
      EXPECT_TRUE(got[0].isfinite().all().item<bool>());
      EXPECT_TRUE(got[1].isnan().all().item<bool>());
    }
  }
}

TEST(Fp8Weight, HoldsTheSameNumbersBothWays) {
  const Fp8Weight weight = to_fp8(uneven(48, 32, 3));
  EXPECT_TRUE(at::equal(weight.transposed.to(at::kFloat), weight.matrix.values.to(at::kFloat).t()));
  EXPECT_TRUE(weight.transposed.is_contiguous());
  EXPECT_TRUE(at::equal(from_fp8(weight).to(at::kDouble), rounded(uneven(48, 32, 3))));
}

TEST(Fp8Weight, RefusesSizesThatAGpuDoesNotMultiply) {
  EXPECT_EQ(message_of([] {
              (void)to_fp8(at::zeros({32, 24}, at::kFloat));
            }),
            "a weight [32,24] cannot be multiplied in 8 bits: both sizes must be multiples of 16; use 16 bits");
}

class Fp8Products : public OnDevice {
 protected:
  void SetUp() override {
    OnDevice::SetUp();
    type_ = device().is_cuda() ? at::kBFloat16 : at::kFloat;
    tolerance_ = device().is_cuda() ? 1e-2 : 1e-6;
  }
  // The numbers of `tensor` as the products get them.
  at::Tensor put(const at::Tensor& tensor) const { return tensor.to(type_).to(device()); }

  at::ScalarType type_ = at::kFloat;
  double tolerance_ = 0;
};

TEST_F(Fp8Products, AreThoseOfTheRoundedNumbers) {
  for (const auto& [rows, in, out] :
       std::vector<std::array<std::int64_t, 3>>{{1, 16, 16}, {7, 64, 48}, {130, 32, 176}}) {
    const at::Tensor matrix = put(uneven(out, in, 3));
    const Fp8Weight weight = to_fp8(matrix);
    const at::Tensor x = put(uneven(rows, in, 4));
    EXPECT_LE(relative_difference(times_transposed(x, weight), at::mm(rounded(x), rounded(matrix).t())), tolerance_);

    const at::Tensor g = put(uneven(rows, out, 6));
    const at::Tensor terms =
        g.cpu().to(at::kDouble) * weight.matrix.scales.cpu().to(at::kDouble).flatten();  // [rows,out]
    const at::Tensor values = weight.matrix.values.cpu().to(at::kDouble);                // [out,in]
    EXPECT_LE(relative_difference(times(g, weight), at::mm(rounded(terms), values)), tolerance_);
  }
}

// The error of either factor's rounding is 2.6 % of a normal number in the mean square; of both, 3.7 %.
TEST_F(Fp8Products, AreAsCloseToExactOnesAsEightBitsAllow) {
  const at::Tensor x = put(random_tensor({256, 512}, 1));
  const at::Tensor matrix = put(random_tensor({384, 512}, 2));
  const at::Tensor g = put(random_tensor({256, 384}, 3));
  const Fp8Weight weight = to_fp8(matrix);
  const auto exact = [](const at::Tensor& tensor) { return tensor.cpu().to(at::kDouble); };
  const double forward = norm_difference(times_transposed(x, weight), at::mm(exact(x), exact(matrix).t()));
  const double backward = norm_difference(times(g, weight), at::mm(exact(g), exact(matrix)));
  for (const double difference : {forward, backward}) {
    EXPECT_LE(difference, 0.041);
    EXPECT_GE(difference, 0.033);
  }
}

TEST_F(Fp8Products, HaveAGraphForTheInputAlone) {
  const Fp8Weight weight = to_fp8(put(uneven(48, 32, 3)));
  const at::Tensor x = put(random_tensor({2, 3, 32}, 1)).requires_grad_(true);
  const at::Tensor residual = put(random_tensor({2, 3, 48}, 2)).requires_grad_(true);
  const at::Tensor upstream = put(random_tensor({2, 3, 48}, 5));
  const at::Tensor y = frozen_linear_plus(residual, x, weight);
  EXPECT_LE(relative_difference(y, residual + times_transposed(x.detach(), weight)), tolerance_);
  EXPECT_EQ(y.scalar_type(), type_);
  y.backward(upstream);
  EXPECT_TRUE(at::equal(residual.grad(), upstream));
  EXPECT_TRUE(at::equal(x.grad(), times(upstream, weight)));
  EXPECT_FALSE(frozen_linear(x.detach(), weight).requires_grad());
}

TEST_F(Fp8Products, PassOnWhatIsNotFinite) {
  const Fp8Weight weight = to_fp8(put(random_tensor({32, 32}, 3)));
  at::Tensor x = put(random_tensor({3, 32}, 1));
  x[1][5] = std::numeric_limits<double>::infinity();
  for (const at::Tensor& product : {times_transposed(x, weight), times(x, weight)}) {
    const at::Tensor finite = product.isfinite().all(1).cpu();
    EXPECT_TRUE(at::equal(finite, at::tensor({1, 0, 1}, at::kInt).to(at::kBool)));
  }
}

}  // namespace
}  // namespace prelude
