// Damaged corpora: an error that names file and defect, at opening, at reading or at verifying, and never a read out of
// bounds.
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/io/checksum.h"
#include "core/io/h5_writer.h"
#include "tasks/corpus/corpus.h"
#include "tasks/corpus/verify.h"
#include "tests/message_of.h"
#include "tests/tasks/corpus/make_corpus.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::make_corpus;
using test::message_of;
using test::read_file;
using test::TemporaryFolder;
using test::write_file;

// Everything that a reader can ask for.
void read_all(const Corpus& corpus) {
  for (std::int64_t d = 0; d < corpus.documents(); ++d) corpus.document(d);
  for (std::int64_t s = 0; s < corpus.sentences(); ++s) {
    corpus.document_of(s);
    corpus.sentence(s).take(1 << 20);
    corpus.label(s);
    corpus.label_confidence(s);
  }
}

class DamageTest : public testing::Test {
 protected:
  DamageTest() {
    make_corpus(folder_.path(), {{{1, 2}, {3, 4, 5}}, {{6}, {7, 8}, {9}}, {{10, 11}}},
                {.vocabulary_size = 100,
                 .labels = {{0, 1}, {2, -1, 4}, {3}},
                 .label_confidences = {{0.5F, 1.0F}, {0.0F, 0.25F, 1.0F}, {1.0F}}});
    shard_ = folder_ / "shard-00000.h5";
    manifest_ = folder_ / "corpus.json";
  }

  // Writes the shard anew with these arrays, and a manifest that agrees with its size and checksum.
  struct Arrays {
    std::vector<std::uint16_t> tokens{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    std::vector<std::int64_t> sentence_offsets{0, 2, 5, 6, 8, 9, 11};
    std::vector<std::int64_t> document_offsets{0, 2, 5, 6};
    std::vector<std::int8_t> labels{0, 1, 2, -1, 4, 3};
    std::vector<float> confidences{0.5F, 1.0F, 0.0F, 0.25F, 1.0F, 1.0F};
  };
  void rewrite(const Arrays& arrays) {
    h5::Writer file(shard_);
    file.write("/tokens", arrays.tokens);
    file.write("/sentence_offsets", arrays.sentence_offsets);
    file.write("/document_offsets", arrays.document_offsets);
    file.write("/labels", arrays.labels);
    file.write("/label_confidences", arrays.confidences);
    file.finish();
    file.commit();
    agree();
  }
  void agree() {
    auto json = nlohmann::json::parse(read_file(manifest_));
    json["shards"][0]["bytes"] = std::filesystem::file_size(shard_);
    json["shards"][0]["xxh3_128"] = xxh3_128_of_file(shard_);
    write_file(manifest_, json.dump());
  }
  void change_manifest(const std::function<void(nlohmann::json&)>& change) {
    auto json = nlohmann::json::parse(read_file(manifest_));
    change(json);
    write_file(manifest_, json.dump());
  }
  std::string open_error() {
    return message_of([&] { Corpus::open(folder_.path()); });
  }
  std::string read_error() {
    return message_of([&] { read_all(Corpus::open(folder_.path())); });
  }
  std::string verify_error() {
    return message_of([&] { verify_corpus(folder_.path()); });
  }
  // Both reading and verifying find it, and say where it is.
  void expect_found(const std::string& defect) {
    EXPECT_NE(read_error().find(defect), std::string::npos) << read_error();
    EXPECT_NE(verify_error().find(defect), std::string::npos) << verify_error();
    EXPECT_NE(verify_error().find("'" + shard_ + "' is damaged: "), std::string::npos) << verify_error();
  }

  TemporaryFolder folder_;
  std::string shard_;
  std::string manifest_;
};

TEST_F(DamageTest, TheWholeOneIsSound) {
  EXPECT_EQ(read_error(), "nothing thrown");
  EXPECT_EQ(verify_error(), "nothing thrown");
  rewrite({});
  EXPECT_EQ(verify_error(), "nothing thrown");
}

TEST_F(DamageTest, ATruncatedOrMissingShard) {
  const std::string whole = read_file(shard_);
  write_file(shard_, whole.substr(0, whole.size() - 1));
  EXPECT_NE(open_error().find("bytes, corpus.json says"), std::string::npos);
  write_file(shard_, "");
  EXPECT_EQ(open_error(), "'" + shard_ + "' is empty");
  std::filesystem::remove(shard_);
  EXPECT_EQ(open_error(), "cannot open '" + shard_ + "': No such file or directory");
}

TEST_F(DamageTest, AFlippedBitAnywhereIsFound) {
  const std::string whole = read_file(shard_);
  for (std::size_t at = 0; at < whole.size(); at += 13) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    write_file(shard_, changed);
    EXPECT_NE(verify_error().find("shard-00000.h5"), std::string::npos) << at;
  }
}

// Shortened on disk together with the manifest's size, at every length: HDF5 or we notice.
TEST_F(DamageTest, ATruncatedShardThatTheManifestAgreesWith) {
  const std::string whole = read_file(shard_);
  for (std::size_t size = 1; size < whole.size(); size += 61) {
    write_file(shard_, whole.substr(0, size));
    agree();
    EXPECT_NE(verify_error().find("shard-00000.h5"), std::string::npos) << size;
  }
}

TEST_F(DamageTest, OffsetsThatDecreaseOrLeaveTheFile) {
  for (const std::int64_t bad : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{6}, std::int64_t{12},
                                 std::int64_t{1} << 62, -(std::int64_t{1} << 62)}) {
    Arrays arrays;
    arrays.sentence_offsets[2] = bad;
    rewrite(arrays);
    expect_found("/sentence_offsets is not increasing");
  }
  for (const std::int64_t bad :
       {std::int64_t{-5}, std::int64_t{0}, std::int64_t{5}, std::int64_t{7}, std::int64_t{1} << 62}) {
    Arrays arrays;
    arrays.document_offsets[1] = bad;
    rewrite(arrays);
    expect_found("/document_offsets is not increasing");
  }
}

TEST_F(DamageTest, OffsetsThatDoNotEndWithTheData) {
  Arrays arrays;
  arrays.sentence_offsets.back() = 10;
  rewrite(arrays);
  EXPECT_NE(open_error().find("/sentence_offsets does not run from 0 to the number of tokens"), std::string::npos);
  arrays = {};
  arrays.document_offsets.front() = 1;
  rewrite(arrays);
  EXPECT_NE(open_error().find("/document_offsets does not run from 0 to the number of sentences"), std::string::npos);
}

TEST_F(DamageTest, ATokenOutsideTheVocabulary) {
  Arrays arrays;
  arrays.tokens[7] = 100;
  rewrite(arrays);
  expect_found("token 7 is outside the vocabulary of 100");
}

TEST_F(DamageTest, LabelsOutOfRange) {
  Arrays arrays;
  arrays.labels[3] = -2;
  rewrite(arrays);
  expect_found("the label of sentence 3 is -2");
  for (const float bad : {-0.5F, 1.5F, std::numeric_limits<float>::quiet_NaN()}) {
    arrays = {};
    arrays.confidences[1] = bad;
    rewrite(arrays);
    expect_found("the label confidence of sentence 1 is");
  }
}

TEST_F(DamageTest, ArraysOfAnotherTypeOrSize) {
  h5::Writer file(shard_);
  file.write("/tokens", std::vector<float>(11));
  file.finish();
  file.commit();
  agree();
  EXPECT_NE(open_error().find("/tokens is of type float32; uint16 is wanted"), std::string::npos);
  Arrays arrays;
  arrays.labels.pop_back();
  rewrite(arrays);
  EXPECT_NE(open_error().find("/labels has 5 elements, corpus.json says 6"), std::string::npos);
  arrays = {};
  arrays.tokens.push_back(1);
  rewrite(arrays);
  EXPECT_NE(open_error().find("/tokens has 12 elements, corpus.json says 11"), std::string::npos);
}

TEST_F(DamageTest, AMissingArray) {
  h5::Writer file(shard_);
  file.write("/tokens", std::vector<std::uint16_t>(11));
  file.finish();
  file.commit();
  agree();
  EXPECT_EQ(open_error(), "'" + shard_ + "' has no dataset '/sentence_offsets'");
}

TEST_F(DamageTest, AManifestThatIsNoneNamesTheField) {
  const auto error_with = [&](const std::function<void(nlohmann::json&)>& change) {
    const std::string before = read_file(manifest_);
    change_manifest(change);
    std::string message = open_error();
    write_file(manifest_, before);
    return message;
  };
  const std::string start = "'" + manifest_ + "': field ";
  EXPECT_EQ(error_with([](auto& json) { json.erase("shards"); }), start + "'shards' is missing");
  EXPECT_EQ(error_with([](auto& json) { json["shards"] = 3; }), start + "'shards' must be a list");
  EXPECT_EQ(error_with([](auto& json) { json["shards"] = nlohmann::json::array(); }),
            start + "'shards' must list between 1 and 99,999 shards");
  EXPECT_EQ(error_with([](auto& json) { json["schema_version"] = 2; }),
            start + "'schema_version' must be 1; a newer prelude made this corpus");
  EXPECT_EQ(error_with([](auto& json) { json["vocabulary_size"] = "big"; }),
            start + "'vocabulary_size' must be a whole number");
  EXPECT_NE(
      error_with([](auto& json) { json["vocabulary_size"] = -1; }).find("'vocabulary_size' must be between 1 and"),
      std::string::npos);
  EXPECT_NE(error_with([](auto& json) { json["shards"][0]["tokens"] = 1e300; }).find("'shards[0].tokens' must be"),
            std::string::npos);
  EXPECT_NE(error_with([](auto& json) {
              json["shards"][0]["tokens"] = ~std::uint64_t{0};
            }).find("'shards[0].tokens' must be"),
            std::string::npos);
  EXPECT_EQ(error_with([](auto& json) { json["shards"][0]["file"] = "../../etc/passwd"; }),
            start + "'shards[0].file' must be \"shard-00000.h5\"");
  EXPECT_EQ(error_with([](auto& json) { json["labels"] = 1; }), start + "'labels' must be true or false");
  EXPECT_EQ(error_with([](auto& json) { json = nlohmann::json::array(); }),
            manifest_ + ": expected a JSON object, got array");
  write_file(manifest_, "{ \"schema_version\": 1,");
  EXPECT_EQ(open_error(), manifest_ + ": not valid JSON at byte 22: it ends before all brackets are closed");
  std::filesystem::remove(manifest_);
  EXPECT_EQ(open_error(), "cannot open '" + manifest_ + "': No such file or directory");
}

}  // namespace
}  // namespace prelude
