#include "tasks/pretext/quirks.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "tests/tasks/pretext/fixture.h"

namespace prelude::test {
namespace {

TEST(Quirks, ListsReadBackAsTheyWereWritten) {
  for (const char* list :
       {"", "final-sentinel", "nss-sentinel-cut,self-meeting", "discard-documents,equal-negatives"}) {
    EXPECT_EQ(quirk_list(parse_quirks(list)), list);
  }
  EXPECT_EQ(quirk_list(parse_quirks("self-meeting,final-sentinel")), "final-sentinel,self-meeting");
}

TEST(Quirks, PptIsAllOfThem) {
  const std::string all = quirk_list(parse_quirks("ppt"));
  EXPECT_EQ(all,
            "final-sentinel,blind-end,nsp-short-cut,nss-sentinel-cut,cls-sentinel-cut,discard-documents,shared-tuple,"
            "self-meeting,equal-negatives");
  EXPECT_EQ(quirk_list(parse_quirks(all)), all);
  EXPECT_EQ(std::ranges::count(quirk_help(), '\n'), 9);
}

TEST(Quirks, AnUnknownNameListsTheKnownOnes) {
  for (const char* list : {"final", "final-sentinel,", "final-sentinel,,self-meeting", ",", " self-meeting", "PPT"}) {
    const std::string line = user_error([&] { (void)parse_quirks(list); });
    EXPECT_NE(line.find("--quirks"), std::string::npos) << line;
    EXPECT_NE(line.find("nss-sentinel-cut"), std::string::npos) << line;
  }
}

TEST(Quirks, BlindEndNeedsTheLabelThatItIsAbout) {
  EXPECT_EQ(quirk_list(parse_quirks("blind-end,final-sentinel")), "final-sentinel,blind-end");
  const std::string line = user_error([] { (void)parse_quirks("blind-end"); });
  EXPECT_NE(line.find("give final-sentinel,blind-end"), std::string::npos) << line;
}

// One sentence of 4 tokens in every second document, and only there.
TEST(Quirks, DiscardDocumentsExcludesThoseWithAShortSentence) {
  std::vector<Document> documents = random_text({.documents = 240}, 1).documents();
  for (std::size_t d = 0; d < documents.size(); d += 2) documents[d][3].resize(4);
  const TestText text{documents};
  for (const char* task : {"nsp", "nss", "unified"}) {
    for (const bool discard : {false, true}) {
      PretextOptions options;
      options.quirks.discard_documents = discard;
      const TaskBench bench(task, text, options);
      int even = 0;
      for (std::uint64_t i = 0; i < 1'000; ++i) {
        const Example example = bench.task().training_sample(1, i);
        for (std::size_t at = 0; at + 3 <= example.source.size(); ++at) {
          const auto from = example.source.begin() + static_cast<std::ptrdiff_t>(at);
          for (const Place place : text.begin_with(Sentence(from, from + 3), 0, text.size())) {
            even += place.document % 2 == 0 ? 1 : 0;
          }
        }
      }
      EXPECT_EQ(even > 0, !discard) << task;
    }
  }
}

// With few documents, one that may meet itself soon does: "another document" is then the same one.
TEST(Quirks, SelfMeetingLetsADocumentMeetItself) {
  const TestText text = random_text({.documents = 12}, 2);
  for (const bool meets : {false, true}) {
    PretextOptions options;
    options.validation_fraction = 0.5;
    options.quirks.self_meeting = meets;
    const TaskBench bench("nsp", text, options);
    int same_document = 0;
    for (std::uint64_t i = 0; i < 1'000; ++i) {
      const Example example = bench.task().training_sample(1, i);
      if (example.label != 0) continue;
      const auto sentinel = std::find(example.source.begin(), example.source.end(), sentinel_id);
      const Place second = text.begin_with(Sentence(sentinel + 1, example.source.end()), 0, 12).at(0);
      same_document += second.document == text.place_of(example.anchor).document ? 1 : 0;
    }
    EXPECT_EQ(same_document > 0, meets);
  }
}

}  // namespace
}  // namespace prelude::test
