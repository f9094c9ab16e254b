#include "tasks/corpus/labelled_copy.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "tasks/corpus/verify.h"
#include "tests/io_faults/every_fault.h"
#include "tests/message_of.h"
#include "tests/tasks/corpus/make_corpus.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

const NamedValues options{{"backbone", "b1"}, {"template", "{sentence}<extra_id_0>"}};

class LabelledCopyTest : public testing::Test {
 protected:
  LabelledCopyTest() {
    std::filesystem::create_directory(folder_ / "source");
    std::mt19937 random(5);
    std::vector<Document> documents(20);
    for (Document& document : documents) {
      document.resize(1 + random() % 6);
      for (Sentence& sentence : document) {
        sentence.resize(1 + random() % 9);
        for (auto& token : sentence) token = static_cast<std::int32_t>(random() % 70000);
      }
    }
    make_corpus(folder_ / "source", documents, {.vocabulary_size = 70000, .shard_tokens = 100});
    corpus_.emplace(Corpus::open(folder_ / "source"));
    shards_ = corpus_->manifest().shards.size();
  }

  // A label out of the sentence's number.
  static std::int8_t label_of(std::int64_t sentence) { return static_cast<std::int8_t>(sentence % 6 - 1); }
  static float confidence_of(std::int64_t sentence) { return static_cast<float>(sentence % 11) / 10.0F; }
  static void add_next(LabelledCopy& copy) {
    ShardLabels labels;
    const SentenceRange range = copy.next_sentences();
    for (std::int64_t s = range.first; s < range.last; ++s) {
      labels.labels.push_back(label_of(s));
      labels.confidences.push_back(confidence_of(s));
    }
    copy.check_source();
    copy.add_shard(labels);
  }
  void label_all(const std::string& output, const NamedValues& with = options) const {
    LabelledCopy copy(folder_ / output, *corpus_);
    copy.begin(with);
    while (copy.next_shard() < shards_) add_next(copy);
    copy.finish();
  }
  std::map<std::string, std::string> contents(const std::string& output) const {
    std::map<std::string, std::string> contents;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / output)) {
      contents[entry.path().filename().string()] = read_file(entry.path().string());
    }
    return contents;
  }
  std::string error_of(const std::string& output, const NamedValues& with = options) const {
    return message_of([&] { label_all(output, with); });
  }

  TemporaryFolder folder_;
  std::optional<Corpus> corpus_;
  std::size_t shards_ = 0;
};

TEST_F(LabelledCopyTest, HoldsTheSameDocumentsAndTheLabels) {
  ASSERT_GE(shards_, 3U);
  label_all("out");
  const Manifest manifest = verify_corpus(folder_ / "out");
  EXPECT_TRUE(manifest.labels);
  EXPECT_EQ(value_of(manifest.labelling, "backbone"), "b1");
  EXPECT_EQ(manifest.tokenizer_sha256, corpus_->manifest().tokenizer_sha256);
  const Corpus copy = Corpus::open(folder_ / "out");
  ASSERT_EQ(copy.sentences(), corpus_->sentences());
  ASSERT_EQ(copy.documents(), corpus_->documents());
  for (std::int64_t s = 0; s < copy.sentences(); ++s) {
    EXPECT_EQ(copy.sentence(s).take(100), corpus_->sentence(s).take(100));
    EXPECT_EQ(copy.document_of(s), corpus_->document_of(s));
    EXPECT_EQ(copy.label(s), label_of(s));
    EXPECT_EQ(copy.label_confidence(s), confidence_of(s));
  }
}

TEST_F(LabelledCopyTest, GoesOnFromAnyShardToTheSameBytes) {
  label_all("whole");
  for (std::size_t done = 0; done <= shards_; ++done) {
    const std::string output = "part" + std::to_string(done);
    {
      LabelledCopy copy(folder_ / output, *corpus_);
      EXPECT_EQ(copy.recorded("backbone"), std::nullopt);
      copy.begin(options);
      for (std::size_t i = 0; i < done; ++i) add_next(copy);
      // Another writer at the same time is refused.
      EXPECT_NE(error_of(output).find("another labelling"), std::string::npos);
    }
    LabelledCopy copy(folder_ / output, *corpus_);
    EXPECT_EQ(copy.next_shard(), done);
    EXPECT_EQ(copy.recorded("backbone").value_or("nothing"), done == 0 ? "nothing" : "b1");
    copy.begin(options);
    while (copy.next_shard() < shards_) add_next(copy);
    copy.finish();
    EXPECT_TRUE(contents(output) == contents("whole")) << done;
  }
}

// The same command makes the corpus whole afterwards.
TEST_F(LabelledCopyTest, EveryWriteThatFailsIsNoticed) {
  const std::string small = folder_ / "small";
  std::filesystem::create_directory(small);
  make_corpus(small, {{{1, 2, 3}, {4, 5}}, {{6}, {7, 8}, {9}}}, {.shard_tokens = 5});
  corpus_.emplace(Corpus::open(small));
  shards_ = 2;
  ASSERT_EQ(corpus_->manifest().shards.size(), shards_);
  label_all("whole");
  const auto whole = contents("whole");
  for_each_fault(
      folder_ / "out", [&] { std::filesystem::remove_all(folder_ / "out"); }, [&] { label_all("out"); },
      [&](const FaultOutcome& outcome) {
        if (outcome.message.empty()) {
          EXPECT_TRUE(contents("out") == whole);
          return;
        }
        EXPECT_NE(outcome.message.find(folder_ / "out"), std::string::npos);
        label_all("out");
        EXPECT_TRUE(contents("out") == whole);
      });
}

TEST_F(LabelledCopyTest, RefusesWhatDoesNotFit) {
  label_all("out");
  EXPECT_NE(error_of("out", {{"backbone", "b2"}}).find("another backbone (b1, now b2)"), std::string::npos);
  EXPECT_NE(error_of("out", {{"dtype", "float32"}}).find("another dtype (absent, now float32)"), std::string::npos);
  EXPECT_NE(error_of("source").find("which stays as it is"), std::string::npos) << error_of("source");
  const Corpus labelled = Corpus::open(folder_ / "out");
  EXPECT_NE(message_of([&] { LabelledCopy(folder_ / "again", labelled); }).find("has labels already"),
            std::string::npos);
}

// The bytes of the source are read and compared before they are copied under a new checksum.
TEST_F(LabelledCopyTest, ADamagedSourceIsFound) {
  const std::string shard = folder_ / "source/shard-00001.h5";
  const std::string whole = read_file(shard);
  for (std::size_t at = 0; at < whole.size(); at += 97) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    write_file(shard, bytes);
    EXPECT_NE(error_of("out" + std::to_string(at)).find("shard-00001.h5"), std::string::npos) << at;
  }
}

TEST_F(LabelledCopyTest, ADamagedRecordNamesTheField) {
  label_all("out");
  const std::string path = folder_ / "out/label.json";
  const auto error_with = [&](const std::function<void(nlohmann::json&)>& change) {
    auto json = nlohmann::json::parse(read_file(path));
    const std::string before = read_file(path);
    change(json);
    write_file(path, json.dump());
    std::string message = error_of("out");
    write_file(path, before);
    return message;
  };
  const std::string start = "'" + path + "': field ";
  EXPECT_EQ(error_with([](auto& json) { json.erase("shards"); }), start + "'shards' is missing");
  EXPECT_EQ(error_with([](auto& json) { json["options"]["backbone"] = 3; }),
            start + "'options.backbone' must be a text");
  EXPECT_EQ(error_with([](auto& json) { json["options"] = 3; }), "'" + path + "': options. is no object");
  EXPECT_EQ(error_with([](auto& json) { json["shards"][0]["file"] = "../x"; }),
            start + "'shards[0].file' must be \"shard-00000.h5\"");
  EXPECT_NE(error_with([](auto& json) { json["schema_version"] = 2; }).find("'schema_version'"), std::string::npos);
  EXPECT_NE(
      error_with([](auto& json) { json["shards"][1]["bytes"] = 5; }).find("shard-00001.h5' is missing or damaged"),
      std::string::npos);
  EXPECT_NE(error_with([](auto& json) {
              auto shard = json["shards"][0];
              while (json["shards"].size() < 90) {
                shard["file"] = shard_file_name(json["shards"].size());
                json["shards"].push_back(shard);
              }
            }).find("holds 90 shards"),
            std::string::npos);
  write_file(path, "{");
  EXPECT_NE(error_of("out").find("label.json: not valid JSON"), std::string::npos);
  std::filesystem::remove(path);
  EXPECT_NE(error_of("out").find("which stays as it is"), std::string::npos);
}

}  // namespace
}  // namespace prelude::test
