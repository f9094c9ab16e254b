// Mistakes in what is typed, and in config files.
#include <gtest/gtest.h>

#include "tests/launch/mistakes/workshop.h"

namespace prelude::test {
namespace {

TEST(Mistakes, OfTheCommandLine) {
  expect_mistakes({
      {"unknown command", {"pretrian"}, {"unknown command 'pretrian'", "did you mean 'pretrain'?"}},
      {"half a command", {"corpus"}, {"`prelude corpus` needs one more word", "corpus build"}},
      {"unknown option", {"pretrain", "--learning-rat", "0.1"}, {"unknown option --learning-rat", "--learning-rate?"}},
      {"missing option", {"pretrain", "--backbone", "b"}, {"--corpus is missing", "Corpus folder"}},
      {"option without a value", {"inspect", "x", "--config"}, {"--config", "needs a value"}},
      {"option given twice", {"export", "--prompt", "a", "--prompt", "b"}, {"--prompt is given twice"}},
      {"one argument too many", {"inspect", "a", "b"}, {"unexpected argument 'b'", "--help"}},
  });
}

TEST(Mistakes, OfNumbers) {
  Workshop shop;
  expect_mistakes({
      {"NaN learning rate", shop.pretrain("r", {"--learning-rate", "nan"}), {"--learning-rate", "not a finite number"}},
      {"negative rate", shop.pretrain("r", {"--learning-rate", "-0.1"}), {"--learning-rate", "more than 0"}},
      {"a rate beyond float32", shop.pretrain("r", {"--learning-rate", "1e99"}), {"--learning-rate", "out of range"}},
      {"a rate that float32 takes for 0",
       shop.pretrain("r", {"--learning-rate", "1e-99"}),
       {"--learning-rate", "out of range"}},
      {"a hexadecimal rate", shop.pretrain("r", {"--learning-rate", "0x10"}), {"--learning-rate", "is not a number"}},
      {"a warm-up beyond all counting",
       shop.pretrain("r", {"--warmup-steps", "9223372036854775807"}),
       {"--warmup-steps", "out of range"}},
      {"zero steps", shop.pretrain("r", {"--steps", "0"}), {"--steps", "0 must be at least 1"}},
      {"steps in words", shop.pretrain("r", {"--steps", "ten"}), {"--steps", "'ten' is not a whole number"}},
      {"half a step", shop.pretrain("r", {"--steps", "1.5"}), {"--steps", "'1.5' is not a whole number"}},
      {"too many steps", shop.pretrain("r", {"--steps", "99999999999999999999"}), {"--steps", "too large"}},
      {"negative batch", shop.pretrain("r", {"--global-batch", "-4"}), {"--global-batch", "-4 must be at least 1"}},
      {"all documents held out",
       shop.pretrain("r", {"--validation-fraction", "1"}),
       {"--validation-fraction", "less than 1"}},
      {"warm-up as long as the run",
       shop.pretrain("r", {"--schedule", "linear", "--warmup-steps", "2"}),
       {"--warmup-steps 2 leaves no step of --steps 2"}},
  });
}

TEST(Mistakes, OfNames) {
  Workshop shop;
  const auto with_graphs = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = shop.pretrain("r", more);
    words.emplace_back("--cuda-graphs");
    return words;
  };
  std::vector<Mistake> table{
      {"unknown task",
       shop.pretrain("r", {"--task", "nps"}),
       {"--task", "'nps' is not one of nsp", "did you mean 'nsp'?"}},
      {"unknown schedule", shop.pretrain("r", {"--schedule", "cosin"}), {"--schedule", "did you mean 'cosine'?"}},
      {"unknown device", shop.pretrain("r", {"--device", "gpu"}), {"--device", "'gpu' is not one of cpu, cuda"}},
      {"unknown number type", shop.pretrain("r", {"--dtype", "fp16"}), {"--dtype", "float32, bfloat16"}},
      {"graphs on the CPU", with_graphs({}), {"--cuda-graphs needs --device cuda"}},
      {"graphs of cut weights",
       with_graphs({"--tensor-parallel", "2"}),
       {"--cuda-graphs with --tensor-parallel 2", "drop one"}},
      {"gathered layers run again",
       shop.pretrain("r", {"--shard", "gather", "--recompute", "always"}),
       {"--shard gather with --recompute always", "drop one"}},
      {"unknown quirk", shop.pretrain("r", {"--quirks", "typo"}), {"--quirks", "no quirk 'typo'"}},
      {"two label words of three",
       shop.pretrain("r", {"--label-words", "yes"}),
       {"--label-words", "takes 3 words, but 1"}},
      {"text of no text", shop.pretrain("r", {"--init", "text"}), {"--init-text"}},
      {"unknown shape",
       {"backbone", "create", "--shape", "t5-huge", "--tokenizer", Workshop::tokenizer(), "--output", shop.path("b")},
       {"t5-huge", "t5-xxl"}},
  };
#ifndef PRELUDE_CUDA
  table.push_back({"cuda without cuda", shop.pretrain("r", {"--device", "cuda"}), {"--device cuda", "--device cpu"}});
#endif
  expect_mistakes(table);
}

TEST(Mistakes, OfConfigFiles) {
  Workshop shop;
  const auto with = [&](const std::string& name, const std::string& content) {
    return shop.pretrain("r", {"--config", shop.file(name, content)});
  };
  expect_mistakes({
      {"no such file", shop.pretrain("r", {"--config", shop.path("none.ini")}), {"none.ini", "No such file"}},
      {"unknown key",
       with("a.ini", "seed = 3\nlearning-rat = 0.1\n"),
       {"a.ini line 2: unknown key 'learning-rat'", "did you mean 'learning-rate'?"}},
      {"bad value", with("b.ini", "# a comment\nclip = much\n"), {"b.ini line 2: clip", "'much' is not a number"}},
      {"no assignment", with("c.ini", "clip 1\n"), {"c.ini line 1", "`key = value`"}},
      {"a section", with("d.ini", "[train]\nclip = 1\n"), {"d.ini line 1", "no [sections]"}},
      {"a key twice", with("e.ini", "clip = 1\nclip = 2\n"), {"e.ini line 2: 'clip' is given twice"}},
  });
}

}  // namespace
}  // namespace prelude::test
