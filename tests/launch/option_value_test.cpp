#include "launch/option_value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "core/error.h"

namespace prelude {
namespace {

template <typename T>
bool accepts(const std::string& text) {
  T value{};
  try {
    parse_value(text, value);
    return true;
  } catch (const UserError&) {
    return false;
  }
}

TEST(OptionValue, NumbersAreWholeTexts) {
  for (const auto* text : {"", " ", "1 ", " 1", "1x", "0x10", "1.5", "1e3", "+1", "--1", "one"}) {
    EXPECT_FALSE(accepts<int>(text)) << text;
    EXPECT_FALSE(accepts<std::int64_t>(text)) << text;
  }
  for (const auto* text : {"", "1.5.2", "1e", "0x1p3", "1,5", " 1", "1 ", "e5", "+1"}) {
    EXPECT_FALSE(accepts<double>(text)) << text;
  }
  EXPECT_TRUE(accepts<int>("-7"));
  EXPECT_TRUE(accepts<double>("1e-3"));
  EXPECT_TRUE(accepts<double>("-.5"));
}

TEST(OptionValue, NumbersAreFiniteAndInRange) {
  for (const auto* text :
       {"nan", "NaN", "inf", "-inf", "infinity", "1e999", "1e-999", "1e99", "-1e19", "1e-31", "5e-324"}) {
    EXPECT_FALSE(accepts<double>(text)) << text;
  }
  EXPECT_FALSE(accepts<int>("2147483648"));
  EXPECT_TRUE(accepts<std::int64_t>("1000000000000000"));
  EXPECT_FALSE(accepts<std::int64_t>("-1000000000000001"));
  EXPECT_FALSE(accepts<std::int64_t>("9223372036854775807"));
  EXPECT_FALSE(accepts<std::int64_t>("9223372036854775808"));
  EXPECT_TRUE(accepts<std::uint64_t>("18446744073709551615"));
  EXPECT_FALSE(accepts<std::uint64_t>("-1"));
}

TEST(OptionValue, RealNumbersFitFloat32) {
  for (const auto* text : {"0", "-0", "1e18", "-1e18", "1e-30", "0.1"}) EXPECT_TRUE(accepts<double>(text)) << text;
}

TEST(OptionValue, FlagsAndText) {
  bool flag = false;
  parse_value("yes", flag);
  EXPECT_TRUE(flag);
  parse_value("off", flag);
  EXPECT_FALSE(flag);
  EXPECT_FALSE(accepts<bool>("maybe"));
  EXPECT_FALSE(accepts<std::string>("two\nlines"));
  EXPECT_TRUE(accepts<std::string>("a # b = c"));
}

TEST(OptionValue, DoublesReadBackExactly) {
  std::mt19937_64 generator(7);
  for (int i = 0; i < 10000; ++i) {
    const std::uint64_t bits = generator();
    const double mantissa = std::ldexp(static_cast<double>(bits >> 11), -53);  // all 53 bits, in [0,1)
    const double value = std::ldexp((bits & 1) == 0 ? mantissa : -mantissa, static_cast<int>(bits % 100) - 40);
    double read = 0;
    parse_value(value_text(value), read);
    EXPECT_EQ(read, value);
  }
}

}  // namespace
}  // namespace prelude
