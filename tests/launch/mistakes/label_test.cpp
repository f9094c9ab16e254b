// Mistakes in labelling a corpus.
#include <gtest/gtest.h>

#include "core/io/npy.h"
#include "tests/launch/mistakes/workshop.h"

namespace prelude::test {
namespace {

class LabelMistakes : public testing::Test {
 protected:
  std::vector<std::string> label(const std::string& corpus, const std::vector<std::string>& more = {},
                                 const std::string& output = "out") {
    std::vector<std::string> arguments{"corpus",
                                       "label",
                                       corpus,
                                       "--backbone",
                                       shop_.backbone(),
                                       "--output",
                                       output.starts_with("/") ? output : shop_.path(output),
                                       "--device",
                                       "cpu",
                                       "--threads",
                                       "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  Workshop shop_;
};

TEST_F(LabelMistakes, InWhatIsGiven) {
  const std::string good = shop_.corpus();
  write_npy(shop_.path("wide.npy"), {2, 7}, std::vector<float>(14, 0.5F));
  expect_mistakes({
      {"no such corpus", label(shop_.path("none")), {"none/corpus.json", "No such file"}},
      {"another tokenizer's",
       label(shop_.with_field(good, "other", "corpus.json", "tokenizer_sha256", std::string(64, 'a'))),
       {"other", "built with another tokenizer", "spiece.model"}},
      {"a backbone without tokenizer",
       {"corpus", "label", good, "--backbone", shop_.without(shop_.backbone(), "mute", "spiece.model"), "--output",
        shop_.path("out"), "--device", "cpu"},
       {"mute' has no spiece.model", "copy"}},
      {"a prompt of another width", label(good, {"--prompt", shop_.path("wide.npy")}), {"wide.npy", "7", "64"}},
      {"a word that is no piece",
       label(good, {"--label-words", "terrible", "bad", "maybe", "good", "antidisestablishment"}),
       {"'antidisestablishment'", "--label-words"}},
      {"too few words",
       label(good, {"--label-words", "bad", "good"}),
       {"--label-words: 5 values are wanted, but 2 are given"}},
      {"a template without the sentence", label(good, {"--template", "It was <extra_id_0>"}), {"{sentence} once"}},
      {"a template with two", label(good, {"--template", "{sentence}{sentence}<extra_id_0>"}), {"{sentence} once"}},
      {"a template without the answer", label(good, {"--template", "{sentence} good?"}), {"<extra_id_0> once"}},
      {"a template that is no text", label(good, {"--template", "{sentence}\xff<extra_id_0>"}), {"UTF-8"}},
      {"no room", label(good, {"--max-source", "1"}), {"--max-source", "give 1 more"}},
      {"four thresholds",
       label(good, {"--confidence", "0.1", "0.2", "0.3", "0.4"}),
       {"--confidence: 5 values are wanted, but 4 are given"}},
      {"a flipped bit",
       label(shop_.with_flip(good, "flip", "shard-00000.h5"), {}, "flipped"),
       {"flip/shard-00000.h5' is damaged"}},
  });
}

TEST_F(LabelMistakes, InTheOutput) {
  const std::string good = shop_.corpus();
  ASSERT_EQ(run_program(label(good, {}, "labelled")).code, 0);
  shop_.folder("full");
  shop_.file("full/thesis.tex", "x");
  const std::string damaged = shop_.copy(shop_.path("labelled"), "damaged");
  shop_.file("damaged/label.json", "{");
  expect_mistakes({
      {"labels already", label(shop_.path("labelled"), {}, "again"), {"labelled' has labels already"}},
      {"the corpus itself", label(good, {}, good), {"which stays as it is", "--output"}},
      {"a folder of something else", label(good, {}, "full"), {"full' holds 'thesis.tex'", "--output"}},
      {"another template",
       label(good, {"--template", "{sentence} <extra_id_0>."}, "labelled"),
       {"labelled' holds labels made with another template", "--output"}},
      {"another prompt",
       label(good, {"--prompt", shop_.prompt()}, "labelled"),
       {"labelled' holds labels made with another prompt (none"}},
      {"a damaged record", label(good, {}, damaged), {"damaged/label.json", "not valid JSON"}},
      {"a lost shard",
       label(good, {}, shop_.without(shop_.path("labelled"), "lost", "shard-00000.h5")),
       {"lost/shard-00000.h5' is missing or damaged"}},
      {"a full disk", label(good, {}, "disk"), {"disk", "File too large"}, 1000},
  });
}

}  // namespace
}  // namespace prelude::test
