#include "tasks/pretext/token_stream.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "core/error.h"
#include "tests/message_of.h"
#include "tests/tasks/corpus/make_corpus.h"
#include "tests/tasks/pretext/lm_bench.h"

namespace prelude::test {
namespace {

TEST(TokenStream, IsTheDocumentsEndToEnd) {
  const TestText text = random_text({.documents = 60, .min_sentences = 1, .max_sentences = 9, .min_tokens = 1}, 3);
  const TestCorpus corpus(text);
  const DocumentSplit split = split_documents(corpus.corpus(), 0.25);
  std::mt19937 random(4);  // NOLINT(cert-msc51-cpp): the same places each time
  for (const CorpusPart& part : {split.training, split.validation}) {
    const Sentence all = joined(text, part.first_document, part.last_document);
    const TokenStream stream(corpus.corpus(), part, end_id);
    ASSERT_EQ(stream.size(), static_cast<std::int64_t>(all.size()));
    for (int round = 0; round < 3000; ++round) {
      const auto first = static_cast<std::int64_t>(random() % all.size());
      const std::int64_t left = stream.size() - first;
      const std::int64_t count =
          std::min<std::int64_t>(left, static_cast<std::int64_t>(random()) % (1 << (round % 14)));
      Sentence found{-7};
      stream.append_to(found, first, count);
      ASSERT_EQ(found.front(), -7);
      EXPECT_TRUE(std::equal(found.begin() + 1, found.end(), all.begin() + first, all.begin() + first + count));
    }
    Sentence whole;
    stream.append_to(whole, 0, stream.size());
    EXPECT_EQ(whole, all);
    EXPECT_THROW(stream.append_to(whole, 1, stream.size()), InternalError);
    EXPECT_THROW(stream.append_to(whole, -1, 1), InternalError);
  }
}

// A corpus of one shard, an element of an array of which is changed on disk.
class DamagedStream : public testing::Test {
 protected:
  DamagedStream() {
    make_corpus(folder_.path(), documents_, {.vocabulary_size = 100});
    whole_ = read_file(folder_ / "shard-00000.h5");
  }
  // Reads every stretch of three tokens, and says what is thrown.
  template <typename T>
  std::string said(const std::vector<T>& array, std::size_t at, T value) {
    std::string changed = whole_;
    const std::string bytes(reinterpret_cast<const char*>(array.data()), array.size() * sizeof(T));
    const std::size_t found = changed.find(bytes);
    EXPECT_NE(found, std::string::npos);
    std::memcpy(changed.data() + found + at * sizeof(T), &value, sizeof(T));
    write_file(folder_ / "shard-00000.h5", changed);
    return message_of([&] {
      const Corpus corpus = Corpus::open(folder_.path());
      const TokenStream stream(corpus, split_documents(corpus, 0.2).training, end_id);
      for (std::int64_t first = 0; first + 3 <= stream.size(); ++first) {
        Sentence tokens;
        stream.append_to(tokens, first, 3);
      }
    });
  }
  TemporaryFolder folder_;
  const std::vector<Document> documents_{{{11, 12}, {13}}, {{14}}, {{15, 16, 17}, {18}}, {{19, 20}}, {{21}}};
  const std::vector<std::int64_t> document_offsets_{0, 2, 3, 5, 6, 7};
  const std::vector<std::int64_t> sentence_offsets_{0, 2, 3, 4, 7, 8, 10, 11};
  const std::vector<std::uint16_t> tokens_{11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21};
  std::string whole_;
};

// Whatever stands in one element, it is an error of one line or another sound corpus, and no read out of bounds.
TEST_F(DamagedStream, IsAnErrorOrAnotherSoundCorpus) {
  EXPECT_EQ(said(document_offsets_, 0, std::int64_t{0}), "nothing thrown");
  int found = 0;
  for (const std::int64_t value :
       {std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, std::int64_t{3}, std::int64_t{5}, std::int64_t{9},
        std::int64_t{11}, std::int64_t{12}, std::int64_t{1} << 62, -(std::int64_t{1} << 62)}) {
    for (std::size_t at = 0; at < document_offsets_.size(); ++at) {
      const std::string line = said(document_offsets_, at, value);
      found += line == "nothing thrown" ? 0 : 1;
      EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    }
    for (std::size_t at = 0; at < sentence_offsets_.size(); ++at) {
      const std::string line = said(sentence_offsets_, at, value);
      found += line == "nothing thrown" ? 0 : 1;
      EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    }
  }
  EXPECT_GT(found, 60);
}

TEST_F(DamagedStream, SaysWhatIsWrong) {
  EXPECT_NE(said(document_offsets_, 2, std::int64_t{9}).find("is damaged: /document_offsets is not increasing at"),
            std::string::npos);
  EXPECT_NE(said(sentence_offsets_, 3, std::int64_t{40}).find("is damaged: /sentence_offsets is not increasing in doc"),
            std::string::npos);
  EXPECT_NE(said(tokens_, 5, std::uint16_t{100}).find("is damaged: token 5 is outside the vocabulary of 100"),
            std::string::npos);
}

}  // namespace
}  // namespace prelude::test
