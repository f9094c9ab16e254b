// Mistakes with `prelude lm`.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/launch/commands/lm_bench.h"
#include "tests/launch/mistakes/workshop.h"

namespace prelude::test {
namespace {

namespace fs = std::filesystem;

class LmMistakes : public testing::Test {
 protected:
  std::vector<std::string> lm(const LmBench::Options& more, const std::string& run = "x") const {
    return bench_.arguments(run, more);
  }
  LmBench bench_;
  Workshop shop_;
};

TEST_F(LmMistakes, OfWhatItStartsFrom) {
  const std::string backbone = shop_.backbone();
  expect_mistakes({
      {"from nothing", lm({{"--init", ""}, {"--tokenizer", ""}}), {"either --backbone DIR", "or --init config.json"}},
      {"from both", lm({{"--backbone", backbone}}), {"either --backbone DIR", "or --init config.json"}},
      {"no tokenizer", lm({{"--tokenizer", ""}}), {"--init and --tokenizer belong together"}},
      {"a tokenizer beside a backbone",
       lm({{"--init", ""}, {"--backbone", backbone}}),
       {"--init and --tokenizer belong together"}},
      {"no such config", lm({{"--init", bench_.path("none.json")}}), {"none.json", "No such file"}},
      {"a tokenizer that is none",
       lm({{"--tokenizer", bench_.path("config.json")}}),
       {"config.json", "that is no tokenizer.json"}},
      {"a vocabulary smaller than the tokenizer",
       lm({{"--init", bench_.config("small.json", {{"vocab_size", 147}})}}),
       {"spiece.model': the tokenizer has no sentinels", "vocabulary of 147 has no room for 100"}},
      {"a corpus of another tokenizer",
       lm({{"--corpus", shop_.corpus()}}),
       {"was built with another tokenizer", "build it again"}},
      {"a backbone of another tokenizer",
       lm({{"--init", ""}, {"--tokenizer", ""}, {"--backbone", backbone}}),
       {"was built with another tokenizer", "build it again"}},
  });
}

TEST_F(LmMistakes, OfTheWindowsAndTheOptimiser) {
  expect_mistakes({
      {"no span", lm({{"--max-source", "8"}}), {"--max-source 8", "too short to mask a span; give 10 or more"}},
      {"more spans than sentinels",
       lm({{"--max-source", "4000"}}),
       {"--max-source 4000", "the tokenizer has 100", "the largest that works is 1809"}},
      {"too little text",
       lm({{"--max-source", "60000"}, {"--objective", "prefix-lm"}}),
       {"training documents hold", "one example takes 59999", "lower --max-source"}},
      {"too little text held out",
       lm({{"--max-source", "1000"}, {"--validation-fraction", "0.001"}}),
       {"1 validation documents hold", "raise --validation-fraction"}},
      {"no such objective", lm({{"--objective", "gpt"}}), {"--objective", "span-corruption", "prefix-lm"}},
      {"a matrix in slices", lm({{"--tensor-parallel", "2"}}), {"adafactor with --tensor-parallel 2", "use adamw"}},
      {"windows nowhere", lm({{"--write-windows", bench_.path("none/w.jsonl")}}), {"none/w.jsonl", "No such file"}},
  });
}

TEST_F(LmMistakes, OfGoingOn) {
  const LmBench::Options short_run{{"--steps", "4"}};
  ASSERT_EQ(run_program(lm(short_run, "run")).code, 0);
  const auto again = [&](LmBench::Options more) {
    more.merge(LmBench::Options(short_run));
    return lm(more, "run");
  };
  expect_mistakes({
      {"another objective", again({{"--objective", "prefix-lm"}}), {"--objective is 'prefix-lm'", "another --output"}},
      {"fewer steps", again({{"--steps", "3"}}), {"--steps: 3 is less than the 4 of the run in"}},
      {"another optimiser", again({{"--optimizer", "adamw"}}), {"--optimizer is 'adamw'"}},
      {"another seed", again({{"--seed", "2"}}), {"--seed is '2'"}},
      {"another shape of as many weights",
       again({{"--init", bench_.config("other.json", {{"num_heads", 8}, {"d_kv", 4}})}}),
       {"--init: '", "is not what the run in", "was started with"}},
      {"a backbone instead",
       again({{"--init", ""}, {"--tokenizer", ""}, {"--backbone", bench_.path("run/backbone")}}),
       {"--backbone: '", "is not what the run in", "was started with"}},
  });
  const auto metrics = read_file(bench_.path("run/metrics.jsonl"));
  fs::rename(bench_.path("corpus"), bench_.path("first"));
  ASSERT_EQ(run_program({"corpus", "build", "--input", bench_.path("text.jsonl"), "--tokenizer", bench_.tokenizer(),
                         "--output", bench_.path("corpus"), "--workers", "1", "--min-sentence-tokens", "12"})
                .code,
            0);
  expect_mistakes(
      {{"another corpus", again({{"--steps", "8"}}), {"--corpus: '", "is not the corpus that the run in"}}});
  EXPECT_EQ(read_file(bench_.path("run/metrics.jsonl")), metrics) << "the run was not begun anew";
}

TEST_F(LmMistakes, OfAFolderOfAnotherCommand) {
  ASSERT_EQ(run_program(shop_.pretrain("prompt")).code, 0);
  ASSERT_EQ(run_program(lm({{"--steps", "1"}}, "run")).code, 0);
  expect_mistakes({
      {"of pretrain",
       lm({{"--output", shop_.path("prompt")}}),
       {"prompt' holds a run of `prelude pretrain`, which stays as it is"}},
      {"of lm",
       shop_.pretrain("x", {"--output", bench_.path("run")}),
       {"run' holds a run of `prelude lm`, which stays as it is"}},
  });
}

}  // namespace
}  // namespace prelude::test
