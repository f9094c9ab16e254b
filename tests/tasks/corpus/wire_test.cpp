// Documents between ranks: what arrives is what was sent, and damaged bytes are an error that takes no memory.
#include "tasks/corpus/wire.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "core/error.h"

namespace prelude {
namespace {

RawBatch raw_documents() {
  RawBatch batch(3);
  batch[0].text = std::string("with \0 inside and \xFF", 19);
  batch[0].is_json = true;
  batch[0].path = "a b.jsonl";
  batch[0].line = 7;
  batch[0].bytes_read = std::int64_t{1} << 40;
  batch[1].problem = InputProblem{ProblemKind::long_line, "a.txt:3: too long"};
  batch[2].text = std::string(100000, 'x');
  return batch;
}

MadeBatch made_documents() {
  MadeBatch batch(3);
  batch[0].document = TokenDocument{
      .tokens = {1, 2, 32099}, .sentence_sizes = {1, 2}, .labels = {-1, 4}, .label_confidences = {0.0F, 0.75F}};
  batch[0].bytes_read = 99;
  batch[1].problem = InputProblem{ProblemKind::bad_field, "b.jsonl:1: field"};
  batch[2].dropped = {1, 2, 3, 4};
  batch[2].unknown_tokens = 5;
  return batch;
}

TEST(WireTest, RawDocumentsArriveWhole) {
  const RawBatch sent = raw_documents();
  const RawBatch came = raw_batch_from(to_bytes(sent));
  ASSERT_EQ(came.size(), sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(came[i].text, sent[i].text);
    EXPECT_EQ(came[i].is_json, sent[i].is_json);
    EXPECT_EQ(came[i].path, sent[i].path);
    EXPECT_EQ(came[i].line, sent[i].line);
    EXPECT_EQ(came[i].bytes_read, sent[i].bytes_read);
    ASSERT_EQ(came[i].problem.has_value(), sent[i].problem.has_value());
  }
  EXPECT_EQ(came[1].problem->kind, ProblemKind::long_line);
  EXPECT_EQ(came[1].problem->message, "a.txt:3: too long");
}

TEST(WireTest, MadeDocumentsArriveWhole) {
  const MadeBatch came = made_batch_from(to_bytes(made_documents()));
  ASSERT_EQ(came.size(), 3U);
  EXPECT_EQ(came[0].document->tokens, (std::vector<std::int32_t>{1, 2, 32099}));
  EXPECT_EQ(came[0].document->sentence_sizes, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(came[0].document->labels, (std::vector<std::int8_t>{-1, 4}));
  EXPECT_EQ(came[0].document->label_confidences, (std::vector<float>{0.0F, 0.75F}));
  EXPECT_EQ(came[0].bytes_read, 99);
  EXPECT_FALSE(came[1].document.has_value());
  EXPECT_EQ(came[1].problem->kind, ProblemKind::bad_field);
  EXPECT_EQ(came[2].dropped, (DroppedCounts{1, 2, 3, 4}));
  EXPECT_EQ(came[2].unknown_tokens, 5);
  EXPECT_TRUE(raw_batch_from(to_bytes(RawBatch{})).empty());
}

TEST(WireTest, BytesCutShortOrLeftOverAreRefused) {
  for (const std::string& bytes : {to_bytes(made_documents()), to_bytes(RawBatch{raw_documents()[0]})}) {
    const bool raw = bytes == to_bytes(RawBatch{raw_documents()[0]});
    const auto read = [&](const std::string& damaged) {
      if (raw) {
        raw_batch_from(damaged);
      } else {
        made_batch_from(damaged);
      }
    };
    for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_THROW(read(bytes.substr(0, size)), InternalError);
    EXPECT_THROW(read(bytes + "x"), InternalError);
  }
}

TEST(WireTest, HugeCountsTakeNoMemory) {
  const std::string bytes = to_bytes(made_documents());
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= bytes.size(); ++at) {
    for (const std::uint64_t count : {~std::uint64_t{0}, std::uint64_t{1} << 61, std::uint64_t{1} << 40}) {
      std::string damaged = bytes;
      std::memcpy(damaged.data() + at, &count, sizeof count);
      try {
        made_batch_from(damaged);  // where the eight bytes were plain values
      } catch (const InternalError&) {
      }
    }
  }
  const std::uint64_t many = std::uint64_t{1} << 50;
  std::string count(sizeof many, '\0');
  std::memcpy(count.data(), &many, sizeof many);
  EXPECT_THROW(raw_batch_from(count + std::string(1000, '\0')), InternalError);
}

TEST(WireTest, RandomBytesNeverCrash) {
  std::mt19937 random(11);
  const std::string good = to_bytes(made_documents());
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = good;
    for (int flips = 0; flips < 3; ++flips) bytes[random() % bytes.size()] = static_cast<char>(random());
    try {
      made_batch_from(bytes);
      raw_batch_from(bytes);
    } catch (const InternalError&) {
    }
  }
}

}  // namespace
}  // namespace prelude
