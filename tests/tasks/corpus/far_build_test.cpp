// Builds and verifications with workers elsewhere: the same bytes, the same first defect.
#include <gtest/gtest.h>

#include "tasks/corpus/make_documents.h"
#include "tasks/corpus/verify.h"
#include "tests/message_of.h"
#include "tests/tasks/corpus/build_fixture.h"
#include "tests/tasks/corpus/make_corpus.h"
#include "tests/tasks/corpus/thread_workers.h"

namespace prelude {
namespace {

using test::contents_of;
using test::kBooks;
using test::make_corpus;
using test::message_of;
using test::small_build;
using test::TemporaryFolder;
using test::ThreadWorkers;
using test::write_file;

BuildOptions books(const TemporaryFolder& folder, const std::string& output) {
  BuildOptions options = small_build(folder, kBooks);
  options.output = folder / output;
  options.shard_tokens = 100000;
  return options;
}

TEST(FarBuildTest, GivesTheSameBytes) {
  const TemporaryFolder folder;
  build_corpus(books(folder, "here"));
  for (const std::size_t slots : {1U, 5U}) {
    BuildOptions options = books(folder, "far" + std::to_string(slots));
    options.workers = 1;
    ThreadWorkers far(document_service(options), slots);
    const BuildResult result = build_corpus(options, {}, &far);
    EXPECT_EQ(result.end, BuildResult::End::complete);
    EXPECT_EQ(result.documents_read, 180);
    EXPECT_GT(far.jobs_done, 3U);
    EXPECT_EQ(contents_of(options.output), contents_of(folder / "here"));
  }
}

TEST(FarBuildTest, GoesOnWithFarWorkersOrWithout) {
  const TemporaryFolder folder;
  build_corpus(books(folder, "here"));
  const BuildOptions options = books(folder, "far");
  for (const int after : {40, 60, 30}) {
    int seen = 0;
    ThreadWorkers far(document_service(options));
    EXPECT_EQ(build_corpus(options, {.stop = [&] { return ++seen == after; }}, after == 60 ? nullptr : &far).end,
              BuildResult::End::stopped);
  }
  ThreadWorkers far(document_service(options));
  EXPECT_EQ(build_corpus(options, {}, &far).end, BuildResult::End::complete);
  EXPECT_EQ(contents_of(options.output), contents_of(folder / "here"));
}

TEST(FarBuildTest, ProblemsComeInTheOrderOfTheInput) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 30000; ++i) text += i % 7000 == 6999 ? "bad \xFF\n\n" : "Some words make up this line.\n\n";
  write_file(folder / "a.txt", text);
  BuildOptions options = small_build(folder, folder / "a.txt");
  ThreadWorkers far(document_service(options));
  EXPECT_NE(message_of([&] { build_corpus(options, {}, &far); }).find("a.txt:13999: byte 5"), std::string::npos);
  options.skip_errors = true;
  ThreadWorkers again(document_service(options));
  std::vector<std::string> left_out;
  const auto note = [&](const InputProblem& problem) { left_out.push_back(problem.message); };
  EXPECT_EQ(build_corpus(options, {.left_out = note}, &again).problems.of(ProblemKind::bad_utf8), 4);
  ASSERT_EQ(left_out.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NE(left_out[i].find("a.txt:" + std::to_string(14000 * (i + 1) - 1) + ": "), std::string::npos);
  }
}

TEST(FarBuildTest, WorkersOfOtherOptionsAreRefused) {
  const TemporaryFolder folder;
  const BuildOptions options = books(folder, "out");
  BuildOptions other = options;
  other.min_sentence_chars = 77;
  ThreadWorkers far(document_service(other));
  EXPECT_EQ(
      message_of([&] { build_corpus(options, {}, &far); }),
      "rank 1 on host far was started with another min-sentence-chars (77, here 0); start all ranks with the same "
      "command and the same files");
  other = options;
  other.tokenizer = folder / "none.model";
  EXPECT_NE(message_of([&] { document_service(other); }).find("none.model"), std::string::npos);
}

TEST(FarBuildTest, AnAnswerThatIsNoneIsAnError) {
  const TemporaryFolder folder;
  BuildOptions options = books(folder, "out");
  FarService service = document_service(options);
  service.make_worker = [] { return [](const std::string&) { return std::string("nonsense from afar"); }; };
  ThreadWorkers far(service);
  EXPECT_THROW(build_corpus(options, {}, &far), InternalError);
}

class FarVerifyTest : public testing::Test {
 protected:
  FarVerifyTest() {
    std::vector<test::Document> documents(40, {{1, 2, 3}, {4, 5}});
    make_corpus(folder_.path(), documents, {.shard_tokens = 1});
  }
  void damage(std::size_t shard) const {
    const std::string path = folder_ / shard_file_name(shard);
    std::string bytes = test::read_file(path);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    write_file(path, bytes);
  }
  Manifest verify() {
    ThreadWorkers far(verify_service(folder_.path(), "rank 1 on host far"));
    return verify_corpus(
        folder_.path(), [this](std::size_t done, std::size_t of) { seen_.emplace_back(done, of); }, &far);
  }

  TemporaryFolder folder_;
  std::vector<std::pair<std::size_t, std::size_t>> seen_;
};

TEST_F(FarVerifyTest, CountsEveryShardOnce) {
  EXPECT_EQ(sum_of(verify().shards).documents, 40);
  ASSERT_EQ(seen_.size(), 41U);
  for (std::size_t i = 0; i < seen_.size(); ++i) EXPECT_EQ(seen_[i], std::pair(i, std::size_t{40}));
}

TEST_F(FarVerifyTest, NamesTheFirstBadShardWhoeverFindsIt) {
  for (const std::size_t shard : {39U, 31U, 30U, 6U, 5U}) {
    damage(shard);
    const std::string message = message_of([&] { verify(); });
    EXPECT_NE(message.find(shard_file_name(shard) + "'"), std::string::npos) << message;
  }
}

TEST_F(FarVerifyTest, AnotherFolderIsRefused) {
  const TemporaryFolder other;
  make_corpus(other.path(), {{{1, 2}}});
  ThreadWorkers far(verify_service(other.path(), "rank 1 on host far"));
  EXPECT_NE(message_of([&] { verify_corpus(folder_.path(), {}, &far); }).find("rank 1 on host far sees another '"),
            std::string::npos);
}

}  // namespace
}  // namespace prelude
