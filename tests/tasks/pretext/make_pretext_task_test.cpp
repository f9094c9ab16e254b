#include "tasks/pretext/make_pretext_task.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tasks/pretext/fixture.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

TEST(MakePretextTask, KnowsTheLabelIdsOfPpt) {
  const TestText text = random_text({.documents = 120}, 1);
  const auto ids = [&](const char* task) { return TaskBench(task, text).task().label_ids(); };
  EXPECT_EQ(ids("nsp"), Sentence(nsp_ids.begin(), nsp_ids.end()));
  EXPECT_EQ(ids("nss"), Sentence(letter_ids.begin(), letter_ids.begin() + 6));
  EXPECT_EQ(ids("unified"), Sentence(letter_ids.begin(), letter_ids.end()));
  TestLabels labels;
  labels.labels.assign(1440, 2);
  labels.confidences.assign(1440, 0.9F);
  EXPECT_EQ(TaskBench("cls", text, {}, labels).task().label_ids(), Sentence(cls_ids.begin(), cls_ids.end()));
}

TEST(MakePretextTask, TakesOtherLabelWords) {
  PretextOptions options;
  options.label_words = {"false", "perhaps", "true"};
  const Tokenizer& tokenizer = t5_tokenizer();
  const TaskBench bench("nsp", random_text({.documents = 120}, 1), options);
  EXPECT_EQ(bench.task().label_ids(), (Sentence{tokenizer.id_of_piece("▁false"), tokenizer.id_of_piece("▁perhaps"),
                                                tokenizer.id_of_piece("▁true")}));
}

TEST(MakePretextTask, HasPptsLengths) {
  EXPECT_EQ(default_max_source("nsp"), 512);
  EXPECT_EQ(default_max_source("nss"), 1024);
  EXPECT_EQ(default_max_source("unified"), 768);
  EXPECT_EQ(default_max_source("cls"), 368);
}

// A mistake, and what its one line must say.
struct Mistake {
  const char* name;
  const char* task;
  TextShape shape;
  PretextOptions options;
  std::vector<const char*> says;
};

class MistakeTest : public ::testing::TestWithParam<Mistake> {};

TEST_P(MistakeTest, IsSaidInOneLine) {
  const Mistake& mistake = GetParam();
  const std::string line = user_error([&] { TaskBench(mistake.task, random_text(mistake.shape, 1), mistake.options); });
  EXPECT_EQ(line.find('\n'), std::string::npos);
  for (const char* part : mistake.says) EXPECT_NE(line.find(part), std::string::npos) << line;
}

const TextShape enough{.documents = 120};
const TextShape four{.documents = 120, .min_sentences = 4, .max_sentences = 4};
const TextShape five{.documents = 120, .min_sentences = 5, .max_sentences = 5};

const std::vector<Mistake> mistakes{
    {"unknown_task", "nps", enough, {}, {"nps", "nsp, nss, unified, cls"}},
    {"one_document", "nsp", {.documents = 1}, {}, {"1 document", "2 or more"}},
    {"few_held_out", "nss", {.documents = 40}, {}, {"5 documents", "validation", "has 2", "--validation-fraction"}},
    {"few_for_unified", "unified", {.documents = 80}, {}, {"5 documents", "has 4"}},
    {"nsp_needs_another", "nsp", {.documents = 20}, {}, {"2 documents", "validation", "has 1"}},
    {"short_documents", "nsp", four, {}, {"5 or more sentences"}},
    {"short_for_unified", "unified", five, {}, {"6 or more sentences"}},
    {"fraction_zero", "nsp", enough, {.validation_fraction = 0}, {"--validation-fraction 0"}},
    {"fraction_one", "nsp", enough, {.validation_fraction = 1}, {"between 0 and 1"}},
    {"no_room_nsp", "nsp", enough, {.max_source = 102}, {"--max-source 102", "100 prompt rows", "103"}},
    {"no_room_nss", "nss", enough, {.max_source = 131}, {"--max-source 131", "132"}},
    {"no_room_unified", "unified", enough, {.max_source = 171}, {"--max-source 171", "172"}},
    {"long_prompt", "nsp", enough, {.prompt_length = 600}, {"--max-source 512", "600 prompt rows"}},
    {"negative_prompt", "nsp", enough, {.prompt_length = -1}, {"--prompt-length -1"}},
    {"two_words", "nsp", enough, {.label_words = {"no", "yes"}}, {"--label-words", "takes 3", "2 are given"}},
    {"no_such_piece", "nsp", enough, {.label_words = {"no", "qwertyuiop", "yes"}}, {"'qwertyuiop'", "single pieces"}},
    {"same_words", "nsp", enough, {.label_words = {"no", "no", "yes"}}, {"same piece"}},
};

INSTANTIATE_TEST_SUITE_P(All, MistakeTest, ::testing::ValuesIn(mistakes),
                         [](const auto& row) { return std::string(row.param.name); });

// T5's tokenizer with another one-letter piece in place of `piece`: in the model's protocol buffer, a piece is field 1
// (its text, with its length in front), then field 2 (its score).
Tokenizer tokenizer_without(char piece) {
  std::string model = read_file(PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model");
  const std::string field{'\x0a', '\x01', piece, '\x15'};
  const std::size_t at = model.find(field);
  EXPECT_NE(at, std::string::npos);
  EXPECT_EQ(model.find(field, at + 1), std::string::npos);
  model.at(at + 2) = '\x7f';
  const TemporaryFolder folder;
  write_file(folder / "spiece.model", model);
  return Tokenizer::load(folder / "spiece.model");
}

TEST(MakePretextTask, NamesThePieceThatAnOptionTaskMisses) {
  const TestText text = random_text(enough, 1);
  for (const auto& [piece, what] : std::vector<std::pair<char, const char*>>{{'.', "the multiple-choice layout needs"},
                                                                             {'?', "the multiple-choice layout needs"},
                                                                             {'B', "--label-words"}}) {
    const Tokenizer tokenizer = tokenizer_without(piece);
    const TestCorpus corpus(text, {}, tokenizer.sha256());
    for (const char* task : {"nss", "unified"}) {
      const std::string line = user_error([&] { (void)make_pretext_task(task, corpus.corpus(), tokenizer, {}); });
      EXPECT_NE(line.find(std::string("'") + piece + "'"), std::string::npos) << line;
      EXPECT_NE(line.find(what), std::string::npos) << line;
      EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    }
    EXPECT_NO_THROW((void)make_pretext_task("nsp", corpus.corpus(), tokenizer, {}));
  }
}

// Every sentence reads like every other: no negative can be told from the right answer.
TEST(MakePretextTask, SaysWhereACorpusHoldsNothingButCopies) {
  const TaskBench bench("nsp", random_text({.documents = 120, .distinct_sentences = 1}, 1));
  const std::string line = user_error([&] {
    for (std::uint64_t i = 0; i < 10; ++i) (void)bench.task().training_sample(1, i);
  });
  EXPECT_NE(line.find("no usable example"), std::string::npos) << line;
}

TEST(MakePretextTask, RefusesACorpusOfAnotherTokenizer) {
  const TestText text = random_text(enough, 1);
  const TestCorpus corpus(text, {}, "0123456789abcdef");
  const std::string line =
      user_error([&] { (void)make_pretext_task("nsp", corpus.corpus(), t5_tokenizer(), PretextOptions{}); });
  EXPECT_NE(line.find("another tokenizer (SHA-256 0123456789ab"), std::string::npos) << line;
}

}  // namespace
}  // namespace prelude::test
