#include "tasks/pretext/cls.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/tasks/chance.h"
#include "tests/tasks/pretext/fixture.h"

namespace prelude::test {
namespace {

constexpr std::size_t forty_documents = 480;  // sentences of them, at 12 each

// Labels of all kinds, and confidences that lie below, at and above the thresholds.
TestLabels random_labels(const TestText& text, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  TestLabels labels;
  for (const Document& document : text.documents()) {
    for (std::size_t i = 0; i < document.size(); ++i) {
      labels.labels.push_back(static_cast<std::int8_t>(std::uniform_int_distribution<int>(-1, 4)(random)));
      const std::array<float, 7> levels{0.2F, 0.5F, 0.51F, 0.7F, 0.71F, 0.95F, 0.96F};
      labels.confidences.push_back(levels[std::uniform_int_distribution<std::size_t>(0, 6)(random)]);
    }
  }
  return labels;
}

// docs/pretext.md: class 0 above 0.95, class 4 above 0.7, the others above 0.5.
bool counts(std::int8_t label, float confidence) {
  const bool sure = label == 0 ? confidence > 0.955F : label == 4 ? confidence > 0.705F : confidence > 0.505F;
  return label >= 0 && sure;
}

std::string cls_fault(const Setting& setting, const TestLabels& labels, const Example& example) {
  const auto sentence = static_cast<std::size_t>(example.anchor);
  const Place anchor = setting.text.place_of(example.anchor);
  if (anchor.document < setting.first_document || anchor.document >= setting.last_document) return "part";
  if (!counts(labels.labels.at(sentence), labels.confidences.at(sentence))) return "confidence";
  if (example.label != labels.labels.at(sentence)) return "label";
  if (example.target != Sentence{0, sentinel_id, cls_ids.at(static_cast<std::size_t>(example.label))}) return "target";
  Sentence source = setting.text.at(anchor);
  if (static_cast<std::int64_t>(source.size()) > setting.room - 1) {
    source.resize(static_cast<std::size_t>(setting.room - 1));
  }
  source.push_back(sentinel_id);
  return example.source == source ? "" : "source";
}

TEST(Cls, TenThousandSamplesHoldAgainstTheOracle) {
  const TestText text = random_text({.documents = 120, .min_sentences = 1, .max_tokens = 800}, 1);
  const TestLabels labels = random_labels(text, 2);
  const TaskBench bench("cls", text, {}, labels);
  std::vector<double> seen(5);
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const Example example = bench.task().training_sample(5, i);
    ASSERT_EQ(cls_fault(bench.training(), labels, example), "") << "sample " << i;
    ++seen[static_cast<std::size_t>(example.label)];
  }
  for (const double count : seen) EXPECT_GT(count, 0);
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    ASSERT_EQ(cls_fault(bench.validation(), labels, bench.task().validation_sample(i)), "") << "validation " << i;
  }
}

// Redraws do not prefer a sentence: the classes come as often as the corpus has them.
TEST(Cls, ClassesComeAsOftenAsTheCorpusHasThem) {
  const TestText text = random_text({.documents = 100}, 3);
  const TestLabels labels = random_labels(text, 4);
  const TaskBench bench("cls", text, {}, labels);
  std::vector<double> expected(5);
  for (std::int64_t s = 0; s < bench.cut() * 12; ++s) {
    const auto at = static_cast<std::size_t>(s);
    if (counts(labels.labels[at], labels.confidences[at])) ++expected[static_cast<std::size_t>(labels.labels[at])];
  }
  double eligible = 0;
  for (const double count : expected) eligible += count;
  constexpr double draws = 40'000;
  for (double& count : expected) count *= draws / eligible;
  std::vector<double> seen(5);
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(draws); ++i) {
    ++seen[static_cast<std::size_t>(bench.task().training_sample(6, i).label)];
  }
  EXPECT_LT(chance_score(seen, expected), chance_limit);
}

// docs/pretext.md: PPT's texts of more than 267 tokens lose their sentinel at 368 positions with 100 prompt rows.
TEST(Cls, ALongTextKeepsItsSentinelUnlessAskedNotTo) {
  const TestText text = random_text({.documents = 40, .min_tokens = 200, .max_tokens = 500}, 5);
  TestLabels labels;
  labels.labels.assign(forty_documents, 3);
  labels.confidences.assign(forty_documents, 0.9F);
  PretextOptions options;
  options.quirks.cls_sentinel_cut = true;
  const TaskBench ours("cls", text, {}, labels);
  const TaskBench ppt("cls", text, options, labels);
  int lost = 0;
  for (std::uint64_t i = 0; i < 400; ++i) {
    const Example kept = ours.task().training_sample(1, i);
    ASSERT_EQ(cls_fault(ours.training(), labels, kept), "");
    const Example cut = ppt.task().training_sample(1, i);
    const bool is_long = text.at(text.place_of(cut.anchor)).size() > 267;
    ASSERT_EQ(cut.source.back() != sentinel_id, is_long);
    lost += is_long ? 1 : 0;
  }
  EXPECT_GT(lost, 100);
}

TEST(Cls, SaysWhatIsMissing) {
  const TestText text = random_text({.documents = 40}, 6);
  EXPECT_NE(user_error([&] { TaskBench("cls", text); }).find("needs sentence labels"), std::string::npos);
  TestLabels labels;
  labels.labels.assign(forty_documents, 0);
  labels.confidences.assign(forty_documents, 0.95F);
  // float 0.95 is below double 0.95: strictly above is asked, and it is not.
  EXPECT_NE(user_error([&] { TaskBench("cls", text, {}, labels); }).find("confidence"), std::string::npos);
  labels.labels.assign(forty_documents, 5);
  EXPECT_NE(user_error([&] { TaskBench("cls", text, {}, labels); }).find("label 5"), std::string::npos);
}

}  // namespace
}  // namespace prelude::test
