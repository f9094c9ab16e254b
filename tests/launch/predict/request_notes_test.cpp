#include "launch/predict/request_notes.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/delta/prompt_file.h"
#include "core/t5/initialise.h"
#include "core/t5/load.h"
#include "tests/launch/one_rank.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

// A backbone with T5's tokenizer, and prompts of different origins.
class RequestNotesTest : public testing::Test {
 protected:
  void SetUp() override {
    save_backbone(folder_ / "backbone", config_, initialise_weights(config_, 1, at::kCPU, at::kFloat),
                  PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model");
  }

  std::string prompt(const std::map<std::string, std::string>& origin) const {
    Prompt prompt;
    prompt.rows = at::ones({3, config_.d_model}, at::kFloat);
    prompt.origin = origin;
    write_prompt_folder(folder_ / "prompt", prompt);
    return folder_ / "prompt";
  }
  std::string foreign_prompt() const {
    const std::string path = prompt({});
    std::filesystem::remove(path + "/prelude.json");
    return path;
  }
  // What loading said on standard error.
  std::string loaded_with(const std::string& prompt_path) {
    testing::internal::CaptureStderr();
    loaded_.emplace(LoadedModel::load(folder_ / "backbone", prompt_path, one_.session, one_.ranks));
    return testing::internal::GetCapturedStderr();
  }
  // The notes that these lines give, one after the other.
  std::vector<std::string> notes_of(const std::string& lines) {
    write_file(folder_ / "in.jsonl", lines);
    RequestReader reader(folder_ / "in.jsonl",
                         {loaded_->tokenizer(), loaded_->config().vocab_size, {}, loaded_->prompt_rows() > 0, false});
    RequestNotes notes(*loaded_);
    std::vector<std::string> all;
    while (const auto request = reader.next()) {
      for (const std::string& note : notes.of(*request)) all.push_back(note);
    }
    return all;
  }

  TemporaryFolder folder_;
  OneRank one_;
  T5Config config_ = named_t5_config("tiny");
  std::optional<LoadedModel> loaded_;
};

const char* const bare = "{\"source\": \"It rained.<extra_id_0>\", \"candidates\": [\"yes\", \"no\"]}\n";
const char* const right =
    "{\"source\": \"It rained.<extra_id_0>\", \"candidates\": [\"<extra_id_0> yes\", \"<extra_id_0> no\"]}\n";
const char* const plain = "{\"source\": \"It rained.\", \"candidates\": [\"yes\", \"no\"]}\n";

TEST_F(RequestNotesTest, SayOnceThatNoAnswerBeginsWithTheSentinel) {
  loaded_with("");
  EXPECT_TRUE(notes_of(std::string(right) + plain + "{\"source\": \"It rained.<extra_id_0>\"}\n").empty());
  const auto notes = notes_of(std::string(right) + bare + bare);
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_NE(notes[0].find("in.jsonl line 2: a candidate or target does not begin with <extra_id_0>"), std::string::npos)
      << notes[0];
  EXPECT_EQ(notes_of("{\"source\": \"It rained.<extra_id_0>\", \"target\": \"yes\"}\n").size(), 1U);
  EXPECT_TRUE(notes_of("{\"source\": \"It rained.<extra_id_0>\", \"target\": \"<extra_id_0> yes\"}\n").empty());
}

TEST_F(RequestNotesTest, OneCandidateOfSeveralIsEnough) {
  loaded_with("");
  EXPECT_EQ(
      notes_of("{\"source\": \"It rained.<extra_id_0>\", \"candidates\": [\"<extra_id_0> yes\", \"no\"]}\n").size(),
      1U);
}

TEST_F(RequestNotesTest, KnowTheMethodThatTunedThePrompt) {
  loaded_with(prompt({{"method", "pt"}}));
  const auto notes = notes_of(plain);
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_NE(notes[0].find("tuned by method pt"), std::string::npos) << notes[0];
  loaded_with(prompt({{"method", "lm-pt"}}));
  EXPECT_TRUE(notes_of(plain).empty());
}

TEST_F(RequestNotesTest, KnowThePretextTaskOfThePrompt) {
  loaded_with(prompt({{"task", "nsp"}}));
  const auto notes = notes_of(plain);  // this prompt has seen no source without the sentinel
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_NE(notes[0].find("pre-trained on task nsp"), std::string::npos) << notes[0];
  loaded_with(prompt({{"data", "films"}}));
  EXPECT_TRUE(notes_of(plain).empty());
}

TEST_F(RequestNotesTest, AskForTheEndThatOtherTokenizersAdd) {
  loaded_with(foreign_prompt());
  const auto notes = notes_of(std::string(right) + right);
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_NE(notes[0].find("in.jsonl line 1: the source does not end in </s>"), std::string::npos) << notes[0];
  EXPECT_NE(notes[0].find("--append-eos"), std::string::npos) << notes[0];
  EXPECT_TRUE(notes_of("{\"source\": \"It rained.</s>\"}\n").empty());
  loaded_with(prompt({}));  // of our own
  EXPECT_TRUE(notes_of(right).empty());
}

TEST_F(RequestNotesTest, LoadingWarnsOfAnotherBackbone) {
  EXPECT_EQ(loaded_with(prompt({{"task", "nsp"}})), "");
  const std::string said = loaded_with(prompt({{"backbone_hash", "00ff"}}));
  EXPECT_TRUE(said.starts_with("warning: the prompt '")) << said;
  EXPECT_NE(said.find("trained in front of the backbone 00ff"), std::string::npos) << said;
  const std::size_t is = said.find("' is ");
  ASSERT_NE(is, std::string::npos) << said;
  EXPECT_EQ(loaded_with(prompt({{"backbone_hash", said.substr(is + 5, 32)}})), "");
}

}  // namespace
}  // namespace prelude::test
