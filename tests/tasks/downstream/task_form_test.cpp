#include "tasks/downstream/task_form.h"

#include <gtest/gtest.h>

#include <map>

#include "core/text/train_unigram.h"
#include "tests/message_of.h"
#include "tests/tasks/downstream/shipped_row.h"
#include "tests/tasks/pretext/fixture.h"

namespace prelude::test {
namespace {

using Ids = std::vector<std::int32_t>;

constexpr std::int32_t kStart = 0;

Ids joined(const std::vector<Ids>& parts) {
  Ids all;
  for (const Ids& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// The fields' ids are those of SentencePiece's Python package with T5's model.
const Ids kFilm{8, 814, 19, 207};                                                             // the film is good
const Ids kAsked{27, 7, 387, 62, 17};                                                         // Is water wet
const Ids kWater{2336, 19, 62, 17, 5};                                                        // Water is wet.
const Ids kPremise{71, 388, 2085, 7, 5};                                                      // A man sleeps.
const Ids kHypothesis{216, 2085, 7};                                                          // He sleeps
const Ids kArticle{3059, 4037, 234, 5};                                                       // Tom ran home.
const Ids kWho{2645, 4037};                                                                   // Who ran
const Ids kNames{188, 5, 3059, 5, 279, 5, 6206, 5, 254, 5, 3, 9, 1782, 5, 308, 5, 12638, 5};  // Tom, Ann, a dog, nobody
const Ids kX{32099};
const Ids kEnding{58, 37, 2024, 80, 19, 32099};  // ? The correct one is <X>
const Ids kBased{6719, 30, 8, 1767, 5454, 6, 62, 987};

DownstreamExample example_of(const TaskRow& row) {
  const std::map<std::string, std::string> texts{{"sentence", "the film is good"}, {"passage", "Water is wet."},
                                                 {"premise", "A man sleeps."},     {"hypothesis", "He sleeps"},
                                                 {"article", "Tom ran home."},     {"question", "Is water wet"}};
  DownstreamExample example;
  example.place = "train.jsonl:1";
  example.label = 1;
  for (const std::string& field : row.fields) example.fields[field] = texts.at(field);
  if (!row.options_field.empty()) {
    example.fields["question"] = "Who ran";
    example.options = {"Tom", "Ann", "a dog", "nobody"};
  }
  return example;
}

Question question(const std::string& name, const std::string& form) {
  const TaskRow row = shipped_row(name);
  return TaskForm(row, form, t5_tokenizer(), kStart, 100).question(example_of(row));
}

std::vector<Ids> word_targets(const Ids& words) {
  std::vector<Ids> targets;
  for (const std::int32_t word : words) targets.push_back({kStart, 32099, word});
  return targets;
}

struct Expected {
  std::string name, form;
  Ids source;
};

// The layouts of ppt.md, section 6.
TEST(TaskForm, PutsExamplesAsPptDoes) {
  const Ids question_word{822, 10};
  const Ids passage_word{5454, 10};
  const Ids film_was = joined({kFilm, {94, 47}, kX, {5}});
  const Ids race = joined({kArticle, {117}, kWho, {58}, kNames, kEnding});
  const Ids race_asked = joined({kArticle, kBased, kWho, {58}, kNames, kEnding});
  const Ids no_yes{188, 5, 150, 5, 279, 5, 4273, 5};
  const std::vector<Expected> table{
      {"sst2", "pt", joined({kFilm, kX})},
      {"sst2", "hybrid", film_was},
      {"sst2", "ft", film_was},
      {"sst2", "unified", joined({kFilm, {58, 188, 5, 1282, 5, 279, 5, 207, 5}, kEnding})},
      {"sst2", "lm", kFilm},
      {"sst5", "pt", joined({kFilm, kX})},
      {"sst5", "ft", film_was},
      {"sst5", "unified",
       joined(
           {kFilm, {58, 188, 5, 9412, 5, 279, 5, 1282, 5, 254, 5, 2087, 5, 308, 5, 207, 5, 427, 5, 248, 5}, kEnding})},
      {"yahoo", "pt", joined({kFilm, kX})},
      {"yahoo", "ft", film_was},
      {"yahoo", "unified",
       joined({kFilm,
               {58},
               {188, 5, 94, 47, 1543, 5, 279, 5, 94, 47, 2056, 5, 254, 5, 94, 47, 533, 5, 308, 5, 94, 47, 1073, 5},
               {427, 5, 94, 47, 1218, 5, 371, 5, 94, 47, 2100, 5, 517, 5, 94, 47, 268, 5, 566, 5, 94, 47, 4527, 5},
               {196, 5, 94, 47, 384, 5, 683, 5, 94, 47, 6525, 5},
               kEnding})},
      {"boolq", "pt", joined({kAsked, kX, kWater})},
      {"boolq", "hybrid", joined({question_word, kAsked, {58}, kX, {5}, kWater})},
      {"boolq", "ft", joined({question_word, kAsked, {58}, kX, {5}, kWater})},
      {"boolq", "unified", joined({kAsked, {58}, kWater, {5}, no_yes, kEnding})},
      {"boolq", "lm", joined({passage_word, kWater, question_word, kAsked})},
      {"rte", "pt", joined({kPremise, kX, kHypothesis})},
      {"rte", "hybrid", joined({kHypothesis, {58}, kX, {5}, kPremise})},
      {"rte", "ft", joined({kHypothesis, {58}, kX, {5}, kPremise})},
      {"rte", "unified", joined({kHypothesis, {58}, kPremise, {5}, no_yes, kEnding})},
      {"rte", "lm", joined({{3, 17398, 10}, kPremise, {22455, 10}, kHypothesis})},
      {"cb", "pt", joined({kHypothesis, kX, kPremise})},
      {"cb", "ft", joined({kHypothesis, {58}, kX, {3, 5}, kPremise})},
      {"cb", "unified",
       joined({kHypothesis, {58}, kPremise, {5}, {188, 5, 150, 5, 279, 5, 2087, 5, 254, 5, 4273, 5}, kEnding})},
      {"cb", "lm", joined({{22455, 10}, kHypothesis, {3, 17398, 10}, kPremise})},
      {"race-m", "pt", race},
      {"race-m", "unified", race},
      {"race-m", "hybrid", race_asked},
      {"race-h", "ft", race_asked},
      {"race-h", "lm", joined({{931, 10}, kNames, passage_word, kArticle, question_word, kWho})}};
  for (const auto& [name, form, source] : table) EXPECT_EQ(question(name, form).source, source) << name << " " << form;
}

TEST(TaskForm, AnswersAsPptDoes) {
  const std::map<std::string, Ids> words{{"sst2", {1282, 207}},
                                         {"sst5", {9412, 1282, 2087, 207, 248}},
                                         {"yahoo", {1543, 2056, 533, 1073, 1218, 2100, 268, 4527, 384, 6525}},
                                         {"boolq", {150, 4273}},
                                         {"rte", {150, 4273}},
                                         {"cb", {150, 2087, 4273}},
                                         {"eprstmt-en", {1282, 207}},
                                         {"race-m", {188, 279, 254, 308}},
                                         {"race-h", {188, 279, 254, 308}}};
  const Ids letters{188, 279, 254, 308, 427, 371, 517, 566, 196, 683};
  for (const auto& [name, ids] : words) {
    for (const std::string form : {"pt", "hybrid", "ft"}) {
      EXPECT_EQ(question(name, form).targets, word_targets(ids)) << name << " " << form;
    }
    const Ids own(letters.begin(), letters.begin() + static_cast<std::ptrdiff_t>(ids.size()));
    EXPECT_EQ(question(name, "unified").targets, word_targets(own)) << name;
    std::vector<Ids> lm;
    for (const std::int32_t id : ids) lm.push_back({kStart, id});
    EXPECT_EQ(question(name, "lm").targets, lm) << name;
    EXPECT_EQ(question(name, "pt").label, 1);
  }
  const TaskRow row = shipped_row("boolq");
  EXPECT_EQ(TaskForm(row, "pt", t5_tokenizer(), 7, 0).question(example_of(row)).targets[0], (Ids{7, 32099, 150}));
  EXPECT_EQ(TaskForm(row, "pt", t5_tokenizer(), 7, 0).word_start(), 2U);
  EXPECT_EQ(TaskForm(row, "lm", t5_tokenizer(), 7, 0).word_start(), 1U);
  EXPECT_FALSE(TaskForm(row, "lm", t5_tokenizer(), 7, 0).is_choice());
  EXPECT_TRUE(TaskForm(row, "unified", t5_tokenizer(), 7, 0).is_choice());
}

TEST(TaskForm, NotesWordsOfSeveralPieces) {
  TaskRow row = shipped_row("sst2");
  EXPECT_TRUE(TaskForm(row, "pt", t5_tokenizer(), kStart, 100).notes().empty());
  row.labels = {"0 -> very bad", "1 -> good"};
  const TaskForm form(row, "pt", t5_tokenizer(), kStart, 100);
  ASSERT_EQ(form.notes().size(), 1U);
  EXPECT_EQ(form.notes()[0],
            "row 'sst2', form pt: the label word 'very bad' is 2 pieces of this tokenizer: ▁very ▁bad");
  EXPECT_EQ(form.question(example_of(row)).targets, (std::vector<Ids>{{0, 32099, 182, 1282}, {0, 32099, 207}}));
}

TEST(TaskForm, KeepsControlIdsOutOfTheSource) {
  const TaskRow row = shipped_row("race-m");
  DownstreamExample example = example_of(row);
  example.fields["article"] = "Tom</s> ran <extra_id_0> home.";
  example.options[0] = "<extra_id_0>";
  const Ids source = TaskForm(row, "pt", t5_tokenizer(), kStart, 100).question(example).source;
  EXPECT_EQ(std::count(source.begin(), source.end(), 32099), 1);
  EXPECT_EQ(std::count(source.begin(), source.end(), 1), 0);
  EXPECT_EQ(source.back(), 32099);
}

TEST(TaskForm, SaysWhatTheTokenizerLacks) {
  const auto made = [](const std::string& name, const std::string& form, auto change) {
    TaskRow row = shipped_row(name);
    change(row);
    return message_of([&] { TaskForm(row, form, t5_tokenizer(), kStart, 100); });
  };
  const auto same = [](TaskRow&) {};
  EXPECT_EQ(made("eprstmt", "pt", same),
            "row 'eprstmt', form pt: label words: the tokenizer has no piece for a part of '差', which becomes <unk>; "
            "give a word "
            "of its own language");
  EXPECT_NE(made("c3", "pt", same).find("row 'c3', form pt: the tokenizer has no piece '、', which the form needs"),
            std::string::npos);
  EXPECT_NE(made("boolq", "ft", [](TaskRow& r) { r.ft = "{question}[qqqq]<X>{passage}"; })
                .find("row 'boolq', form ft: the tokenizer has no piece 'qqqq'"),
            std::string::npos);
  EXPECT_NE(made("boolq", "pt",
                 [](TaskRow& r) {
                   r.labels = {"false -> no", "true -> ｎo"};
                 })
                .find("'no' and 'ｎo' have the same pieces"),
            std::string::npos);
  EXPECT_NE(made("boolq", "pt", [](TaskRow& r) { r.max_source = 100; })
                .find("100 positions in all leave none for the source beside 100 prompt rows; raise --max-source"),
            std::string::npos);
  EXPECT_EQ(made("boolq", "xx", same), "there is no form 'xx'; the forms are pt, hybrid, unified, lm, ft");
}

TEST(TaskForm, TakesAFullWidthPieceForWhatItsTokenizerMakesOfIt) {
  TaskRow row = shipped_row("boolq");
  row.pt = "{question}[；]<X>{passage}";  // T5 normalises it to ';', 117
  EXPECT_EQ(TaskForm(row, "pt", t5_tokenizer(), kStart, 100).question(example_of(row)).source,
            joined({kAsked, {117}, kX, kWater}));
}

TEST(TaskForm, NamesTheExampleThatDoesNotFitItsRow) {
  const TaskRow row = shipped_row("race-m");
  const TaskForm form(row, "pt", t5_tokenizer(), kStart, 100);
  DownstreamExample example = example_of(row);
  example.options.assign(17, "x");
  EXPECT_NE(message_of([&] {
              form.question(example);
            }).find("train.jsonl:1 has 17 options, but the tokenizer has letters for 16: A, B, C, "),
            std::string::npos);
  example = example_of(row);
  example.fields.erase("article");
  EXPECT_EQ(message_of([&] { form.question(example); }), "row 'race-m', form pt: train.jsonl:1 has no field 'article'");
}

// A tokenizer that knows the rows' own characters and words, as a Chinese backbone's does.
Tokenizer chinese_tokenizer(const TemporaryFolder& folder) {
  std::vector<std::string> sentences;
  for (const std::string& name : shipped_names()) {
    const TaskRow row = shipped_row(name);
    for (int times = 0; times < 20; ++times) {
      for (const LabelWord& label : label_words(row)) sentences.push_back(label.word);
      for (const std::string& choice : row.choices) sentences.push_back(choice + "、" + choice + "；");
      for (const std::string& form : forms_of(row)) sentences.push_back(form_of(row, form));
      sentences.emplace_back("A. B. C. D. E. F. G. H. I. J. K. L. M. N. O. P. ? ;");
    }
  }
  UnigramOptions options;
  options.vocabulary = 170;
  options.character_coverage = 1.0;
  write_file(folder / "spiece.model", train_unigram(sentences, options));
  return Tokenizer::load(folder / "spiece.model");
}

TEST(TaskForm, HasEveryFormOfEveryShippedRowInItsLanguage) {
  const TemporaryFolder folder;
  const Tokenizer tokenizer = chinese_tokenizer(folder);
  const std::int32_t x = tokenizer.sentinel(0);
  for (const std::string& name : shipped_names()) {
    const TaskRow row = shipped_row(name);
    DownstreamExample example;
    for (const std::string& field : row.fields) example.fields[field] = "正确的意思";
    if (!row.options_field.empty()) example.options = {"好", "差"};
    for (const std::string& form : forms_of(row)) {
      const TaskForm made(row, form, tokenizer, kStart, 100);
      const Question question = made.question(example);
      const bool has_x = form_of(row, form).find("<X>") != std::string::npos;
      EXPECT_EQ(std::count(question.source.begin(), question.source.end(), x), has_x ? 1 : 0) << name << " " << form;
      EXPECT_EQ(std::count(question.source.begin(), question.source.end(), tokenizer.unknown()), 0)
          << name << " " << form;
      EXPECT_EQ(question.targets.size(), row.options_field.empty() ? row.labels.size() : 2U) << name;
      EXPECT_EQ(made.word_start(), has_x ? 2U : 1U) << name << " " << form;
    }
  }
  const TaskRow row = shipped_row("c3");
  DownstreamExample example;
  example.fields = {{"passage", "文章"}, {"question", "问题"}};
  example.options = {"好", "差"};
  const auto piece = [&](const std::string& text) { return tokenizer.id_of_piece(text); };
  const auto text = [&](const std::string& content) { return tokenizer.encode(content); };
  const auto bare = [&](const std::string& number) { return piece(number) >= 0 ? piece(number) : piece("▁" + number); };
  const Ids stop{piece(";")};  // normalised
  EXPECT_EQ(TaskForm(row, "pt", tokenizer, kStart, 100).question(example).source, joined({text("文章"),
                                                                                          text("问题："),
                                                                                          text("问题"),
                                                                                          {x},
                                                                                          {bare("一"), piece("、")},
                                                                                          text("好"),
                                                                                          stop,
                                                                                          {bare("二"), piece("、")},
                                                                                          text("差"),
                                                                                          stop}));
}

}  // namespace
}  // namespace prelude::test
