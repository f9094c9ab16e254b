// Tokenizer files that a stranger wrote, or that were cut short on their way: one line that names the file, and no
// more.
#include <gtest/gtest.h>
#include <sentencepiece_model.pb.h>
#include <sys/stat.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <random>

#include "core/error.h"
#include "core/text/tokenizer.h"
#include "core/text/train_unigram.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using sentencepiece::ModelProto;

const std::string kGoldens = PRELUDE_SOURCE_DIR "/tests/data/tokenizer/";

class HostileTokenizer : public testing::Test {
 protected:
  // What loading (and using) the file at `path` ends in; a message of one line that names the path, or "".
  std::string outcome(const std::string& path) const {
    try {
      const Tokenizer tokenizer = Tokenizer::load(path);
      const auto ids = tokenizer.encode("Hello \u4e2d<extra_id_0> 12\u00e9");
      static_cast<void>(tokenizer.decode(ids));
    } catch (const UserError& error) {
      const std::string text = error.what();
      EXPECT_NE(text.find(folder_.path()), std::string::npos) << text;
      EXPECT_LE(text.size(), 500U) << text;
      EXPECT_TRUE(std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20; })) << text;
      EXPECT_EQ(text.find(".cc"), std::string::npos) << text;
      return text;
    }
    return "";
  }

  std::string outcome_of(const std::string& name, const std::string& bytes) const {
    test::write_file(folder_ / name, bytes);
    return outcome(folder_ / name);
  }

  static const std::string& model() {
    static const std::string bytes = [] {
      std::vector<std::string> lines;
      for (int i = 0; i < 200; ++i) lines.push_back("the ship and the lantern " + std::to_string(i * 7919));
      return train_unigram(lines, {.vocabulary = 60});
    }();
    return bytes;
  }

  template <typename Change>
  std::string changed(Change change) const {
    ModelProto proto;
    proto.ParseFromString(model());
    change(proto);
    return outcome_of("changed.model", proto.SerializeAsString());
  }

  // Some bytes of `good` changed, removed, doubled or cut off.
  static std::string mutated(std::string good, std::mt19937& random) {
    const int changes = 1 + static_cast<int>(random() % 6);
    for (int i = 0; i < changes && !good.empty(); ++i) {
      const std::size_t at = random() % good.size();
      const std::size_t size = 1 + random() % 24;
      switch (random() % 5) {
        case 0:
          good[at] = static_cast<char>(random());
          break;
        case 1:
          good.erase(at, size);
          break;
        case 2:
          good.insert(at, good.substr(at, size));
          break;
        case 3:
          good.resize(at);
          break;
        default:
          good[at] = static_cast<char>(good[at] ^ (1 << random() % 8));
      }
    }
    return good;
  }

  test::TemporaryFolder folder_;
};

TEST_F(HostileTokenizer, SaysWhatIsWrongWithASentencePieceModel) {
  ASSERT_EQ(outcome_of("good.model", model()), "");
  EXPECT_NE(changed([](ModelProto& m) { m.clear_pieces(); }).find("without pieces"), std::string::npos);
  EXPECT_NE(changed([](ModelProto& m) { *m.add_pieces() = m.pieces(9); }).find("stands twice"), std::string::npos);
  EXPECT_NE(changed([](ModelProto& m) { m.mutable_pieces(9)->set_piece(""); }).find("is empty"), std::string::npos);
  EXPECT_NE(changed([](ModelProto& m) {
              m.mutable_pieces(9)->set_score(std::numeric_limits<float>::quiet_NaN());
            }).find("score of piece 9"),
            std::string::npos);
  EXPECT_NE(changed([](ModelProto& m) {
              m.mutable_pieces(2)->set_type(ModelProto::SentencePiece::NORMAL);
            }).find("0 unknown pieces"),
            std::string::npos);
  EXPECT_NE(changed([](ModelProto& m) {
              m.mutable_normalizer_spec()->set_precompiled_charsmap("nonsense");
            }).find("contradicts itself"),
            std::string::npos);
}

TEST_F(HostileTokenizer, SaysWhatIsThereInsteadOfAFile) {
  EXPECT_NE(outcome_of("pointer.model", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 791656\n")
                .find("Git LFS pointer"),
            std::string::npos);
  EXPECT_NE(outcome_of("empty.model", "").find("is empty"), std::string::npos);
  EXPECT_NE(outcome_of("cut.json", "{\"model\": {\"type\": \"Uni").find("not valid JSON"), std::string::npos);
  EXPECT_NE(outcome(folder_ / "none.model"), "");
  ASSERT_EQ(::mkfifo((folder_ / "pipe.model").c_str(), 0600), 0);
  EXPECT_NE(outcome(folder_ / "pipe.model"), "");
  std::filesystem::create_directory(folder_ / "bare");
  EXPECT_NE(outcome(folder_ / "bare").find("without spiece.model or tokenizer.json"), std::string::npos);
}

TEST_F(HostileTokenizer, MutatedFilesAreReadOrRefused) {
  std::mt19937 random(17);
  const std::string unigram = test::read_file(kGoldens + "unigram.json");
  const std::string bpe = test::read_file(kGoldens + "bpe.json");
  const std::string settings =
      R"({"extra_ids":9,"eos_token":"</s>","added_tokens_decoder":{"0":{"content":"<pad>","special":true}},"legacy":true})";
  const std::string map =
      R"({"pad_token":{"content":"<pad>","lstrip":false},"additional_special_tokens":["<a>","<b>"]})";
  const std::string folder = folder_ / "folder";
  std::filesystem::create_directory(folder);
  test::write_file(folder + "/spiece.model", model());
  int refused = 0;
  for (int i = 0; i < 150; ++i) {
    refused += outcome_of("mutated.model", mutated(model(), random)).empty() ? 0 : 1;
    refused += outcome_of("unigram.json", mutated(unigram, random)).empty() ? 0 : 1;
    refused += outcome_of("bpe.json", mutated(bpe, random)).empty() ? 0 : 1;
    test::write_file(folder + "/tokenizer_config.json", mutated(settings, random));
    test::write_file(folder + "/special_tokens_map.json", mutated(map, random));
    test::write_file(folder + "/added_tokens.json", mutated(R"({"<spot>": 69, "b": 70})", random));
    refused += outcome(folder).empty() ? 0 : 1;
  }
  EXPECT_GT(refused, 150);
}

}  // namespace
}  // namespace prelude
