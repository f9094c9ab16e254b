// `corpus build` and `corpus verify` with several ranks: the bytes of one, also where ranks are killed on the way.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "tests/ranks/ranks.h"

namespace prelude::test {
namespace {

const std::string kModel = PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model";
const std::string kBooks = PRELUDE_SOURCE_DIR "/data/text/books-small.jsonl.gz";

std::map<std::string, std::string> contents_of(const std::string& folder) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name != ".lock") contents[name] = read_file(entry.path().string());
  }
  return contents;
}

std::size_t shards_in(const std::string& folder) {
  std::size_t shards = 0;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(folder, missing)) {
    shards += entry.path().extension() == ".h5" ? 1U : 0U;
  }
  return shards;
}

class CorpusRanks : public testing::Test {
 protected:
  CorpusRanks() {
    std::string text;
    for (int i = 0; text.size() < (std::size_t{6} << 20); ++i) {
      text += "A sentence about number " + std::to_string(i) + ", and what comes after it.";
      text += i % 50 == 49 ? "\n\n" : " ";
    }
    write_file(text_, text);
  }
  std::vector<std::string> build(const std::string& output, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{"corpus",    "build",       "--input",        kBooks,     "--input",
                                   text_,       "--tokenizer", kModel,           "--output", output,
                                   "--workers", "1",           "--shard-tokens", "30000"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::string whole() const {
    const ProgramResult result = run_program(build(folder_ / "whole"));
    EXPECT_EQ(result.code, 0) << result.errors;
    return folder_ / "whole";
  }
  // Starts a build with four ranks; once it has sealed two more shards, sends `signal` to one of them.
  ProgramResult build_and_send(const std::string& output, int rank, int signal) const {
    const std::size_t before = shards_in(output);
    RunningProgram job(PRELUDE_MPIRUN, with_ranks(4, build(output)));
    EXPECT_TRUE(wait_for([&] { return shards_in(output) >= before + 2 || !job.running(); }));
    std::vector<int> processes(4);
    for (int r = 0; r < 4; ++r) processes[static_cast<std::size_t>(r)] = process_of_rank(job.process(), r);
    EXPECT_GT(processes.at(static_cast<std::size_t>(rank)), 0);
    ::kill(processes.at(static_cast<std::size_t>(rank)), signal);
    ProgramResult result = job.wait();
    for (const int process : processes) EXPECT_TRUE(wait_for([&] { return !process_lives(process); }));
    EXPECT_FALSE(std::filesystem::exists(output + "/corpus.json"));
    return result;
  }

  TemporaryFolder folder_;
  std::string text_ = folder_ / "text.txt";
};

TEST_F(CorpusRanks, BuildTheBytesOfOne) {
  const std::string one = whole();
  for (const int ranks : {1, 2, 4}) {
    const std::string output = folder_ / std::to_string(ranks);
    const ProgramResult result = run_ranks(ranks, build(output));
    EXPECT_EQ(result.code, 0) << result.errors;
    EXPECT_TRUE(contents_of(output) == contents_of(one)) << ranks;
    EXPECT_EQ(result.output.find(output + ": "), 0U) << result.output;  // once
    EXPECT_EQ(result.output.find('\n'), result.output.size() - 1) << result.output;
  }
  EXPECT_NE(run_ranks(2, build(one)).output.find("already complete: "), std::string::npos);
  const ProgramResult verified = run_ranks(3, {"corpus", "verify", one});
  EXPECT_EQ(verified.code, 0) << verified.errors;
  EXPECT_EQ(verified.output, run_program({"corpus", "verify", one}).output);
}

TEST_F(CorpusRanks, GoOnAfterAKill) {
  const std::string output = folder_ / "out";
  EXPECT_NE(build_and_send(output, 2, SIGKILL).code, 0);
  EXPECT_NE(build_and_send(output, 0, SIGKILL).code, 0);
  EXPECT_NE(build_and_send(output, 3, SIGKILL).code, 0);
  const ProgramResult last = run_ranks(4, build(output));
  EXPECT_EQ(last.code, 0) << last.errors;
  EXPECT_TRUE(contents_of(output) == contents_of(whole()));
}

TEST_F(CorpusRanks, ASignalAtAnyRankStopsThem) {
  const std::string output = folder_ / "out";
  const ProgramResult stopped = build_and_send(output, 3, SIGUSR1);
  EXPECT_EQ(stopped.code, 3) << stopped.errors;
  EXPECT_NE(stopped.output.find("stopped, run again to continue"), std::string::npos) << stopped.output;
  EXPECT_EQ(run_ranks(2, build(output)).code, 0);
  EXPECT_TRUE(contents_of(output) == contents_of(whole()));
}

std::size_t lines_of_error(const ProgramResult& result) {
  std::size_t lines = 0;
  const std::string mark = "prelude: error: ";
  for (std::size_t at = 0; (at = result.errors.find(mark, at)) != std::string::npos; at += mark.size()) ++lines;
  return lines;
}

TEST_F(CorpusRanks, MistakesAreOneLine) {
  const std::string output = folder_ / "out";
  // A tokenizer that only some ranks can read: the others run in a folder where its relative path leads nowhere.
  const std::string script = folder_ / "start";
  write_file(script, "#!/bin/sh\n[ $OMPI_COMM_WORLD_RANK = 1 ] && cd /\nexec " PRELUDE_PROGRAM " \"$@\"\n");
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  std::filesystem::copy_file(kModel, folder_ / "here.model");
  std::vector<std::string> words = with_ranks(3, build(output, {}));
  *std::find(words.begin(), words.end(), PRELUDE_PROGRAM) = script;
  *std::find(words.begin(), words.end(), kModel) = "here.model";
  words.insert(words.begin(), {"--wdir", folder_.path()});
  const ProgramResult unread = RunningProgram(PRELUDE_MPIRUN, words).wait();
  EXPECT_EQ(unread.code, 2) << unread.errors;
  EXPECT_EQ(lines_of_error(unread), 1U) << unread.errors;
  EXPECT_NE(unread.errors.find("here.model': No such file or directory (seen by rank 1 on host "), std::string::npos)
      << unread.errors;

  write_file(folder_ / "bad.txt", "bad \xFF\n");
  const ProgramResult bad = run_ranks(3, build(output, {"--input", folder_ / "bad.txt"}));
  EXPECT_EQ(bad.code, 2) << bad.errors;
  EXPECT_EQ(lines_of_error(bad), 1U) << bad.errors;
  EXPECT_NE(bad.errors.find("bad.txt:1: "), std::string::npos) << bad.errors;
}

TEST_F(CorpusRanks, VerifyNamesTheFirstBadShard) {
  const std::string one = whole();
  for (const char* name : {"/shard-00007.h5", "/shard-00003.h5"}) {
    std::string bytes = read_file(one + name);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    write_file(one + name, bytes);
    const ProgramResult result = run_ranks(4, {"corpus", "verify", one});
    EXPECT_EQ(result.code, 2) << result.errors;
    EXPECT_EQ(lines_of_error(result), 1U) << result.errors;
    EXPECT_NE(result.errors.find(std::string(name) + "' is damaged: "), std::string::npos) << result.errors;
  }
  std::filesystem::remove(one + "/corpus.json");
  const ProgramResult missing = run_ranks(2, {"corpus", "verify", one});
  EXPECT_EQ(missing.code, 2) << missing.errors;
  EXPECT_EQ(lines_of_error(missing), 1U) << missing.errors;
}

}  // namespace
}  // namespace prelude::test
