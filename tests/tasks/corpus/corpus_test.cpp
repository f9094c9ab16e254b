#include "tasks/corpus/corpus.h"

#include <gtest/gtest.h>

#include <random>

#include "core/error.h"
#include "tasks/corpus/verify.h"
#include "tests/tasks/corpus/make_corpus.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::Document;
using test::make_corpus;
using test::TemporaryFolder;

std::vector<Document> random_documents(std::int64_t vocabulary_size) {
  std::mt19937 random(5);
  const auto below = [&](std::int64_t n) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
  };
  std::vector<Document> documents(57);
  for (Document& document : documents) {
    document.resize(static_cast<std::size_t>(1 + below(9)));
    for (auto& sentence : document) {
      sentence.resize(static_cast<std::size_t>(1 + below(20)));
      for (auto& token : sentence) token = static_cast<std::int32_t>(below(vocabulary_size));
    }
  }
  return documents;
}

void expect_same(const Corpus& corpus, const std::vector<Document>& documents) {
  ASSERT_EQ(corpus.documents(), static_cast<std::int64_t>(documents.size()));
  std::int64_t sentence = 0;
  std::int64_t tokens = 0;
  for (std::size_t d = 0; d < documents.size(); ++d) {
    const SentenceRange range = corpus.document(static_cast<std::int64_t>(d));
    ASSERT_EQ(range.first, sentence);
    ASSERT_EQ(range.size(), static_cast<std::int64_t>(documents[d].size()));
    const TokenRange all = corpus.document_tokens(static_cast<std::int64_t>(d));
    EXPECT_EQ(all.first, tokens);
    for (const auto& expected : documents[d]) {
      EXPECT_EQ(corpus.document_of(sentence), static_cast<std::int64_t>(d));
      EXPECT_EQ(corpus.sentence_size(sentence), static_cast<std::int64_t>(expected.size()));
      EXPECT_EQ(corpus.sentence(sentence).take(1 << 20), expected);
      EXPECT_EQ(corpus.tokens(tokens, static_cast<std::int64_t>(expected.size())).take(1 << 20), expected);
      tokens += static_cast<std::int64_t>(expected.size());
      ++sentence;
    }
    EXPECT_EQ(all.last, tokens);
  }
  EXPECT_EQ(corpus.sentences(), sentence);
  EXPECT_EQ(corpus.tokens(), tokens);
}

// (vocabulary size, tokens a shard): both widths, one shard, a few, one a document.
class CorpusRoundTrip : public testing::TestWithParam<std::pair<std::int64_t, std::int64_t>> {};

TEST_P(CorpusRoundTrip, GivesBackWhatWasWritten) {
  const auto [vocabulary_size, shard_tokens] = GetParam();
  const std::vector<Document> documents = random_documents(vocabulary_size);
  const TemporaryFolder folder;
  make_corpus(folder.path(), documents, {.vocabulary_size = vocabulary_size, .shard_tokens = shard_tokens});
  const Corpus corpus = Corpus::open(folder.path());
  expect_same(corpus, documents);
  EXPECT_FALSE(corpus.has_labels());
  EXPECT_EQ(corpus.label(0), -1);
  verify_corpus(folder.path());
  EXPECT_EQ(corpus.manifest().shards.size() == documents.size(), shard_tokens == 1);
}

INSTANTIATE_TEST_SUITE_P(Sizes, CorpusRoundTrip,
                         testing::Values(std::pair{32100, 1 << 20}, std::pair{32100, 100}, std::pair{65536, 1},
                                         std::pair{65537, 300}, std::pair{250112, 1 << 20}));

TEST(CorpusLabels, AreGivenBackPerSentence) {
  const TemporaryFolder folder;
  make_corpus(folder.path(), {{{1, 2}, {3}}, {{4, 5, 6}}},
              {.shard_tokens = 1, .labels = {{4, -1}, {0}}, .label_confidences = {{0.75F, 0.0F}, {1.0F}}});
  const Corpus corpus = Corpus::open(folder.path());
  EXPECT_TRUE(corpus.has_labels());
  EXPECT_EQ(corpus.label(0), 4);
  EXPECT_EQ(corpus.label(1), -1);
  EXPECT_EQ(corpus.label(2), 0);
  EXPECT_EQ(corpus.label_confidence(0), 0.75F);
  EXPECT_EQ(corpus.label_confidence(2), 1.0F);
  verify_corpus(folder.path());
}

TEST(TokenSpanTest, TakesNoMoreThanThereIs) {
  const TemporaryFolder folder;
  make_corpus(folder.path(), {{{7, 8, 9}}});
  const Corpus corpus = Corpus::open(folder.path());
  EXPECT_EQ(corpus.sentence(0).take(2), (std::vector<std::int32_t>{7, 8}));
  EXPECT_TRUE(corpus.sentence(0).take(0).empty());
  std::vector<std::int32_t> tokens{1};
  corpus.sentence(0).append_to(tokens, 99);
  EXPECT_EQ(tokens, (std::vector<std::int32_t>{1, 7, 8, 9}));
}

TEST(CorpusIndex, OutsideTheCorpusIsOurOwnMistake) {
  const TemporaryFolder folder;
  make_corpus(folder.path(), {{{7, 8, 9}}});
  const Corpus corpus = Corpus::open(folder.path());
  EXPECT_THROW(corpus.sentence(1), InternalError);
  EXPECT_THROW(corpus.document(-1), InternalError);
  EXPECT_THROW(corpus.document_of(1), InternalError);
}

}  // namespace
}  // namespace prelude
