#include "core/io/npy.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "core/error.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

// Made by scripts/make-state-goldens with numpy.save: 3 x 5 numbers (i - 7) / 4.
std::string golden(const std::string& name) { return PRELUDE_SOURCE_DIR "/tests/data/npy/" + name; }

class Npy : public testing::Test {
 protected:
  Npy() : folder_(fs::temp_directory_path() / ("prelude-npy-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~Npy() override { fs::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string written(const std::string& bytes) const {
    std::ofstream(path("x.npy"), std::ios::binary) << bytes;
    return path("x.npy");
  }
  static std::string bytes_of_file(const std::string& name) {
    std::ifstream file(name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
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
  fs::path folder_;
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
  for (int i = 0; i < 15; ++i) values.push_back(static_cast<float>(i - 7) / 4);
  write_npy(path("a.npy"), {3, 5}, values);
  const FloatArray array = read_npy(path("a.npy"));
  EXPECT_EQ(array.values, read_npy(golden("little-f4.npy")).values);
  const std::string ours = bytes_of_file(path("a.npy"));
  const std::string theirs = bytes_of_file(golden("little-f4.npy"));
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
  const std::string whole = bytes_of_file(golden("little-f4.npy"));
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_NE(refusal(written(whole.substr(0, size))), "") << "cut to " << size;
  }
  EXPECT_NE(refusal(written(whole + "x")), "") << "a byte too many";
}

TEST_F(Npy, SurvivesEveryChangedByteOfTheHeader) {
  const std::string whole = bytes_of_file(golden("little-f4.npy"));
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

TEST(FloatArray, DecodesEveryHalf) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    _Float16 value;
    std::memcpy(&value, &half, 2);
    const double expected = static_cast<double>(value);
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
