#include "core/io/npy.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <string>

#include "core/error.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

// Made by scripts/make-state-goldens with numpy.save: 3 x 5 numbers (i - 7) / 4.
std::string golden(const std::string& name) { return PRELUDE_SOURCE_DIR "/tests/data/npy/" + name; }

class Npy : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_ / name; }
  std::string written(const std::string& bytes) const {
    test::write_file(path("x.npy"), bytes);
    return path("x.npy");
  }
  static std::string refusal(const std::string& name) {
    try {
      read_npy(name);
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  }

 private:
  test::TemporaryFolder folder_;
};

TEST_F(Npy, ReadsEveryFloatWidthOfNumpy) {
  for (const auto& [name, type] : {std::pair{"little-f2.npy", FloatType::float16},
                                   {"little-f4.npy", FloatType::float32},
                                   {"little-f8.npy", FloatType::float64}}) {
    const FloatArray array = read_npy(golden(name));
    EXPECT_EQ(array.stored_as, type);
    EXPECT_EQ(array.shape, (std::vector<std::int64_t>{3, 5}));
    ASSERT_EQ(array.values.size(), 15U);
    for (int i = 0; i < 15; ++i) EXPECT_EQ(array.values[static_cast<std::size_t>(i)], (i - 7) / 4.0) << name;
  }
}

TEST_F(Npy, WritesTheBytesOfNumpy) {
  std::vector<float> values;
  values.reserve(15);
  for (int i = 0; i < 15; ++i) values.push_back(static_cast<float>(i - 7) / 4);
  write_npy(path("a.npy"), {3, 5}, values);
  const FloatArray array = read_npy(path("a.npy"));
  EXPECT_EQ(array.values, read_npy(golden("little-f4.npy")).values);
  const std::string ours = test::read_file(path("a.npy"));
  const std::string theirs = test::read_file(golden("little-f4.npy"));
  EXPECT_EQ(ours.size(), theirs.size());
  EXPECT_EQ(ours.substr(ours.size() - 60), theirs.substr(theirs.size() - 60));
}

TEST_F(Npy, NamesWhatItCannotTake) {
  EXPECT_NE(refusal(golden("big-f4.npy")).find("type '>f4'"), std::string::npos);
  EXPECT_NE(refusal(golden("little-i4.npy")).find("type '<i4'"), std::string::npos);
  EXPECT_NE(refusal(golden("object.npy")).find("type '|O'"), std::string::npos);
  EXPECT_NE(refusal(golden("fortran.npy")).find("Fortran order"), std::string::npos);
  EXPECT_NE(refusal(path("none.npy")).find("No such file"), std::string::npos);
  EXPECT_NE(refusal(written("hello, this is text")).find("no .npy file"), std::string::npos);
}

TEST_F(Npy, FindsEveryCut) {
  const std::string whole = test::read_file(golden("little-f4.npy"));
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_NE(refusal(written(whole.substr(0, size))), "") << "cut to " << size;
  }
  EXPECT_NE(refusal(written(whole + "x")), "") << "a byte too many";
}

TEST_F(Npy, SurvivesEveryChangedByteOfTheHeader) {
  const std::string whole = test::read_file(golden("little-f4.npy"));
  for (std::size_t i = 0; i < 128; ++i) {
    for (const char value : {'\0', '\xff', '9', '(', '\''}) {
      std::string changed = whole;
      changed[i] = value;
      try {
        EXPECT_EQ(read_npy(written(changed)).values.size(), 15U);
      } catch (const UserError&) {  // either way: no crash, no other exception
      }
    }
  }
}

TEST_F(Npy, RefusesHostileShapes) {
  for (const std::string shape : {"(9223372036854775807, 4)", "(-1, 15)", "(3037000500, 3037000500)",
                                  "(1,1,1,1,1,1,1,1,15)", "(99999999999999999999,)"}) {
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
    header.resize(118, ' ');
    const std::string bytes = std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + std::string(60, 'x');
    EXPECT_NE(refusal(written(bytes)), "") << shape;
  }
}

// Another way than the reader's: shift the bits into a float32's place, and let one multiplication mend the exponent.
double half_by_scaling(std::uint16_t half) {
  const std::uint32_t magnitude = half & 0x7FFFU;
  const float scaled = std::bit_cast<float>(magnitude << 13U) * 0x1p112F;
  const float value = magnitude < 0x7C00U ? scaled : std::bit_cast<float>(0x7F800000U | ((magnitude & 0x3FFU) << 13U));
  return (half & 0x8000U) != 0 ? -value : value;
}

TEST(FloatArray, DecodesEveryHalf) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const double expected = half_by_scaling(half);
    const double actual = decode_float(FloatType::float16, reinterpret_cast<const std::byte*>(&half));
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(actual)) << bits;
    } else {
      ASSERT_EQ(actual, expected) << bits;
      ASSERT_EQ(std::signbit(actual), std::signbit(expected)) << bits;
    }
  }
}

}  // namespace
}  // namespace prelude
