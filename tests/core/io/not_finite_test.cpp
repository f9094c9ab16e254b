#include "core/io/not_finite.h"

#include <gtest/gtest.h>

#include <cstring>

namespace prelude {
namespace {

// Numbers of `width` bytes each; `base` bytes before them, so that they may lie at any place.
std::vector<std::byte> bytes_of_numbers(const std::vector<std::uint64_t>& numbers, std::size_t width,
                                        std::size_t base) {
  std::vector<std::byte> bytes(base + numbers.size() * width);
  for (std::size_t i = 0; i < numbers.size(); ++i) std::memcpy(bytes.data() + base + i * width, &numbers[i], width);
  return bytes;
}

struct Kind {
  TensorType type;
  std::uint64_t largest, infinity, nan, negative_nan;
};

const std::vector<Kind> kinds{
    {TensorType::f64, 0x7FEFFFFFFFFFFFFF, 0x7FF0000000000000, 0x7FF0000000000001, 0xFFF8000000000000},
    {TensorType::f32, 0x7F7FFFFF, 0x7F800000, 0x7F800001, 0xFFFFFFFF},
    {TensorType::f16, 0x7BFF, 0x7C00, 0x7C01, 0xFE00},
    {TensorType::bf16, 0x7F7F, 0x7F80, 0x7F81, 0xFFC0}};

TEST(NotFiniteCount, CountsEachKindInEveryType) {
  for (const Kind& kind : kinds) {
    for (const std::size_t base : {0U, 1U, 3U}) {
      std::vector<std::uint64_t> numbers(10000, kind.largest);
      numbers[9000] = kind.infinity;
      numbers[9001] = kind.nan;
      numbers[4095] = kind.negative_nan;
      const auto bytes = bytes_of_numbers(numbers, bytes_of(kind.type), base);
      const NotFiniteCount found = count_not_finite(kind.type, std::span(bytes).subspan(base));
      EXPECT_EQ(found.nan, 2) << name_of(kind.type);
      EXPECT_EQ(found.infinite, 1) << name_of(kind.type);
      EXPECT_EQ(found.first, 4095) << name_of(kind.type);
    }
  }
}

TEST(NotFiniteCount, OfFiniteNumbersAndIntegersIsNothing) {
  for (const Kind& kind : kinds) {
    const auto bytes = bytes_of_numbers({0, 1, kind.largest}, bytes_of(kind.type), 0);
    EXPECT_FALSE(count_not_finite(kind.type, bytes).any()) << name_of(kind.type);
    EXPECT_FALSE(count_not_finite(kind.type, {}).any());
  }
  const std::vector<std::byte> ones(64, std::byte{0xFF});
  for (const TensorType type : {TensorType::i64, TensorType::i32, TensorType::i16, TensorType::i8, TensorType::u8}) {
    EXPECT_FALSE(count_not_finite(type, ones).any());
  }
}

TEST(NotFiniteCount, AddsUpPartsAndNamesTheFirstPlace) {
  NotFiniteCount all;
  all.append({0, 0, -1}, 0);
  EXPECT_FALSE(all.any());
  all.append({1, 2, 5}, 100);
  all.append({1, 0, 0}, 200);
  EXPECT_EQ(all.first, 105);
  EXPECT_EQ(text_of(all, {10, 30}), "2 NaN and 2 infinite of 300 numbers, the first at [3,15]");
  EXPECT_EQ(text_of({1, 0, 0}, {}), "1 NaN and 0 infinite of 1 numbers, the first at []");
}

}  // namespace
}  // namespace prelude
