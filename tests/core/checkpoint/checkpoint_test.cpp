#include "core/checkpoint/checkpoint.h"

#include <sys/resource.h>

#include <csignal>
#include <limits>

#include "core/io/atomic_file.h"
#include "core/io/checksum.h"
#include "core/io/h5_writer.h"
#include "tests/core/checkpoint/checkpoint_fixture.h"
#include "tests/io_faults/every_fault.h"

namespace prelude {
namespace {

using CheckpointFile = CheckpointFixture;

TEST_F(CheckpointFile, ComesBackBitForBit) {
  Checkpoint checkpoint = sample(1000);
  checkpoint.delta[1].value[0] = std::numeric_limits<float>::denorm_min();
  checkpoint.delta[1].value[1] = -0.0F;
  write_checkpoint(path("a.h5"), checkpoint);
  expect_equal(read_checkpoint(path("a.h5")), checkpoint);
  EXPECT_FALSE(std::filesystem::exists(temporary_name(path("a.h5"))));
}

TEST_F(CheckpointFile, TheSameStateGivesTheSameBytes) {
  write_checkpoint(path("a.h5"), sample(7));
  write_checkpoint(path("b.h5"), sample(7));
  EXPECT_EQ(test::read_file(path("a.h5")), test::read_file(path("b.h5")));
}

TEST_F(CheckpointFile, HoldsFiniteNumbersAlone) {
  for (const float number : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    Checkpoint checkpoint = sample(1000);
    checkpoint.delta[1].value = checkpoint.delta[1].value.clone();
    checkpoint.delta[1].value[1] = number;
    write_checkpoint(path("a.h5"), checkpoint);
    const std::string said = refusal(path("a.h5"));
    EXPECT_NE(said.find(checkpoint.delta[1].name + " holds "), std::string::npos) << said;
    checkpoint = sample(1000);
    checkpoint.exp_avg_sq = checkpoint.exp_avg_sq.clone();
    checkpoint.exp_avg_sq[2] = number;
    write_checkpoint(path("a.h5"), checkpoint);
    EXPECT_NE(refusal(path("a.h5")).find("exp_avg_sq holds "), std::string::npos) << refusal(path("a.h5"));
    EXPECT_NE(refusal(path("a.h5")).find("the first at [2]"), std::string::npos) << refusal(path("a.h5"));
  }
}

TEST_F(CheckpointFile, AnyCutIsFound) {
  write_checkpoint(path("a.h5"), sample(7));
  const std::string whole = test::read_file(path("a.h5"));
  for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 97) {
    test::write_file(path("cut.h5"), whole.substr(0, size));
    EXPECT_NE(refusal(path("cut.h5")), "") << size;
  }
  test::write_file(path("cut.h5"), whole.substr(0, whole.size() - 1));
  EXPECT_NE(refusal(path("cut.h5")), "");
  test::write_file(path("cut.h5"), whole + "x");
  EXPECT_NE(refusal(path("cut.h5")), "");
}

TEST_F(CheckpointFile, AnyFlippedBitIsFound) {
  write_checkpoint(path("a.h5"), sample(7));
  const std::string whole = test::read_file(path("a.h5"));
  int flips = 0;
  for (std::size_t i = 0; i < whole.size(); i += 1 + whole.size() / 300) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 8)));
    test::write_file(path("flip.h5"), changed);
    EXPECT_NE(refusal(path("flip.h5")), "") << "byte " << i;
    ++flips;
  }
  for (std::size_t i = whole.size() - 46; i < whole.size(); ++i) {  // the checksum itself
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    test::write_file(path("flip.h5"), changed);
    EXPECT_NE(refusal(path("flip.h5")), "") << "byte " << i;
  }
  EXPECT_GT(flips, 200);
}

TEST_F(CheckpointFile, ATornPageIsFound) {
  write_checkpoint(path("a.h5"), sample(7, 5000));
  const std::string whole = test::read_file(path("a.h5"));
  for (std::size_t page = 0; page + 4096 < whole.size(); page += std::size_t{3} * 4096) {
    std::string changed = whole;
    changed.replace(page, 4096, std::string(4096, '\0'));
    if (changed == whole) continue;
    test::write_file(path("torn.h5"), changed);
    EXPECT_NE(refusal(path("torn.h5")), "") << "page at " << page;
  }
}

// A file that is whole, but not ours or not of this version: the checksum is right and the content is looked at.
class CheckpointContent : public CheckpointFixture {
 protected:
  void seal(const std::string& name) const {
    const std::string bytes = test::read_file(name);
    test::write_file(name, bytes + "\nprelude-xxh3 " + xxh3_128(bytes.data(), bytes.size()));
  }
};

TEST_F(CheckpointContent, AnotherSchemaVersionIsNamed) {
  {
    h5::Writer file(path("a.h5"));
    file.write_attribute("format", std::string("prelude checkpoint"));
    file.write_attribute("schema_version", std::int64_t{99});
    file.finish();
    file.commit();
  }
  seal(path("a.h5"));
  EXPECT_NE(refusal(path("a.h5")).find("checkpoint schema 99; this program reads 1"), std::string::npos);
}

TEST_F(CheckpointContent, AMissingFieldIsNamed) {
  {
    h5::Writer file(path("a.h5"));
    file.write_attribute("format", std::string("prelude checkpoint"));
    file.write_attribute("schema_version", std::int64_t{1});
    file.write_attribute("step", std::int64_t{1});
    file.finish();
    file.commit();
  }
  seal(path("a.h5"));
  EXPECT_NE(refusal(path("a.h5")).find("seed"), std::string::npos) << refusal(path("a.h5"));
}

TEST_F(CheckpointContent, AnotherHdf5FileIsNamed) {
  {
    h5::Writer file(path("a.h5"));
    file.write("/tokens", std::vector<std::int64_t>{1, 2});
    file.finish();
    file.commit();
  }
  EXPECT_NE(refusal(path("a.h5")).find("is no checkpoint"), std::string::npos);
  seal(path("a.h5"));
  EXPECT_NE(refusal(path("a.h5")).find("is no checkpoint"), std::string::npos);
}

TEST_F(CheckpointContent, AnOptimiserOfAnotherSizeIsNamed) {
  Checkpoint checkpoint = sample(3);
  checkpoint.exp_avg = at::zeros({4});
  write_checkpoint(path("a.h5"), checkpoint);
  EXPECT_NE(refusal(path("a.h5")).find("4 elements, the delta 23"), std::string::npos);
}

TEST_F(CheckpointFile, WhatCannotBeWrittenLeavesTheOldFile) {
  EXPECT_THROW(write_checkpoint("/proc/no/such/a.h5", sample(1)), UserError);
  test::write_file(path("file"), "x");
  EXPECT_THROW(write_checkpoint(path("file/a.h5"), sample(1)), UserError);
}

TEST_F(CheckpointFile, EveryWriteThatFailsIsNoticed) {
  test::expect_every_fault_noticed(
      root(), [&] { test::write_file(path("a.h5"), "old"); }, [&] { write_checkpoint(path("a.h5"), sample(3, 3000)); });
}

// A full disk, as the system says it for a file-size limit: the write fails in the middle.
TEST_F(CheckpointFile, AFullDiskLeavesTheOldFileAndNoTemporaryOne) {
  write_checkpoint(path("a.h5"), sample(1, 5000));
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  for (const rlim_t limit : {rlim_t{0}, rlim_t{1000}, rlim_t{100000}, rlim_t{200000}}) {
    const rlimit small{limit, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    EXPECT_THROW(write_checkpoint(path("a.h5"), sample(2, 5000)), UserError) << limit;
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_FALSE(std::filesystem::exists(temporary_name(path("a.h5")))) << limit;
    expect_equal(read_checkpoint(path("a.h5")), sample(1, 5000));
  }
  std::signal(SIGXFSZ, old_handler);
  write_checkpoint(path("a.h5"), sample(2, 5000));
  expect_equal(read_checkpoint(path("a.h5")), sample(2, 5000));
}

}  // namespace
}  // namespace prelude
