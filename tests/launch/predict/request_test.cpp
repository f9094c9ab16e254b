#include "launch/predict/request.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

class RequestTest : public ::testing::Test {
 protected:
  RequestReader reader(const std::string& content, RequestFormat format) {
    write_file(folder_ / "in.jsonl", content);
    return RequestReader(folder_ / "in.jsonl", format);
  }
  std::string mistake(const std::string& line, RequestFormat format) {
    RequestReader lines = reader("{\"source_ids\": [1]}\n\n" + line + "\n", format);
    EXPECT_TRUE(lines.next().has_value());
    try {
      (void)lines.next();
    } catch (const UserError& error) {
      return error.what();
    }
    ADD_FAILURE() << "no UserError for " << line;
    return "";
  }

  TemporaryFolder folder_;
  RequestFormat ids_{nullptr, 48, {}, false, true};
};

TEST_F(RequestTest, ReadsIds) {
  auto lines = reader(
      "{\"source_ids\": [5, 6], \"target_ids\": [7], \"id\": \"kept out\"}\r\n"
      "  \n"
      "{\"candidate_ids\": [[1, 2], [3]], \"source_ids\": [47], \"label\": 1}",
      ids_);
  const Request first = lines.next().value();
  EXPECT_EQ(first.source, (Ids{5, 6}));
  EXPECT_EQ(first.target, (Ids{7}));
  EXPECT_TRUE(first.candidates.empty());
  EXPECT_FALSE(first.label.has_value());
  const Request second = lines.next().value();
  EXPECT_EQ(second.candidates, (std::vector<Ids>{{1, 2}, {3}}));
  EXPECT_EQ(second.label, 1);
  EXPECT_NE(second.place.find("in.jsonl line 3"), std::string::npos);
  EXPECT_FALSE(lines.next().has_value());
}

TEST_F(RequestTest, ReadsTextsWithTheTokenizer) {
  const Tokenizer tokenizer = Tokenizer::load(PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model");
  auto lines = reader(
      "{\"source\": \"It was <extra_id_0>\", \"target\": \"<extra_id_0> great\", \"candidates\": [\"yes\", \"no\"]}",
      {&tokenizer, 32128, 1, false, false});
  const Request request = lines.next().value();
  EXPECT_EQ(request.source, (Ids{94, 47, 32099, 1}));  // the appended 1 is </s>
  EXPECT_EQ(request.target, (Ids{32099, 248, 1}));
  EXPECT_EQ(request.candidates, (std::vector<Ids>{{4273, 1}, {150, 1}}));
}

// Neither sentinels nor the blanks around them count, nor the end that is appended.
TEST_F(RequestTest, CountsTheBytesOfCandidates) {
  const Tokenizer tokenizer = Tokenizer::load(PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model");
  auto lines = reader(
      "{\"source\": \"a\", \"candidates\": [\"<extra_id_0> yes\", \"caf\u00e9 au lait\", \"<extra_id_12>\", "
      "\"extra_id_x> b\"]}\n{\"source_ids\": [5], \"candidate_ids\": [[32099, 4273], [150]]}\n",
      {&tokenizer, 32128, 1, false, false});
  EXPECT_EQ(lines.next().value().candidate_bytes, (std::vector<std::int64_t>{3, 13, 0, 13}));
  EXPECT_EQ(lines.next().value().candidate_bytes, (std::vector<std::int64_t>{3, 2}));  // yes, no
  auto without = reader("{\"source_ids\": [5], \"candidate_ids\": [[7], [8, 9]]}", ids_);
  EXPECT_EQ(without.next().value().candidate_bytes, (std::vector<std::int64_t>{0, 0}));
}

TEST_F(RequestTest, ALabelIsReadWhereAskedOnly) {
  RequestFormat without = ids_;
  without.has_labels = false;
  const char* line = "{\"source_ids\": [1], \"candidate_ids\": [[1], [2]], \"label\": \"contradiction\"}";
  EXPECT_FALSE(reader(line, without).next().value().label.has_value());
}

TEST_F(RequestTest, AnEmptySourceNeedsAPrompt) {
  RequestFormat with_prompt = ids_;
  with_prompt.has_prompt = true;
  EXPECT_TRUE(reader("{\"source_ids\": []}", with_prompt).next().value().source.empty());
  EXPECT_NE(mistake("{\"source_ids\": []}", ids_).find("source is empty"), std::string::npos);
}

TEST_F(RequestTest, NamesFileLineAndMistake) {
  const std::vector<std::pair<const char*, const char*>> mistakes{
      {"{\"source_ids\": [1", "not valid JSON at byte 17: it ends before all brackets are closed"},
      {"[1, 2]", "must be a JSON object, but is array"},
      {"{\"source_ids\": [1e400]}", "out of range"},
      {"{\"source_ids\": [NaN]}", "not valid JSON"},
      {"{\"source_ids\": [1], \"source\": \"a\"}", "both source and source_ids"},
      {"{\"target_ids\": [1]}", "neither source nor source_ids"},
      {"{\"source\": \"text\"}", "no spiece.model"},
      {"{\"source\": 5}", "must be a text, but is number"},
      {"{\"source_ids\": \"1 2\"}", "must be a list of ids, but is string"},
      {"{\"source_ids\": [1.5]}", "holds 1.5, which is no id"},
      {"{\"source_ids\": [48]}", "the id 48, but the backbone's ids are 0 to 47"},
      {"{\"source_ids\": [-1]}", "the id -1"},
      {"{\"source_ids\": [99999999999999999999]}", "no id"},
      {"{\"source_ids\": [4294967297]}", "the id 4294967297"},
      {"{\"source_ids\": [1], \"target_ids\": []}", "target is empty"},
      {"{\"source_ids\": [1], \"candidate_ids\": []}", "candidate_ids must be a list of one or more"},
      {"{\"source_ids\": [1], \"candidate_ids\": [[1], []]}", "candidate_ids[1] is empty"},
      {"{\"source_ids\": [1], \"candidate_ids\": [1]}", "candidate_ids[0] must be a list of ids"},
      {"{\"source_ids\": [1], \"candidate_ids\": [[1]], \"candidates\": [\"a\"]}", "both candidates and"},
      {"{\"source_ids\": [1], \"candidate_ids\": [[1], [2]], \"label\": 2}", "0 to 1, but is 2"},
      {"{\"source_ids\": [1], \"candidate_ids\": [[1], [2]], \"label\": \"yes\"}", "but is \"yes\""},
      {"{\"source\": \"\xff\"}", "not valid JSON"},
  };
  for (const auto& [line, expected] : mistakes) {
    const std::string message = mistake(line, ids_);
    EXPECT_NE(message.find("in.jsonl line 3: "), std::string::npos) << message;
    EXPECT_NE(message.find(expected), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace prelude::test
