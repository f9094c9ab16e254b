#include "core/io/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/error.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using namespace test;

std::span<const std::byte> bytes_of_text(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::string_view text_of(const TensorBytes& tensor) {
  return {reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size()};
}

// A file with this header and this many bytes of data.
std::string file_of(std::string_view header, std::size_t data) {
  std::string text(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(text.data(), &length, sizeof length);
  return text.append(header) + std::string(data, 'x');
}

TEST(Safetensors, ReadsBackWhatItWrote) {
  const TemporaryFolder folder;
  const std::vector<TensorBytes> tensors = {{"b", TensorType::f32, {2, 1}, bytes_of_text("abcdefgh")},
                                            {"none", TensorType::i64, {0, 3}, {}},
                                            {"a \"quoted\"", TensorType::bf16, {}, bytes_of_text("yz")}};
  write_safetensors(folder / "x", tensors, {{"format", "pt"}});
  const SafetensorsFile file(folder / "x");
  ASSERT_EQ(file.tensors().size(), 3U);
  for (const TensorBytes& expected : tensors) {
    const TensorBytes* got = file.find(expected.name);
    ASSERT_NE(got, nullptr) << expected.name;
    EXPECT_EQ(got->type, expected.type);
    EXPECT_EQ(got->shape, expected.shape);
    EXPECT_EQ(text_of(*got), text_of(expected));
  }
  EXPECT_EQ(file.find("c"), nullptr);
  EXPECT_EQ(file.metadata().at("format"), "pt");
}

TEST(Safetensors, WritesTheKnownBytes) {  // the format's own example layout, header padded to 8 bytes
  const TemporaryFolder folder;
  write_safetensors(folder / "x", std::vector<TensorBytes>{{"t", TensorType::u8, {3}, bytes_of_text("abc")}});
  const std::string header = R"({"t":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})";
  std::string expected = file_of(header + std::string(56 - header.size(), ' '), 0) + "abc";
  EXPECT_EQ(read_file(folder / "x"), expected);
}

TEST(Safetensors, NoTensorsIsAFile) {
  const TemporaryFolder folder;
  write_safetensors(folder / "x", {});
  EXPECT_TRUE(SafetensorsFile(folder / "x").tensors().empty());
}

TEST(Safetensors, TruncatedAnywhereIsRefused) {
  const TemporaryFolder folder;
  const std::vector<TensorBytes> tensors = {{"a", TensorType::f32, {2}, bytes_of_text("abcdefgh")},
                                            {"b", TensorType::i16, {3}, bytes_of_text("ABCDEF")}};
  write_safetensors(folder / "x", tensors);
  const std::string whole = read_file(folder / "x");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write_file(folder / "cut", whole.substr(0, size));
    EXPECT_THROW(SafetensorsFile{folder / "cut"}, UserError) << size << " of " << whole.size();
  }
  write_file(folder / "long", whole + "x");
  EXPECT_THROW(SafetensorsFile{folder / "long"}, UserError);
}

// Flipping any byte either is refused or leaves a readable file; it never crashes (run under ASan in cpu-debug).
TEST(Safetensors, AnyDamagedByteIsSurvived) {
  const TemporaryFolder folder;
  write_safetensors(folder / "x", std::vector<TensorBytes>{{"a", TensorType::f32, {2}, bytes_of_text("abcdefgh")}});
  const std::string whole = read_file(folder / "x");
  int refused = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const unsigned flip : {1U, 4U, 128U}) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(static_cast<unsigned char>(damaged[i]) ^ flip);
      write_file(folder / "damaged", damaged);
      try {
        const SafetensorsFile file(folder / "damaged");
        for (const TensorBytes& tensor : file.tensors()) EXPECT_LE(tensor.bytes.size(), whole.size());
      } catch (const UserError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 100);
}

struct Hostile {
  const char* name;
  std::string header;
  std::size_t data;
  const char* message;
};

class HostileHeader : public testing::TestWithParam<Hostile> {};

TEST_P(HostileHeader, IsOneLineThatNamesFileAndDefect) {
  const TemporaryFolder folder;
  const std::string path = folder / "model.safetensors";
  write_file(path, file_of(GetParam().header, GetParam().data));
  try {
    const SafetensorsFile file(path);
    FAIL() << "was accepted";
  } catch (const UserError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find(path), std::string::npos) << message;
    EXPECT_NE(message.find(GetParam().message), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, HostileHeader,
    testing::Values(
        Hostile{"empty_header", "", 0, "not valid JSON"}, Hostile{"not_json", "{\"a\":", 0, "not valid JSON"},
        Hostile{"bad_utf8", "{\"\xff\":1}", 0, "not valid JSON"}, Hostile{"a_list", "[]", 0, "expected a JSON object"},
        Hostile{"deep", std::string(100000, '['), 0, "nested more than"},
        Hostile{"huge_number", R"({"a":{"dtype":"F32","shape":[1e999],"data_offsets":[0,4]}})", 4, "out of range"},
        Hostile{"entry_no_object", R"({"a":[1]})", 0, "expected exactly dtype, shape and data_offsets"},
        Hostile{"field_missing", R"({"a":{"dtype":"F32","shape":[1]}})", 4, "expected exactly"},
        Hostile{"field_besides", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}})", 4,
                "expected exactly"},
        Hostile{"unknown_dtype", R"({"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}})", 4, "dtype \"F33\""},
        Hostile{"dtype_number", R"({"a":{"dtype":5,"shape":[1],"data_offsets":[0,4]}})", 4, "must be a string"},
        Hostile{"negative_size", R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4, "\"shape\" holds -1"},
        Hostile{"size_overflow", R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0,
                "does not take"},
        Hostile{"size_too_large", R"({"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]}})", 4,
                "\"shape\" holds"},
        Hostile{"bytes_differ", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4,
                "does not take 4 bytes"},
        Hostile{"outside", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 4, "lie outside the 4 bytes"},
        Hostile{"backwards", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4, "lie outside"},
        Hostile{"negative_offset", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}})", 4,
                "two byte positions"},
        Hostile{"three_offsets", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}})", 4,
                "two byte positions"},
        Hostile{
            "overlap",
            R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[3],"data_offsets":[2,5]}})",
            5, "overlaps"},
        Hostile{
            "twice_the_same_bytes",
            R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})",
            3, "overlaps"},
        Hostile{
            "hole",
            R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
            3, "leaves a hole"},
        Hostile{"hole_at_front", R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", 2, "leaves a hole"},
        Hostile{"bytes_after", R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 9, "8 bytes after"},
        Hostile{
            "duplicate_name",
            R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
            1, "stands twice"},
        Hostile{"metadata_numbers", R"({"__metadata__":{"x":1}})", 0, "__metadata__"},
        Hostile{"control_character_in_name", R"({"a\nb":1})", 0, "a\\x0ab"}),
    [](const auto& c) { return std::string(c.param.name); });

TEST(Safetensors, HugeHeaderLengthIsRefusedWithoutReadingIt) {
  const TemporaryFolder folder;
  for (const std::uint64_t length :
       {std::uint64_t{1} << 63U, std::uint64_t{1} << 25U, ~std::uint64_t{0}, std::uint64_t{100}}) {
    std::string text(16, ' ');
    std::memcpy(text.data(), &length, sizeof length);
    write_file(folder / "x", text);
    EXPECT_THROW(SafetensorsFile{folder / "x"}, UserError) << length;
  }
}

}  // namespace
}  // namespace prelude
