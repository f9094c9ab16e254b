#include "core/checkpoint/checkpoint_folder.h"

#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "tests/core/checkpoint/checkpoint_fixture.h"

namespace prelude {
namespace {

class CheckpointFolder : public CheckpointFixture {
 protected:
  void write(std::int64_t step) const { write_checkpoint(path(checkpoint_name(step)), sample(step)); }
  std::vector<std::int64_t> steps() const {
    std::vector<std::int64_t> result;
    for (const CheckpointEntry& entry : list_checkpoints(root())) result.push_back(entry.step);
    return result;
  }
  void damage(std::int64_t step) const {
    std::string bytes = test::read_file(path(checkpoint_name(step)));
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
    test::write_file(path(checkpoint_name(step)), bytes);
  }
};

TEST_F(CheckpointFolder, NamesAreThoseOfTheContract) {
  EXPECT_EQ(checkpoint_name(1000), "step-00001000.h5");
  EXPECT_EQ(checkpoint_name(123456789), "step-123456789.h5");
}

TEST_F(CheckpointFolder, ListsByStepAndIgnoresOtherFiles) {
  for (const auto* name :
       {"step-.h5", "step-12x.h5", ".step-00000007.h5.prelude-new", "notes.txt", "step--0000003.h5"}) {
    test::write_file(path(name), "x");
  }
  EXPECT_TRUE(steps().empty());
  for (const std::int64_t step : {200, 9, 100000000}) test::write_file(path(checkpoint_name(step)), "x");
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{9, 200, 100000000}));
  EXPECT_TRUE(list_checkpoints(path("nowhere")).empty());
}

TEST_F(CheckpointFolder, TheNewestReadableOneIsUsedAndDamagedOnesAreNamed) {
  EXPECT_FALSE(newest_readable_checkpoint(root()).checkpoint.has_value());
  for (const std::int64_t step : {100, 200, 300, 400}) write(step);
  damage(400);
  test::write_file(path(checkpoint_name(300)), "");
  const NewestCheckpoint newest = newest_readable_checkpoint(root());
  ASSERT_TRUE(newest.checkpoint.has_value());
  expect_equal(*newest.checkpoint, sample(200));
  EXPECT_EQ(newest.path, path(checkpoint_name(200)));
  ASSERT_EQ(newest.skipped.size(), 2U);
  EXPECT_NE(newest.skipped[0].find("step-00000400.h5' is damaged"), std::string::npos);
  EXPECT_NE(newest.skipped[1].find("step-00000300.h5"), std::string::npos);
  damage(200);
  damage(100);
  EXPECT_FALSE(newest_readable_checkpoint(root()).checkpoint.has_value());
  EXPECT_EQ(newest_readable_checkpoint(root()).skipped.size(), 4U);
}

TEST_F(CheckpointFolder, PruningKeepsTheNewestAndTheBest) {
  for (const std::int64_t step : {1, 2, 3, 4, 5, 6}) test::write_file(path(checkpoint_name(step)), "x");
  test::write_file(path(".step-00000009.h5.prelude-new"), "left by a killed writer");
  test::write_file(path("notes.txt"), "the user's");
  const std::set<std::int64_t> all{1, 2, 3, 4, 5, 6};
  prune_checkpoints(root(), all, 2, 3);
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{3, 5, 6}));
  EXPECT_FALSE(std::filesystem::exists(path(".step-00000009.h5.prelude-new")));
  EXPECT_TRUE(std::filesystem::exists(path("notes.txt")));
  prune_checkpoints(root(), all, 2, -1);
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{5, 6}));
  prune_checkpoints(root(), all, 5, 6);
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{5, 6}));
}

// A run resumes from 4, since 6 is damaged, and saves 5: 6 must not stand for the one that is kept.
TEST_F(CheckpointFolder, PruningDoesNotCountWhatMayBeDamaged) {
  for (const std::int64_t step : {2, 4, 6}) write(step);
  damage(6);
  std::set<std::int64_t> whole{newest_readable_checkpoint(root()).checkpoint->step};
  EXPECT_EQ(whole, (std::set<std::int64_t>{4}));
  write(5);
  whole.insert(5);
  prune_checkpoints(root(), whole, 2, -1);
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{4, 5, 6}));
  prune_checkpoints(root(), whole, 1, -1);
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{5, 6}));
  EXPECT_EQ(newest_readable_checkpoint(root()).checkpoint->step, 5);
  write(7);
  whole.insert(7);
  prune_checkpoints(root(), whole, 1, -1);
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{7}));
}

TEST_F(CheckpointFolder, AllAreRemovedAndNothingElse) {
  for (const std::int64_t step : {1, 2}) write(step);
  test::write_file(path("notes.txt"), "the user's");
  remove_checkpoints(root());
  EXPECT_TRUE(steps().empty());
  EXPECT_TRUE(std::filesystem::exists(path("notes.txt")));
}

// A writer that is killed at any moment leaves a newest checkpoint that reads, and never an older one than it had
// reported as written.
TEST_F(CheckpointFolder, KillingTheWriterNeverLosesACheckpoint) {
  constexpr int rounds = 25;
  for (int round = 0; round < rounds; ++round) {
    int reports[2];
    ASSERT_EQ(::pipe(reports), 0);
    const pid_t writer = ::fork();
    ASSERT_GE(writer, 0);
    if (writer == 0) {
      std::set<std::int64_t> whole;
      for (std::int64_t step = 1;; ++step) {
        write(step);
        if (::write(reports[1], &step, sizeof step) != sizeof step) ::_exit(1);
        whole.insert(step);
        prune_checkpoints(root(), whole, 2, -1);
      }
    }
    ::close(reports[1]);
    std::int64_t written = 0;
    ASSERT_EQ(::read(reports[0], &written, sizeof written), static_cast<ssize_t>(sizeof written));
    std::this_thread::sleep_for(std::chrono::microseconds(700 * round));
    ::kill(writer, SIGKILL);
    ::waitpid(writer, nullptr, 0);
    for (std::int64_t step = 0; ::read(reports[0], &step, sizeof step) == sizeof step;) written = step;
    ::close(reports[0]);

    const NewestCheckpoint newest = newest_readable_checkpoint(root());
    ASSERT_TRUE(newest.checkpoint.has_value());
    EXPECT_TRUE(newest.skipped.empty()) << newest.skipped[0];
    EXPECT_GE(newest.checkpoint->step, written);
    expect_equal(*newest.checkpoint, sample(newest.checkpoint->step));
    for (const CheckpointEntry& entry : list_checkpoints(root())) std::filesystem::remove(entry.path);
  }
}

}  // namespace
}  // namespace prelude
