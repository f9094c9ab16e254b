// The corpus and tokenizer commands as a user types them.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/launch/program.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

const std::string kModel = PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model";
const std::string kBooks = PRELUDE_SOURCE_DIR "/data/text/books-small.jsonl.gz";

TEST(CorpusCommand, BuildsCountsAndVerifies) {
  const TemporaryFolder folder;
  const std::vector<std::string> build{"corpus",      "build", "--input",  kBooks,
                                       "--tokenizer", kModel,  "--output", folder / "out"};
  const ProgramResult built = run_program(build);
  EXPECT_EQ(built.code, 0) << built.errors;
  EXPECT_NE(built.output.find("180 documents"), std::string::npos) << built.output;
  EXPECT_NE(built.errors.find("reading [####################] 100%"), std::string::npos) << built.errors;
  EXPECT_NE(run_program(build).output.find("already complete: 180 documents"), std::string::npos);

  const ProgramResult stats = run_program({"corpus", "stats", folder / "out", "--json"});
  EXPECT_EQ(stats.code, 0);
  const auto json = nlohmann::json::parse(stats.output);
  EXPECT_EQ(json.at("documents"), 180);
  EXPECT_EQ(json.at("vocabulary_size"), 32100);
  EXPECT_GE(json.at("tokens_per_sentence").at("min"), 5);
  const std::string text = run_program({"corpus", "stats", folder / "out", "--bars", "5"}).output;
  EXPECT_NE(text.find("tokens a sentence: mean "), std::string::npos);

  const ProgramResult verified = run_program({"corpus", "verify", folder / "out"});
  EXPECT_EQ(verified.code, 0) << verified.errors;
  EXPECT_NE(verified.output.find("sound; 1 shards, 180 documents"), std::string::npos);
  std::string shard = read_file(folder / "out/shard-00000.h5");
  shard[shard.size() / 2] = static_cast<char>(shard[shard.size() / 2] ^ 1);
  write_file(folder / "out/shard-00000.h5", shard);
  const ProgramResult broken = run_program({"corpus", "verify", folder / "out"});
  EXPECT_EQ(broken.code, 2);
  EXPECT_NE(broken.errors.find("shard-00000.h5' is damaged"), std::string::npos);
}

TEST(CorpusCommand, WhatIsLeftOutIsNamedAndCounted) {
  const TemporaryFolder folder;
  write_file(folder / "a.jsonl", "{\"text\": \"One sentence that is long enough to keep.\"}\n{\"txet\": 1}\nnone\n");
  const ProgramResult result = run_program({"corpus", "build", "--input", folder / "a.jsonl", "--tokenizer", kModel,
                                            "--output", folder / "out", "--on-error", "skip"});
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_NE(result.errors.find("a.jsonl:2: there is no field 'text'"), std::string::npos) << result.errors;
  EXPECT_NE(result.errors.find("a.jsonl:3: "), std::string::npos);
  EXPECT_NE(result.output.find("1 documents, 1 sentences"), std::string::npos) << result.output;
  EXPECT_NE(result.output.find("2 left out: 1 bad_json, 1 missing_field"), std::string::npos) << result.output;
}

TEST(CorpusCommand, ASignalStopsItForALaterRun) {
  const TemporaryFolder folder;
  std::string text;
  while (text.size() < (std::size_t{8} << 20))
    text += "A short sentence about number " + std::to_string(text.size()) + ".\n\n";
  write_file(folder / "a.txt", text);
  const std::vector<std::string> build{"corpus", "build",    "--input",      folder / "a.txt", "--tokenizer",
                                       kModel,   "--output", folder / "out", "--shard-tokens", "5000"};
  RunningProgram running(build);
  for (int i = 0; i < 3000 && !std::filesystem::exists(folder / "out/shard-00001.h5"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  running.send(SIGTERM);
  const ProgramResult stopped = running.wait();
  EXPECT_EQ(stopped.code, 3) << stopped.errors;
  EXPECT_NE(stopped.output.find("stopped, run again to continue"), std::string::npos) << stopped.output;
  EXPECT_FALSE(std::filesystem::exists(folder / "out/corpus.json"));
  EXPECT_EQ(run_program(build).code, 0);
  EXPECT_EQ(run_program({"corpus", "verify", folder / "out"}).code, 0);
}

TEST(TokenizerCommand, EncodesALineAtATime) {
  const TemporaryFolder folder;
  write_file(folder / "plain", "Hello world\n\nx<extra_id_0>y\n");
  const ProgramResult plain = run_program({"tokenizer", "encode", "--tokenizer", kModel, "--input", folder / "plain"});
  EXPECT_EQ(plain.code, 0) << plain.errors;
  EXPECT_EQ(plain.output, "[8774,296]\n[]\n[3,226,32099,3,63]\n");
  write_file(folder / "json", "\"Hello\\nworld\"\n7\n");
  const ProgramResult json =
      run_program({"tokenizer", "encode", "--tokenizer", kModel, "--input", folder / "json", "--json"});
  EXPECT_EQ(json.code, 2);
  EXPECT_EQ(json.output, "[8774,296]\n");
  EXPECT_NE(json.errors.find("json:2: a JSON text is wanted"), std::string::npos);
}

}  // namespace
}  // namespace prelude::test
