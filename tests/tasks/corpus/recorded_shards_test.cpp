#include "tasks/corpus/recorded_shards.h"

#include <chrono>

#include "core/io/h5.h"
#include "tests/message_of.h"
#include "tests/tasks/corpus/build_fixture.h"

namespace prelude::test {
namespace {

namespace fs = std::filesystem;

std::string shard_of(const std::string& corpus) { return corpus + "/shard-00000.h5"; }

// A token's: HDF5 has checksums of its own elsewhere.
void flip_a_byte(const std::string& path) {
  std::string bytes = read_file(path);
  const auto token = static_cast<std::size_t>(h5::File::open(path).describe("/tokens").offset);
  bytes[token] = static_cast<char>(bytes[token] ^ 1);
  write_file(path, bytes);
}

class RecordedShards : public testing::Test {
 protected:
  RecordedShards() {
    write_file(folder_ / "a.txt", "Some words make up this line.\n");
    build_corpus(small_build(folder_, folder_ / "a.txt"));
  }
  std::vector<std::string> check(std::int64_t most_read) const {
    const Corpus corpus = Corpus::open(corpus_);
    return check_recorded_shards(corpus_, "corpus.json", corpus.manifest().shards, "build it again", most_read);
  }

  TemporaryFolder folder_;
  std::string corpus_ = folder_ / "out";
};

TEST_F(RecordedShards, AChangedByteOfASmallCorpusIsSeen) {
  EXPECT_TRUE(check(quickly_read).empty());
  flip_a_byte(shard_of(corpus_));
  EXPECT_EQ(message_of([&] { check_recorded_shards(Corpus::open(corpus_)); }),
            "'" + shard_of(corpus_) + "' is missing or damaged; build the corpus again");
}

TEST_F(RecordedShards, OfALargeOneTimeAndSizeAreLookedAt) {
  EXPECT_TRUE(check(/*most_read=*/0).empty());
  flip_a_byte(shard_of(corpus_));
  fs::last_write_time(shard_of(corpus_), fs::last_write_time(corpus_ + "/corpus.json") + std::chrono::seconds(2));
  const auto warnings = check(/*most_read=*/0);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("is newer than corpus.json; `prelude corpus verify"), std::string::npos) << warnings[0];
}

TEST_F(RecordedShards, ABuildDoesNotContinueOnChangedOnes) {
  flip_a_byte(shard_of(corpus_));
  EXPECT_NE(message_of([&] { build_corpus(small_build(folder_, folder_ / "a.txt")); }).find("missing or damaged"),
            std::string::npos);
}

}  // namespace
}  // namespace prelude::test
