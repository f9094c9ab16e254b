// How long sources are cut.
#include <gtest/gtest.h>

#include <algorithm>

#include "tasks/downstream/task_form.h"
#include "tests/message_of.h"
#include "tests/tasks/downstream/shipped_row.h"
#include "tests/tasks/pretext/fixture.h"

namespace prelude::test {
namespace {

using Ids = std::vector<std::int32_t>;

constexpr std::int32_t kStart = 0;
constexpr std::int64_t kPrompt = 100;
constexpr std::int32_t kThe = 8;     // "the" is one id of T5's, 8
constexpr std::int32_t kGood = 207;  // "good"

std::string words(const std::string& word, int times) {
  std::string text;
  for (int k = 0; k < times; ++k) text += word + " ";
  return text;
}

DownstreamExample example_of(std::map<std::string, std::string> fields, std::vector<std::string> options = {}) {
  return {std::move(fields), std::move(options), 0, "val.jsonl:9"};
}

Ids source(const TaskRow& row, const std::string& form, const DownstreamExample& example, std::int64_t max_source = 0,
           std::int64_t prompt = kPrompt) {
  return TaskForm(row, form, t5_tokenizer(), kStart, prompt, max_source).question(example).source;
}

std::int64_t count(const Ids& ids, std::int32_t id) { return std::count(ids.begin(), ids.end(), id); }
std::int64_t length(const Ids& ids) { return static_cast<std::int64_t>(ids.size()); }

// PPT: the passage is cut to 512 - 100 - 1 - question; the unified form's 15 ids of options and ending come on top.
TEST(TaskFormCut, IsPptsForBoolQ) {
  const TaskRow row = shipped_row("boolq");
  for (const int asked : {1, 5, 40}) {
    const auto example = example_of({{"question", words("good", asked)}, {"passage", words("the", 600)}});
    const Ids pt = source(row, "pt", example);
    EXPECT_EQ(count(pt, kThe), 512 - 100 - 1 - asked);
    EXPECT_EQ(length(pt) + kPrompt, 512);
    EXPECT_EQ(count(pt, 32099), 1);
    const Ids unified = source(row, "unified", example);
    EXPECT_EQ(count(unified, kThe), 512 - 100 - 1 - asked);
    EXPECT_EQ(count(unified, kGood), asked);
    EXPECT_EQ(length(unified) + kPrompt, 527);
    EXPECT_EQ(unified.back(), 32099);
  }
}

TEST(TaskFormCut, BeginsWhereItMust) {
  const TaskRow row = shipped_row("boolq");
  const auto source_of = [&](int passage) {
    return source(row, "pt", example_of({{"question", "good"}, {"passage", words("the", passage)}}));
  };
  EXPECT_EQ(count(source_of(409), kThe), 409);
  EXPECT_EQ(count(source_of(410), kThe), 410);
  EXPECT_EQ(count(source_of(411), kThe), 410);
}

// PPT: the article is cut to 612 - question - choices - 100 - 10; of FT to what 512 leave.
TEST(TaskFormCut, IsPptsForRace) {
  for (const std::string name : {"race-m", "race-h"}) {
    const TaskRow row = shipped_row(name);
    for (const int asked : {1, 30}) {
      const auto example = example_of({{"article", words("the", 900)}, {"question", words("good", asked)}},
                                      {"good", "good good", "good", words("good", 50)});
      const int choices = 4 * 3 + 1 + 2 + 1 + 50;
      for (const std::string form : {"pt", "unified"}) {
        const Ids ids = source(row, form, example);
        EXPECT_EQ(count(ids, kThe), 612 - asked - choices - 100 - 10) << form;
        EXPECT_EQ(count(ids, kGood), asked + 54) << form;
        EXPECT_EQ(ids.back(), 32099) << form;
      }
      const Ids ft = source(row, "ft", example, 0, 0);
      EXPECT_EQ(length(ft), 512 - 2);
      EXPECT_EQ(count(ft, kGood), asked + 54);
    }
  }
}

// Token for token, though white space stands between the field and a separator: "wet" is two ids, 62 17.
TEST(TaskFormCut, LeavesHalfAWordOfAFieldByItself) {
  const TaskRow row = shipped_row("boolq");
  const auto example = example_of({{"question", "good"}, {"passage", words("wet", 300)}});
  for (const std::int64_t limit : {120, 121}) {
    Ids expected{5454, 10};  // passage:
    for (int k = 0; length(expected) < limit - kPrompt - 3; ++k) expected.push_back(k % 2 == 0 ? 62 : 17);
    expected.insert(expected.end(), {822, 10, kGood});  // question: good
    EXPECT_EQ(source(row, "lm", example, limit), expected);
  }
}

TEST(TaskFormCut, ObeysAnotherLimit) {
  const TaskRow row = shipped_row("boolq");
  const auto example = example_of({{"question", "good"}, {"passage", words("the", 600)}});
  EXPECT_EQ(length(source(row, "pt", example, 200)), 100);
  EXPECT_EQ(length(source(row, "pt", example, 200, 20)), 180);
  EXPECT_EQ(length(source(row, "pt", example, 1024)), 602);
}

TEST(TaskFormCut, NeverCutsARowWithoutALimit) {
  const TaskRow row = shipped_row("rte");
  const auto example = example_of({{"premise", words("the", 3000)}, {"hypothesis", "good"}});
  EXPECT_EQ(length(source(row, "pt", example)), 3002);
  EXPECT_EQ(length(source(row, "pt", example, 512)), 412);
}

TEST(TaskFormCut, TakesTheLongestFieldWhereTheRowNamesNone) {
  const TaskRow row = shipped_row("rte");
  const Ids premise =
      source(row, "pt", example_of({{"premise", words("the", 300)}, {"hypothesis", words("good", 200)}}), 512);
  EXPECT_EQ(count(premise, kThe), 211);
  EXPECT_EQ(count(premise, kGood), 200);
  const Ids other =
      source(row, "pt", example_of({{"premise", words("the", 200)}, {"hypothesis", words("good", 300)}}), 512);
  EXPECT_EQ(count(other, kThe), 200);
  EXPECT_EQ(count(other, kGood), 211);
}

TEST(TaskFormCut, CutsToNothingButNoFurther) {
  const TaskRow row = shipped_row("boolq");
  const auto message = [&](int asked) {
    const auto example = example_of({{"question", words("good", asked)}, {"passage", "the"}});
    return message_of([&] { EXPECT_EQ(count(source(row, "pt", example), kThe), 0); });
  };
  EXPECT_EQ(message(411), "nothing thrown");
  EXPECT_EQ(message(412),
            "row 'boolq', form pt: val.jsonl:9 does not fit 512 positions, 100 of them the prompt's, even without its "
            "passage; raise --max-source");
}

// A field that shares its run with words is cut in characters. Brute force: every prefix of it.
TEST(TaskFormCut, FitsAFieldThatStandsInWords) {
  TaskRow row = shipped_row("boolq");
  row.pt = "({passage}) asks ({question})?<X>";
  std::string passage;
  for (int k = 0; k < 12; ++k) passage += "Zoë's café-crème costs €" + std::to_string(k * 37) + " “today”, ";
  const Tokenizer& tokenizer = t5_tokenizer();
  for (const std::int64_t limit : {40, 61, 62, 63, 100}) {
    const Ids ids = source(row, "pt", example_of({{"question", "is it"}, {"passage", passage}}), limit, 0);
    EXPECT_LE(length(ids), limit);
    std::vector<Ids> fitting;
    for (std::size_t bytes = 0; bytes <= passage.size(); ++bytes) {
      if ((static_cast<unsigned char>(passage[bytes]) & 0xC0U) == 0x80U) continue;
      Ids candidate = tokenizer.encode("(" + passage.substr(0, bytes) + ") asks (is it)?");
      candidate.push_back(32099);
      if (length(candidate) <= limit) fitting.push_back(candidate);
    }
    EXPECT_NE(std::find(fitting.begin(), fitting.end(), ids), fitting.end()) << limit;
    const auto longest = std::max_element(fitting.begin(), fitting.end(),
                                          [](const Ids& a, const Ids& b) { return a.size() < b.size(); });
    EXPECT_GE(length(ids), length(*longest) - 3) << limit;  // the longest prefix may have fewer ids than a shorter one
  }
  EXPECT_NE(message_of([&] {
              source(row, "pt", example_of({{"question", "is it"}, {"passage", passage}}), 5, 0);
            }).find("even without its passage"),
            std::string::npos);
}

}  // namespace
}  // namespace prelude::test
