#include <gtest/gtest.h>

#include "core/error.h"
#include "core/io/safetensors.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using namespace test;

constexpr const char* index_name = "model.safetensors.index.json";

void write_tensor(const std::string& path, const std::string& name) {
  static constexpr std::byte bytes[4] = {};
  write_safetensors(path, std::vector<TensorBytes>{{name, TensorType::f32, {1}, bytes}});
}

std::string error_of(const TemporaryFolder& folder) {
  try {
    open_safetensors_folder(folder.path());
  } catch (const UserError& error) {
    return error.what();
  }
  return "was accepted";
}

void expect_error(const TemporaryFolder& folder, const std::string& part) {
  EXPECT_NE(error_of(folder).find(part), std::string::npos) << error_of(folder);
}

TEST(SafetensorsFolder, OpensOneFileOrShards) {
  const TemporaryFolder one;
  write_tensor(one / "model.safetensors", "a");
  EXPECT_EQ(open_safetensors_folder(one.path()).size(), 1U);
  const TemporaryFolder two;
  write_tensor(two / "s1", "a");
  write_tensor(two / "s2", "b");
  write_file(two / index_name, R"({"metadata":{"total_size":8},"weight_map":{"a":"s1","b":"s2"}})");
  const auto files = open_safetensors_folder(two.path());
  ASSERT_EQ(files.size(), 2U);
  EXPECT_NE(files[0].find("a"), nullptr);
  EXPECT_NE(files[1].find("b"), nullptr);
}

TEST(SafetensorsFolder, SaysHowToConvertABin) {
  const TemporaryFolder folder;
  write_file(folder / "pytorch_model.bin", "x");
  expect_error(folder, "scripts/convert-bin " + folder.path());
}

TEST(SafetensorsFolder, RefusesAFolderWithoutAModel) {
  const TemporaryFolder folder;
  expect_error(folder, "neither model.safetensors nor");
  EXPECT_THROW(open_safetensors_folder(folder / "none"), UserError);
}

TEST(SafetensorsFolder, AnIndexMustAgreeWithItsShards) {
  const TemporaryFolder folder;
  write_tensor(folder / "s1", "a");
  write_tensor(folder / "s2", "b");
  write_file(folder / index_name, R"({"weight_map":{"a":"s1","b":"s2","c":"s2"}})");
  expect_error(folder, "tensor \"c\" is missing");
  write_file(folder / index_name, R"({"weight_map":{"a":"s1","c":"s2"}})");
  expect_error(folder, "tensor \"b\" is not in");
  write_file(folder / index_name, R"({"weight_map":{"a":"s1","b":"s3"}})");
  expect_error(folder, "s3");
  write_file(folder / index_name, R"({"weight_map":{"b":"s1","a":"s2"}})");
  expect_error(folder, "is not in");
}

TEST(SafetensorsFolder, AnIndexCannotLeadOutOfTheFolder) {
  const TemporaryFolder folder;
  for (const std::string shard : {"../x", "/etc/passwd", "..", "a/b", ""}) {
    write_file(folder / index_name, R"({"weight_map":{"a":")" + shard + R"("}})");
    expect_error(folder, "must be a plain file name");
  }
}

TEST(SafetensorsFolder, RefusesAnIndexOfAnotherKind) {
  const TemporaryFolder folder;
  for (const std::string text :
       {"{}", R"({"weight_map":{}})", R"({"weight_map":[1]})", R"({"weight_map":{"a":1}})", "x"}) {
    write_file(folder / index_name, text);
    EXPECT_THROW(open_safetensors_folder(folder.path()), UserError) << text;
  }
}

}  // namespace
}  // namespace prelude
