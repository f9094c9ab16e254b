// Interrupted builds: continued, they end with the bytes of one that was not.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/io/atomic_file.h"
#include "core/io/folder_lock.h"
#include "tasks/corpus/build.h"
#include "tasks/corpus/corpus.h"
#include "tests/tasks/corpus/build_fixture.h"

namespace prelude {
namespace {

using test::contents_of;
using test::error_of;
using test::kBooks;
using test::small_build;
using test::TemporaryFolder;
using test::write_file;

BuildOptions sharded_build(const TemporaryFolder& folder, const std::string& output) {
  BuildOptions options = small_build(folder, kBooks);
  options.output = folder / output;
  options.shard_tokens = 100000;
  options.min_sentence_chars = 10;
  return options;
}

TEST(ContinuedBuildTest, AStoppedOneEndsTheSame) {
  const TemporaryFolder folder;
  build_corpus(sharded_build(folder, "whole"));
  const BuildOptions options = sharded_build(folder, "out");
  int stops = 0;
  for (const int after : {1, 40, 3, 60, 100}) {
    int seen = 0;
    const BuildResult result = build_corpus(options, {.stop = [&] { return ++seen == after; }});
    stops += result.end == BuildResult::End::stopped ? 1 : 0;
  }
  EXPECT_EQ(stops, 5);
  EXPECT_EQ(build_corpus(options).end, BuildResult::End::complete);
  EXPECT_EQ(contents_of(options.output), contents_of(folder / "whole"));
  EXPECT_EQ(build_corpus(options).end, BuildResult::End::already_complete);
}

// Builds in a process of its own that is killed `milliseconds` after it has sealed a shard. Returns whether it was.
bool build_and_kill(const BuildOptions& options, int milliseconds) {
  const pid_t child = fork();
  if (child == 0) {
    std::int64_t shards_before = -1;
    std::thread killer;
    const auto start_killer = [&](const BuildProgress& progress) {
      if (shards_before < 0) shards_before = progress.shards;
      if (progress.shards == shards_before || killer.joinable()) return;
      killer = std::thread([=] {
        std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
        kill(getpid(), SIGKILL);
      });
    };
    build_corpus(options, {.progress = start_killer});
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status);
}

std::int64_t shards_in(const std::string& folder) {
  const auto contents = contents_of(folder);
  return std::count_if(contents.begin(), contents.end(), [](const auto& file) { return file.first.ends_with(".h5"); });
}

TEST(ContinuedBuildTest, AKilledOneEndsTheSame) {
  const TemporaryFolder folder;
  build_corpus(sharded_build(folder, "whole"));
  const BuildOptions options = sharded_build(folder, "out");
  EXPECT_TRUE(build_and_kill(options, 0));
  EXPECT_GT(shards_in(options.output), 0);
  EXPECT_LT(shards_in(options.output), shards_in(folder / "whole"));
  for (const int milliseconds : {3, 1, 0, 7}) build_and_kill(options, milliseconds);
  build_corpus(options);
  EXPECT_EQ(contents_of(options.output), contents_of(folder / "whole"));
}

// What a kill between two steps of sealing leaves: a shard that no record names, a torn temporary file, no manifest.
TEST(ContinuedBuildTest, LeftoversAreReplaced) {
  const TemporaryFolder folder;
  build_corpus(sharded_build(folder, "whole"));
  const BuildOptions options = sharded_build(folder, "out");
  int seen = 0;
  build_corpus(options, {.stop = [&] { return ++seen == 90; }});
  const std::size_t sealed = contents_of(options.output).size() - 1;
  ASSERT_GT(sealed, 1U);
  write_file(options.output + "/" + shard_file_name(sealed), "not yet in the record");
  write_file(temporary_name(options.output + "/" + shard_file_name(sealed)), "torn");
  write_file(temporary_name(options.output + "/build.json"), "{ torn");
  write_file(temporary_name(options.output + "/corpus.json"), "{ torn");
  build_corpus(options);
  EXPECT_EQ(contents_of(options.output), contents_of(folder / "whole"));
}

TEST(ContinuedBuildTest, ProblemsAreCountedOnce) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 60; ++i) text += i % 7 == 3 ? "bad \xFF\n\n" : "Some words make up this line.\n\n";
  write_file(folder / "a.txt", text);
  BuildOptions options = small_build(folder, folder / "a.txt");
  options.skip_errors = true;
  options.shard_tokens = 50;
  const ProblemCounts whole = build_corpus(options).problems;
  EXPECT_EQ(whole.of(ProblemKind::bad_utf8), 9);
  options.output = folder / "again";
  for (int round = 0; round < 3; ++round) {
    int seen = 0;
    build_corpus(options, {.stop = [&] { return ++seen == 17; }});
  }
  EXPECT_EQ(build_corpus(options).problems, whole);
  EXPECT_EQ(contents_of(options.output), contents_of(folder / "out"));
}

TEST(ContinuedBuildTest, OtherOptionsOrInputAreRefused) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "Some words make up this line.\n");
  const BuildOptions options = small_build(folder, folder / "a.txt");
  build_corpus(options);
  BuildOptions other = options;
  other.shard_tokens = 77;
  EXPECT_NE(error_of(other).find(
                "with another shard-tokens (67108864, now 77); use the same, give another --output, or delete"),
            std::string::npos);
  other = options;
  other.sentences = Splitting::line;
  EXPECT_NE(error_of(other).find("with another sentences (icu, now line)"), std::string::npos);
  other = options;
  other.workers = 7;
  EXPECT_EQ(error_of(other), "nothing thrown");
  write_file(folder / "b.txt", "More.\n");
  other.inputs.push_back(folder / "b.txt");
  EXPECT_NE(error_of(other).find("built from 1 input files, now there are 2"), std::string::npos);
  write_file(folder / "a.txt", "Other words make up this line now.\n");
  EXPECT_NE(error_of(options).find("has changed since the build"), std::string::npos);
}

TEST(ContinuedBuildTest, ADamagedFolderIsRefused) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "Some words make up this line.\n");
  const BuildOptions options = small_build(folder, folder / "a.txt");
  build_corpus(options);
  write_file(options.output + "/shard-00000.h5", "short");
  EXPECT_NE(error_of(options).find("shard-00000.h5' is missing or damaged; delete the folder"), std::string::npos);
  write_file(options.output + "/build.json", "{\"schema_version\": 1}");
  EXPECT_NE(error_of(options).find("build.json': field 'options' is missing"), std::string::npos);
  std::filesystem::remove(options.output + "/build.json");
  EXPECT_NE(error_of(options).find("which stays as it is"), std::string::npos);
}

TEST(ContinuedBuildTest, OneBuilderAtATime) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "Some words make up this line.\n");
  const BuildOptions options = small_build(folder, folder / "a.txt");
  const FolderLock lock(options.output, "the test");
  EXPECT_NE(error_of(options).find("is in use by another corpus build"), std::string::npos);
}

}  // namespace
}  // namespace prelude
