// Mistakes with run folders, and with files that predict, evaluate and inspect take.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/io/folder_lock.h"
#include "tests/launch/mistakes/workshop.h"

namespace prelude::test {
namespace {

class RunMistakes : public testing::Test {
 protected:
  std::vector<std::string> predict(const std::string& name, const std::string& lines) {
    return {"predict",
            "--backbone",
            shop_.backbone(),
            "--input",
            shop_.file(name, lines),
            "--output",
            shop_.path("out.jsonl"),
            "--device",
            "cpu"};
  }
  Workshop shop_;
};

TEST_F(RunMistakes, OfTheFolder) {
  shop_.folder("thesis");
  shop_.file("thesis/chapter.tex", "x");
  shop_.folder("busy");
  const FolderLock other(shop_.path("busy"), "a test");
  expect_mistakes({
      {"something else in it",
       shop_.pretrain("thesis"),
       {"--output", "thesis' holds 'chapter.tex', which stays as it is"}},
      {"a file", shop_.pretrain("x", {"--output", shop_.file("file", "x")}), {"--output", "file' is not a folder"}},
      {"in use", shop_.pretrain("busy"), {"busy", "another prelude process"}},
      {"cannot be written", shop_.pretrain("x", {"--output", "/proc/run"}), {"/proc/run"}},
  });
}

TEST_F(RunMistakes, OfGoingOn) {
  ASSERT_EQ(run_program(shop_.pretrain("run")).code, 0);
  const std::string other_weights = shop_.path("other-weights");
  ASSERT_EQ(run_program({"backbone", "create", "--shape", "tiny", "--seed", "2", "--tokenizer", Workshop::tokenizer(),
                         "--output", other_weights})
                .code,
            0);
  const std::string other_corpus =
      shop_.with_field(shop_.corpus(), "other-corpus", "corpus.json", "min_sentence_chars", 3);
  // The same name, other bytes: what happens where a folder is replaced between two starts.
  const auto moved = [&](const std::string& option, const std::string& original, const std::string& replacement) {
    std::filesystem::rename(original, original + ".old");
    std::filesystem::rename(replacement, original);
    expect_mistakes(
        {{option, shop_.pretrain("run", {"--steps", "4"}), {option, "that the run in", "was started with"}}});
    std::filesystem::rename(original, replacement);
    std::filesystem::rename(original + ".old", original);
  };
  expect_mistakes({
      {"another seed", shop_.pretrain("run", {"--seed", "9"}), {"--seed is '9'", "choose another --output"}},
      {"another batch",
       shop_.pretrain("run", {"--global-batch", "4"}),
       {"--global-batch is '4'", "choose another --output"}},
      {"another rate", shop_.pretrain("run", {"--learning-rate", "0.5"}), {"--learning-rate is '0.5'"}},
  });
  moved("--backbone", shop_.backbone(), other_weights);
  moved("--corpus", shop_.corpus(), other_corpus);
  EXPECT_EQ(run_program(shop_.pretrain("run", {"--steps", "4"})).code, 0) << "the run itself still goes on";
}

TEST_F(RunMistakes, OfLines) {
  const std::string questions = shop_.file("q.jsonl", "{\"source\": \"x\", \"target\": \"y\"}\n");
  expect_mistakes({
      {"no such file",
       {"predict", "--backbone", shop_.backbone(), "--input", shop_.path("none.jsonl"), "--device", "cpu"},
       {"none.jsonl", "No such file"}},
      {"answers over the questions",
       {"predict", "--backbone", shop_.backbone(), "--input", questions, "--output", questions},
       {"--output: '", "q.jsonl' is the input"}},
      {"no JSON", predict("a.jsonl", "{\"source\": \"x\"}\nhello\n"), {"a.jsonl line 2", "not valid JSON"}},
      {"no source", predict("b.jsonl", "{\"target\": \"x\"}\n"), {"b.jsonl line 1", "neither source nor source_ids"}},
      {"an id out of range",
       predict("c.jsonl", "{\"source_ids\": [99999999]}\n"),
       {"c.jsonl line 1", "the id 99999999"}},
      {"a target that is no text",
       predict("d.jsonl", "{\"source\": \"x\", \"target\": 5}\n"),
       {"d.jsonl line 1", "target must be a text"}},
      {"a label out of range",
       {"evaluate", "--backbone", shop_.backbone(), "--device", "cpu", "--input",
        shop_.file("e.jsonl", "{\"source\": \"x\", \"candidates\": [\"a\", \"b\"], \"label\": 2}\n")},
       {"e.jsonl line 1", "label"}},
      {"nothing to evaluate",
       {"evaluate", "--backbone", shop_.backbone(), "--device", "cpu"},
       {"--input FILE or --corpus DIR"}},
  });
}

TEST_F(RunMistakes, OfInspection) {
  ASSERT_EQ(run_program(shop_.pretrain("run")).code, 0);
  const std::string checkpoint = "step-00000002.h5";
  const std::string checkpoints = shop_.path("run/checkpoints");
  expect_mistakes({
      {"nothing there", {"inspect", shop_.path("none")}, {"nothing at", "none"}},
      {"an unknown file", {"inspect", shop_.file("a.txt", "x")}, {"a.txt' is of no known kind", ".safetensors"}},
      {"an unknown folder", {"inspect", shop_.folder("empty")}, {"empty", "config.json (backbone)"}},
      {"a checkpoint with a flipped bit",
       {"inspect", shop_.with_flip(checkpoints, "flip", checkpoint) + "/" + checkpoint},
       {"is damaged", "checksum"}},
      {"a checkpoint cut short",
       {"inspect", shop_.with_cut(checkpoints, "cut", checkpoint, 0.6) + "/" + checkpoint},
       {"cut short"}},
  });
}

TEST_F(RunMistakes, OfStandardOutput) {
  const std::string errors = shop_.path("errors");
  const std::string command = fmt::format("{} inspect {} > /dev/full 2> {}", PRELUDE_PROGRAM, shop_.prompt(), errors);
  EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 2);
  std::ifstream file(errors);
  const std::string said{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(said, "prelude: error: cannot write to standard output: No space left on device\n");
}

}  // namespace
}  // namespace prelude::test
