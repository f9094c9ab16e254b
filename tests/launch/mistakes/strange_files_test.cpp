// Files that are none, folders that are others, and text that must not reach a terminal: whole commands.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "core/text/utf8.h"
#include "tests/launch/mistakes/workshop.h"

namespace prelude::test {
namespace {

namespace fs = std::filesystem;

class StrangeFiles : public testing::Test {
 protected:
  // Something that is no regular file, or never ends, in the place of a file.
  struct Strange {
    std::string path;
    std::string said;
  };
  std::vector<Strange> strange() {
    const std::string pipe = shop_.path("pipe");
    EXPECT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    fs::create_symlink("/dev/zero", shop_.path("zero"));
    fs::create_symlink("loop", shop_.path("loop"));
    return {{pipe, "is a pipe"},
            {shop_.path("zero"), "is a device"},
            {shop_.path("loop"), "Too many levels of symbolic links"},
            {shop_.folder("folder"), "is a folder"}};
  }

  Workshop shop_;
};

TEST_F(StrangeFiles, AreRefusedByEveryCommandThatReadsOne) {
  const std::string backbone = shop_.backbone();
  const std::string row = shop_.file("row.ini",
                                     "name = r\ntrain = a.jsonl\ntest = a.jsonl\nfields = t\nlabel-field = l\n"
                                     "labels = 0 -> bad\nlabels = 1 -> good\npt = {t}<X>\n");
  for (const Strange& file : strange()) {
    std::vector<Mistake> table{
        {"requests", {"predict", "--backbone", backbone, "--input", file.path}, {file.said}},
        {"a configuration", {"pretrain", "--config", file.path}, {file.path, file.said}},
        {"a row",
         {"tune", "--backbone", backbone, "--rows", file.path, "--data", "r=" + shop_.path(""), "--method", "pt",
          "--output", shop_.path("o")},
         {file.path, file.said}},
        {"a tokenizer", {"tokenizer", "encode", "--tokenizer", file.path, "--input", row}, {file.path, file.said}},
        {"a text to encode",
         {"tokenizer", "encode", "--tokenizer", Workshop::tokenizer(), "--input", file.path},
         {file.path, file.said}},
        {"a shape",
         {"backbone", "create", "--model-config", file.path, "--tokenizer", Workshop::tokenizer(), "--output",
          shop_.path("made")},
         {file.said}},
    };
    const std::string copy = shop_.copy(backbone, "backbone-" + fs::path(file.path).filename().string());
    fs::remove(copy + "/model.safetensors");
    fs::create_symlink(file.path, copy + "/model.safetensors");
    table.push_back({"weights", {"inspect", copy}, {"model.safetensors", file.said}});
    expect_mistakes(table);
  }
}

TEST_F(StrangeFiles, OtherFoldersAreNamed) {
  ASSERT_EQ(run_program(shop_.pretrain("run")).code, 0);
  const std::string run = shop_.path("run");
  const std::string questions = shop_.file("q.jsonl", "{\"source\": \"a\"}\n");
  expect_mistakes({
      {"backbone and corpus swapped",
       shop_.pretrain("r", {"--backbone", shop_.corpus(), "--corpus", shop_.backbone()}),
       {"corpus' is a corpus, not a backbone; are two options swapped?"}},
      {"a run in a prompt's place",
       {"predict", "--backbone", shop_.backbone(), "--prompt", run, "--input", questions},
       {"run' is a run of `prelude pretrain`, not a prompt; did you mean '" + run + "/prompt'?"}},
      {"a backbone in a corpus' place",
       shop_.pretrain("r", {"--corpus", shop_.backbone()}),
       {"backbone' is a backbone, not a corpus"}},
  });
}

// What a file holds is shown without control bytes, as UTF-8, and shortened.
TEST_F(StrangeFiles, NoBytesOfAFileReachTheTerminal) {
  for (const std::string& key : {std::string("st\x1b[2Jeps"), std::string("caf\xE9"), std::string(70000, 'k'),
                                 std::string("\xC2\x9B") + "31m"}) {
    const std::string config = shop_.file("c.ini", key + " = 3\n");
    const ProgramResult result = run_program({"pretrain", "--config", config});
    EXPECT_EQ(result.code, 2);
    EXPECT_EQ(valid_utf8_bytes(result.errors), result.errors.size());
    EXPECT_EQ(result.errors.find('\n'), result.errors.size() - 1);
    EXPECT_LE(count_characters(result.errors), 501U);
    EXPECT_NE(result.errors.find(config), std::string::npos);
    for (const char c : result.errors) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n');
    EXPECT_EQ(result.errors.find("\xC2\x9B"), std::string::npos);
  }
}

// The file is cut short while the run uses it.
TEST_F(StrangeFiles, AShardThatBecomesShorterEndsTheRunWithAWord) {
  const std::string corpus = shop_.copy(shop_.corpus(), "used");
  RunningProgram run(shop_.pretrain("run", {"--corpus", corpus, "--steps", "100000000", "--evaluate-every", "1"}));
  const std::string metrics = shop_.path("run/metrics.jsonl");
  while (run.running() && (!fs::exists(metrics) || fs::file_size(metrics) == 0)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  fs::resize_file(corpus + "/shard-00000.h5", 0);
  const ProgramResult result = run.wait();
  EXPECT_EQ(result.code, 2) << result.errors;
  EXPECT_TRUE(result.errors.ends_with("prelude: error: '" + corpus +
                                      "/shard-00000.h5' became shorter while it was in use, or its disk cannot read it "
                                      "any more; mend it and start again\n"))
      << result.errors;
}

}  // namespace
}  // namespace prelude::test
