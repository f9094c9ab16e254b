// Mistakes in text, in building a corpus, and in corpora that do not fit.
#include <gtest/gtest.h>

#include "tests/launch/mistakes/workshop.h"

namespace prelude::test {
namespace {

class CorpusMistakes : public testing::Test {
 protected:
  std::vector<std::string> build(const std::string& input, const std::string& output = "built",
                                 const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"corpus",      "build",
                                       "--input",     input,
                                       "--tokenizer", Workshop::tokenizer(),
                                       "--output",    output.starts_with("/") ? output : shop_.path(output),
                                       "--workers",   "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::vector<std::string> with(const std::string& corpus, const std::vector<std::string>& more = {}) {
    std::vector<std::string> options{"--corpus", corpus};
    options.insert(options.end(), more.begin(), more.end());
    return shop_.pretrain("r", options);
  }
  Workshop shop_;
};

TEST_F(CorpusMistakes, InTheText) {
  const std::string good = R"({"text": "A sentence that is long enough to be kept."})";
  expect_mistakes({
      {"no such file", build(shop_.path("none.txt")), {"no file or folder", "none.txt"}},
      {"an empty file", build(shop_.file("empty.txt", "")), {"empty.txt"}},
      {"a folder without files", build(shop_.folder("nothing")), {"nothing' holds no files"}},
      {"an unknown kind of file", build(shop_.file("page.html", "<html>")), {"page.html", ".jsonl"}},
      {"a line that is no JSON", build(shop_.file("bad.jsonl", good + "\n{\"text\": \n")), {"bad.jsonl:2: ", "JSON"}},
      {"a line without the field",
       build(shop_.file("field.jsonl", good + "\n\n{\"body\": \"x\"}\n")),
       {"field.jsonl:3: ", "'text'"}},
      {"bad UTF-8",
       build(shop_.file("bytes.txt", "One good line here.\n\nA bad \xff byte.\n")),
       {"bytes.txt:3: ", "UTF-8"}},
      {"a line too long",
       build(shop_.file("long.txt", std::string(2000, 'a')), "built", {"--max-line-bytes", "1000"}),
       {"long.txt:1: ", "1000"}},
      {"nothing left by the filters",
       build(shop_.text(), "filtered", {"--min-sentence-tokens", "1000"}),
       {"no document is left of 40"}},
  });
}

TEST_F(CorpusMistakes, InTheOutput) {
  const std::string text = shop_.text();
  shop_.folder("full");
  shop_.file("full/thesis.tex", "x");
  expect_mistakes({
      {"no tokenizer",
       {"corpus", "build", "--input", text, "--tokenizer", shop_.path("none"), "--output", shop_.path("o")},
       {"none", "No such file"}},
      {"a tokenizer that is none",
       {"corpus", "build", "--input", text, "--tokenizer", shop_.file("t", "text"), "--output", shop_.path("o")},
       {"SentencePiece"}},
      {"a folder of something else", build(text, "full"), {"full' holds 'thesis.tex'", "--output"}},
      {"a folder that cannot be made", build(text, "/proc/corpus"), {"/proc/corpus"}},
      {"a file in the way", build(text, shop_.file("way", "x")), {"way"}},
      {"a full disk", build(text, "disk"), {"disk", "File too large"}, 1000},
      {"another build's folder",
       build(shop_.file("other.txt", "Another text of one good sentence."), shop_.corpus()),
       {"corpus"}},
  });
}

TEST_F(CorpusMistakes, InItsUse) {
  const std::string good = shop_.corpus();
  const std::string small = shop_.path("small");
  const std::string one = shop_.file("one.jsonl", "{\"text\": \"One document with one good sentence in it.\"}\n");
  ASSERT_EQ(run_program(build(one, "small")).code, 0);
  expect_mistakes({
      {"no such folder", with(shop_.path("none")), {"none/corpus.json", "No such file"}},
      {"no corpus", with(shop_.folder("empty")), {"empty/corpus.json"}},
      {"another tokenizer's",
       with(shop_.with_field(good, "other", "corpus.json", "tokenizer_sha256", std::string(64, 'a'))),
       {"other", "built with another tokenizer", "spiece.model"}},
      {"a newer schema",
       with(shop_.with_field(good, "newer", "corpus.json", "schema_version", 99)),
       {"newer/corpus.json", "schema_version"}},
      {"a shard missing", with(shop_.without(good, "lost", "shard-00000.h5")), {"lost/shard-00000.h5"}},
      {"a shard cut short", with(shop_.with_cut(good, "cut", "shard-00000.h5", 0.5)), {"cut/shard-00000.h5"}},
      {"a flipped bit", {"corpus", "verify", shop_.with_flip(good, "flip", "shard-00000.h5")}, {"flip/shard-00000.h5"}},
      {"too small", with(small), {"small", "1 document(s)"}},
      {"no labels", with(good, {"--task", "cls"}), {"task cls needs sentence labels", "--labels"}},
      {"no room for an example", with(good, {"--max-source", "6"}), {"--max-source 6", "or more"}},
  });
}

}  // namespace
}  // namespace prelude::test
