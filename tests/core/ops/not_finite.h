// Numbers that are not finite, and whether two operators make the same of them.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace prelude::test {

// The usual NaN, one of all bits (its low bits must not leak into an exponent), and both infinities.
inline const std::array<float, 4> not_finite_numbers{
    std::numeric_limits<float>::quiet_NaN(), std::bit_cast<float>(std::uint32_t{0xFFFFFFFF}),
    std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()};

// `x` with its element number `place` of all replaced.
inline at::Tensor with_number(const at::Tensor& x, std::int64_t place, float number) {
  at::Tensor copy = x.detach().clone().contiguous();
  copy.view({-1})[place].fill_(number);
  return copy;
}

// Element by element: NaN where NaN is expected, an infinity of the same sign where one is, and elsewhere the same
// number, up to `tolerance` times the largest finite one. `loosely`: NaN and both infinities are one kind.
inline testing::AssertionResult same_kind(const at::Tensor& got, const at::Tensor& expected, double tolerance,
                                          bool loosely = false) {
  const at::Tensor g = got.detach().to(at::kDouble).contiguous();
  const at::Tensor e = expected.detach().to(at::kDouble).contiguous();
  if (g.sizes() != e.sizes()) return testing::AssertionFailure() << "sizes " << g.sizes() << ", not " << e.sizes();
  double largest = 1;
  const auto* const want = e.const_data_ptr<double>();
  const auto* const have = g.const_data_ptr<double>();
  for (std::int64_t i = 0; i < e.numel(); ++i) {
    if (std::isfinite(want[i])) largest = std::max(largest, std::abs(want[i]));
  }
  for (std::int64_t i = 0; i < e.numel(); ++i) {
    const bool same = loosely && !std::isfinite(want[i]) ? !std::isfinite(have[i])
                      : std::isnan(want[i])              ? std::isnan(have[i])
                      : std::isinf(want[i])              ? have[i] == want[i]
                                                         : std::abs(have[i] - want[i]) <= tolerance * largest;
    if (!same) return testing::AssertionFailure() << "element " << i << " is " << have[i] << ", not " << want[i];
  }
  return testing::AssertionSuccess();
}

}  // namespace prelude::test
