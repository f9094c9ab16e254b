#include "core/io/h5.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <functional>
#include <thread>

#include "core/error.h"
#include "core/io/h5_writer.h"
#include "core/io/mapped_file.h"
#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude::h5 {
namespace {

using test::message_of;
using test::read_file;
using test::TemporaryFolder;
using test::write_file;

std::vector<float> rising(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i) / 3;
  return values;
}

void write_example(const std::string& path) {
  Writer file(path);
  file.write("/delta/prompt", Type::float32, {20, 3}, rising(60).data());
  file.write("/steps", std::vector<std::int64_t>{1, -2, std::int64_t{1} << 60});
  file.write("/bytes", std::vector<std::uint8_t>{0, 255});
  file.write("/empty", std::vector<std::int64_t>{});
  file.write_strings("/names", {"", "caf\u00e9", "b"});
  file.write_text("/config", std::string(100000, 'c'));
  file.write_attribute("revision", std::string("abc"));
  file.write_attribute("nothing", std::string());
  file.write_attribute("step", std::int64_t{-5});
  file.finish();
  file.commit();
}

TEST(H5Test, GivesBackWhatWasWritten) {
  const TemporaryFolder folder;
  write_example(folder / "a.h5");
  const File file = File::open(folder / "a.h5");
  EXPECT_EQ(file.read<float>("/delta/prompt"), rising(60));
  EXPECT_EQ(file.describe("/delta/prompt").shape, (std::vector<std::int64_t>{20, 3}));
  EXPECT_EQ(file.read<std::int64_t>("/steps"), (std::vector<std::int64_t>{1, -2, std::int64_t{1} << 60}));
  EXPECT_EQ(file.read<std::uint8_t>("/bytes"), (std::vector<std::uint8_t>{0, 255}));
  EXPECT_TRUE(file.read<std::int64_t>("/empty").empty());
  EXPECT_EQ(file.read_strings("/names"), (std::vector<std::string>{"", "caf\u00e9", "b"}));
  EXPECT_EQ(file.read_text("/config"), std::string(100000, 'c'));
  EXPECT_EQ(file.string_attribute("revision"), "abc");
  EXPECT_EQ(file.string_attribute("nothing"), "");
  EXPECT_EQ(file.integer_attribute("step"), -5);
  EXPECT_TRUE(file.has("/delta/prompt"));
  EXPECT_FALSE(file.has("/delta/other"));
  EXPECT_FALSE(file.has("/other/prompt"));
  EXPECT_FALSE(file.has_attribute("other"));
}

TEST(H5Test, TheSameCallsWriteTheSameBytes) {
  const TemporaryFolder folder;
  write_example(folder / "a.h5");
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // HDF5's own times count seconds
  write_example(folder / "b.h5");
  EXPECT_EQ(read_file(folder / "a.h5"), read_file(folder / "b.h5"));
}

TEST(H5Test, ArraysCanBeMapped) {
  const TemporaryFolder folder;
  write_example(folder / "a.h5");
  const Dataset found = File::open(folder / "a.h5").describe("/delta/prompt");
  EXPECT_EQ(found.offset % 64, 0);
  EXPECT_EQ(found.bytes(), 240);
  const MappedFile mapped = MappedFile::open(folder / "a.h5");
  std::vector<float> values(60);
  std::memcpy(values.data(), mapped.data() + found.offset, 240);
  EXPECT_EQ(values, rising(60));
}

TEST(H5Test, ErrorsNameFileAndDataset) {
  const TemporaryFolder folder;
  write_example(folder / "a.h5");
  const File file = File::open(folder / "a.h5");
  const std::string path = folder / "a.h5";
  EXPECT_EQ(message_of([&] { file.read<float>("/none"); }), "'" + path + "' has no dataset '/none'");
  EXPECT_EQ(message_of([&] { file.read<float>("/steps"); }),
            "'/steps' in '" + path + "' is of type int64; float32 is wanted");
  EXPECT_EQ(message_of([&] { file.integer_attribute("none"); }), "'" + path + "' has no attribute 'none'");
  EXPECT_NE(message_of([&] { file.integer_attribute("revision"); }).find("is no int64"), std::string::npos);
  EXPECT_NE(message_of([&] { file.string_attribute("step"); }).find("is no text"), std::string::npos);
  EXPECT_NE(message_of([&] { file.describe("/delta"); }).find("'/delta' in '" + path), std::string::npos);
  EXPECT_NE(message_of([&] { file.describe("/names"); }).find("element type"), std::string::npos);
  EXPECT_NE(message_of([&] { File::open(folder / "none.h5"); }).find("No such file"), std::string::npos);
  EXPECT_NE(message_of([&] { const Writer none(folder / "none/a.h5"); }).find("none/a.h5"), std::string::npos);
}

// Nothing that is read back differs from what was written without an error: cut anywhere, or any byte of HDF5's own
// changed (those of the arrays are the callers' checksums' matter).
TEST(H5Test, ADamagedFileIsAnError) {
  const TemporaryFolder folder;
  write_example(folder / "a.h5");
  const std::string whole = read_file(folder / "a.h5");
  const std::string path = folder / "b.h5";
  const auto use = [&] {
    const File file = File::open(path);
    for (const char* name : {"/delta/prompt", "/steps", "/bytes", "/empty"}) file.describe(name);
    file.read<float>("/delta/prompt");
    file.read<std::int64_t>("/steps");
  };
  for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 100) {
    write_file(path, whole.substr(0, size));
    EXPECT_NE(message_of(use), "nothing thrown") << size;
  }
  for (std::size_t at = 0; at < whole.size(); at += 1 + whole.size() / 400) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x55);
    write_file(path, changed);
    message_of(use);  // an error or none, but neither a crash nor any other exception
  }
  write_file(path, "this is a text");
  EXPECT_NE(message_of(use).find("b.h5"), std::string::npos);
}

}  // namespace
}  // namespace prelude::h5
