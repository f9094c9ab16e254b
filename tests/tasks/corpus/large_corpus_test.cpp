// A corpus of 100 GB takes no more of a rank's own memory than one of 1 GB: opened, sampled, verified. Its shards are
// one file of 40 MB under many names.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "core/text/tokenizer.h"
#include "tasks/corpus/byte_fields.h"
#include "tasks/corpus/shard_writer.h"
#include "tasks/corpus/verify.h"
#include "tasks/pretext/make_pretext_task.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using test::TemporaryFolder;

const std::string kModel = PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model";
constexpr std::int64_t kSentenceTokens = 20;
constexpr std::int64_t kDocumentSentences = 40;
constexpr std::int64_t kShardTokens = std::int64_t{16} << 20;  // a quarter of what `corpus build` makes: more shards
constexpr std::size_t kSmall = 30;
constexpr std::size_t kLarge = 2981;
constexpr std::int64_t kSamples = 3000;

// In KiB, of this process; "RssAnon": its own memory, without pages of files, which the system takes back at need.
std::int64_t kibibytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != field + ":") continue;
    std::int64_t value = 0;
    status >> value;
    return value;
  }
  return -1;
}

struct Use {
  std::int64_t token_bytes = 0;
  std::int64_t documents = 0;
  std::int64_t before = 0;  // KiB of own memory at the start
  std::int64_t most = 0;    // and the most there was
  std::int64_t mapped = 0;  // KiB of addresses
  std::int64_t samples = 0;
  void look() { most = std::max(most, kibibytes("RssAnon")); }
};

// Runs `action` in a process of its own, so that what others took is not counted; what it leaves in `use` comes back.
template <typename Action>
Use in_a_process(const Action& action) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
  const pid_t child = fork();
  if (child == 0) {
    Use use;
    use.before = kibibytes("RssAnon");
    try {
      action(use);
    } catch (const std::exception& error) {
      std::fputs(error.what(), stderr);
      _exit(1);
    }
    _exit(write(ends[1], &use, sizeof use) == sizeof use ? 0 : 1);
  }
  close(ends[1]);
  Use use;
  const bool whole = read(ends[0], &use, sizeof use) == sizeof use;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!whole || status != 0) throw std::runtime_error("the measuring process failed");
  return use;
}

Manifest make_first_shard(const std::string& folder) {
  const Tokenizer tokenizer = Tokenizer::load(kModel);
  Manifest manifest;
  manifest.tokenizer_sha256 = tokenizer.sha256();
  manifest.vocabulary_size = tokenizer.size();
  manifest.sentences = "line";
  manifest.shard_tokens = kShardTokens;
  TokenDocument document;
  document.tokens.resize(static_cast<std::size_t>(kSentenceTokens * kDocumentSentences));
  document.sentence_sizes.assign(static_cast<std::size_t>(kDocumentSentences), kSentenceTokens);
  ShardWriter writer(manifest.vocabulary_size, false);
  std::uint32_t state = 1;
  while (writer.tokens() < kShardTokens) {
    for (auto& token : document.tokens) {
      state = state * 1664525U + 1013904223U;
      token = static_cast<std::int32_t>((state >> 8) % static_cast<std::uint32_t>(manifest.vocabulary_size));
    }
    writer.add_document(document);
  }
  manifest.shards.push_back(writer.seal(folder, 0));
  return manifest;
}

void make_large_corpus(const std::string& folder, const std::string& shard, Manifest manifest, std::size_t shards) {
  std::filesystem::create_directory(folder);
  manifest.shards.resize(shards, manifest.shards[0]);
  for (std::size_t i = 0; i < shards; ++i) {
    manifest.shards[i].file = shard_file_name(i);
    std::filesystem::create_hard_link(shard, folder + "/" + manifest.shards[i].file);
  }
  write_manifest(folder + "/corpus.json", manifest);
}

void open_and_sample(const std::string& folder, Use& use) {
  const Corpus corpus = Corpus::open(folder);
  use.look();
  const Tokenizer tokenizer = Tokenizer::load(kModel);
  const auto task = make_pretext_task("nsp", corpus, tokenizer, {});
  for (std::uint64_t i = 0; i < kSamples; ++i) {
    const Example example = task->training_sample(7, i * 1000003);
    if (!example.source.empty() && !task->validation_sample(i).target.empty()) ++use.samples;
    if (i % 100 == 0) use.look();
  }
  use.look();
  use.mapped = kibibytes("VmSize");
  use.token_bytes = corpus.tokens() * std::int64_t{sizeof(std::uint16_t)};
  use.documents = corpus.documents();
}

// The first, the middle and the last shard: a rank's part, as it gets it from rank 0.
void verify_some(const std::string& folder, Use& use) {
  const FarService service = verify_service(folder, "this test");
  const auto worker = service.make_worker();
  const std::vector<ShardEntry> entries = read_manifest(folder + "/corpus.json").shards;
  const std::uint64_t shards = entries.size();
  use.token_bytes = sum_of(entries).tokens * std::int64_t{sizeof(std::uint16_t)};
  use.documents = sum_of(entries).documents;
  for (const std::uint64_t shard : {std::uint64_t{0}, shards / 2, shards - 1}) {
    ByteWriter request;
    request.put(shard);
    if (worker(request.take()).empty()) ++use.samples;
    use.look();
  }
}

class LargeCorpusTest : public testing::Test {
 protected:
  LargeCorpusTest() {
    in_a_process([this](Use&) {
      const Manifest one = make_first_shard(folder_.path());
      const std::string shard = folder_ / one.shards[0].file;
      make_large_corpus(folder_ / "1GB", shard, one, kSmall);
      make_large_corpus(folder_ / "100GB", shard, one, kLarge);
    });
  }
  Use measure(const std::string& name, void (*action)(const std::string&, Use&)) {
    const Use use = in_a_process([&](Use& there) { action(folder_ / name, there); });
    std::printf("%s: %.1f GB of tokens, %lld documents; own memory %lld KiB, %lld before; %lld KiB mapped\n",
                name.c_str(), static_cast<double>(use.token_bytes) / 1e9, static_cast<long long>(use.documents),
                static_cast<long long>(use.most), static_cast<long long>(use.before),
                static_cast<long long>(use.mapped));
    return use;
  }
  static void expect_same_memory(const Use& small, const Use& large) {
    EXPECT_GT(small.most, 0);
    EXPECT_GE(large.token_bytes, 100'000'000'000);
    EXPECT_LT(large.most - large.before, 64 << 10);  // KiB
    EXPECT_LT(large.most - small.most, 8 << 10);     // the shards' names and sizes, not what is in them
  }

  TemporaryFolder folder_;
};

TEST_F(LargeCorpusTest, OpeningAndSamplingTakeTheSameMemory) {
  const Use small = measure("1GB", open_and_sample);
  const Use large = measure("100GB", open_and_sample);
  EXPECT_GE(large.mapped, 100'000'000'000 / 1024);
  EXPECT_EQ(small.samples, kSamples);
  EXPECT_EQ(large.samples, kSamples);
  expect_same_memory(small, large);
}

TEST_F(LargeCorpusTest, VerifyingAShardTakesTheSameMemory) {
  const Use small = measure("1GB", verify_some);
  const Use large = measure("100GB", verify_some);
  EXPECT_EQ(large.samples, 3);
  expect_same_memory(small, large);
}

TEST_F(LargeCorpusTest, LiesOnLittleDisk) {
  struct stat status {};
  ASSERT_EQ(stat((folder_ / "100GB" + "/" + shard_file_name(kLarge - 1)).c_str(), &status), 0);
  EXPECT_EQ(status.st_nlink, kSmall + kLarge + 1);
  EXPECT_LT(status.st_size, 50'000'000);
}

}  // namespace
}  // namespace prelude
