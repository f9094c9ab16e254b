#include "core/io/pt_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "core/error.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

// Made by scripts/make-state-goldens with torch.save: 3 x 5 numbers (i - 7) / 4.
std::string golden(const std::string& name) { return PRELUDE_SOURCE_DIR "/tests/data/pt/" + name + ".pt"; }

std::string refusal(const std::string& name) {
  try {
    read_pt(name);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

class PtFile : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_ / name; }
  std::string written(const std::string& bytes) const {
    test::write_file(path("x.pt"), bytes);
    return path("x.pt");
  }

 private:
  test::TemporaryFolder folder_;
};

TEST_F(PtFile, ReadsWhatTorchSaves) {
  for (const auto& [name, type] : {std::pair{"float32", FloatType::float32},
                                   {"float16", FloatType::float16},
                                   {"bfloat16-parameter", FloatType::bfloat16},
                                   {"float64-dict", FloatType::float64},
                                   {"transposed", FloatType::float32},
                                   {"slice", FloatType::float32},
                                   {"state-dict", FloatType::float32},
                                   {"legacy", FloatType::float32},
                                   {"legacy-state-dict", FloatType::float16}}) {
    const FloatArray array = read_pt(golden(name));
    EXPECT_EQ(array.stored_as, type) << name;
    EXPECT_EQ(array.shape, (std::vector<std::int64_t>{3, 5})) << name;
    ASSERT_EQ(array.values.size(), 15U) << name;
    for (int i = 0; i < 15; ++i) EXPECT_EQ(array.values[static_cast<std::size_t>(i)], (i - 7) / 4.0) << name;
  }
}

TEST_F(PtFile, RunsNothing) {
  const std::string trace = "/tmp/prelude-pickle-was-run";
  fs::remove(trace);
  for (const auto* name : {"malicious", "legacy-malicious"}) {
    EXPECT_NE(refusal(golden(name)).find("asks to run 'posix.system'"), std::string::npos) << refusal(golden(name));
  }
  EXPECT_FALSE(fs::exists(trace));
}

// Pickles whose length is no measure of what they would build: many values, deep copies, long names.
TEST_F(PtFile, RefusesWhatGrows) {
  const std::string legacy = test::read_file(golden("legacy"));
  const std::string start = legacy.substr(0, legacy.find("ctorch._utils"));
  const std::string begin = start.substr(0, start.rfind('\x80') + 2);
  std::string many;
  for (int i = 0; i < 100000; ++i) many += "K\x01";
  EXPECT_NE(refusal(written(begin + many + ".")), "");
  EXPECT_NE(refusal(written(begin + std::string(100000, '}') + ".")), "");
  EXPECT_NE(refusal(written(begin + std::string(100000, '(') + ".")), "");
  std::string gets = "K\x01q";
  gets += '\0';
  for (int i = 0; i < 100000; ++i) gets += std::string("h\0", 2);
  EXPECT_NE(refusal(written(begin + gets + ".")), "");
  EXPECT_NE(refusal(written(begin + "(lp0\n.")), "") << "opcodes of other protocols";
}

TEST_F(PtFile, NamesWhatItCannotTake) {
  EXPECT_NE(refusal(golden("integers")).find("LongStorage"), std::string::npos);
  EXPECT_NE(refusal(golden("two-tensors")).find("holds 2 entries"), std::string::npos);
  EXPECT_NE(refusal(golden("list")).find("not a torch.save of one float tensor"), std::string::npos);
  EXPECT_NE(refusal(written("text")).find("no .pt file"), std::string::npos);
  EXPECT_NE(refusal(path("none")).find("No such file"), std::string::npos);
}

TEST_F(PtFile, ReadsBackWhatItWrites) {
  const std::vector<float> values{1.0F, -2.5F, 3e-30F, 4e30F, 0.1F, -0.0F};
  write_pt(path("a.pt"), {2, 3}, values);
  const FloatArray array = read_pt(path("a.pt"));
  EXPECT_EQ(array.stored_as, FloatType::float32);
  EXPECT_EQ(array.shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(array.values, std::vector<double>(values.begin(), values.end()));
}

TEST_F(PtFile, FindsEveryCut) {
  for (const auto* name : {"float32", "legacy"}) {
    const std::string whole = test::read_file(golden(name));
    for (std::size_t size = 1; size < whole.size(); size += 3) {
      EXPECT_NE(refusal(written(whole.substr(0, size))), "") << name << " cut to " << size;
    }
  }
}

// The old format has no checksum: each changed byte reaches the parser. The zip's own fields are tried more coarsely.
TEST_F(PtFile, SurvivesChangedBytes) {
  for (const auto& [name, stride] : {std::pair{"legacy", 1U}, {"legacy-state-dict", 1U}, {"state-dict", 5U}}) {
    const std::string whole = test::read_file(golden(name));
    for (std::size_t i = 0; i < whole.size(); i += stride) {
      for (const char value : {'\0', '\xff', 'R'}) {
        std::string changed = whole;
        changed[i] = value;
        try {
          EXPECT_LE(read_pt(written(changed)).values.size(), 15U);
        } catch (const UserError&) {  // either way: no crash, no other exception
        }
      }
    }
  }
}

}  // namespace
}  // namespace prelude
