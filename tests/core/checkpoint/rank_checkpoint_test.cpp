#include "core/checkpoint/rank_checkpoint.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/checkpoint/joined_state.h"
#include "core/checkpoint/rank_checkpoint_folder.h"
#include "core/error.h"
#include "tests/core/random_tensor.h"
#include "tests/io_faults/every_fault.h"
#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using testing::HasSubstr;

// Three parts: cut by rows, whole, cut by columns.
const std::vector<CutPart> whole_parts{{{8, 3}, 0}, {{5}, -1}, {{3, 4}, 1}};

std::vector<CutPart> parts_of(int tensor_size) {
  auto parts = whole_parts;
  for (CutPart& part : parts) {
    if (part.dimension >= 0) part.shape[static_cast<std::size_t>(part.dimension)] /= tensor_size;
  }
  return parts;
}

// What a tensor rank has of one number an element of the whole parts.
at::Tensor slice(const at::Tensor& whole, int tensor_rank, int tensor_size) {
  std::vector<at::Tensor> flats;
  std::int64_t offset = 0;
  for (const CutPart& part : whole_parts) {
    const std::int64_t size = c10::multiply_integers(part.shape);
    at::Tensor mine = whole.narrow(0, offset, size).view(part.shape);
    if (part.dimension >= 0) mine = mine.chunk(tensor_size, part.dimension)[static_cast<std::size_t>(tensor_rank)];
    flats.push_back(mine.reshape({-1}));
    offset += size;
  }
  return at::cat(flats);
}

at::Tensor numbers(std::uint64_t seed) { return test::random_tensor({8 * 3 + 5 + 3 * 4}, seed).to(at::kFloat); }

RankCheckpoint sample(const RankPlace& place) {
  const at::Tensor weights = slice(numbers(1), place.tensor_rank, place.tensor_size);
  const at::Tensor moments = slice(numbers(2), place.tensor_rank, place.tensor_size);
  const std::int64_t share = (weights.numel() + place.data_size - 1) / place.data_size;
  const std::int64_t begin = std::min(share * place.data_rank, weights.numel());
  const std::int64_t count = std::min(share, weights.numel() - begin);
  RankCheckpoint checkpoint;
  checkpoint.step = 12;
  checkpoint.seed = 3;
  checkpoint.place = place;
  checkpoint.elements = weights.numel();
  checkpoint.begin = begin;
  checkpoint.weights = weights.narrow(0, begin, count);
  checkpoint.optimizer = {{"exp_avg", moments.narrow(0, begin, count)}};
  checkpoint.optimizer_steps = 11;
  checkpoint.loop_state = "loop";
  checkpoint.configuration = "configuration";
  checkpoint.backbone_hash = "backbone";
  checkpoint.corpus_hash = "corpus";
  checkpoint.revision = "revision";
  return checkpoint;
}

class RankCheckpoints : public testing::Test {
 protected:
  // The checkpoint of `step` as one rank of one attempt leaves it.
  void write_step(std::int64_t step, const std::string& attempt) const {
    const std::string path = folder_ / rank_checkpoint_name(step);
    std::filesystem::create_directories(path);
    RankCheckpoint checkpoint = sample({});
    checkpoint.attempt = attempt;
    checkpoint.step = step;
    write_rank_checkpoint(path + "/" + rank_file_name({}), checkpoint);
    write_rank_manifest(path, {attempt, step, 1, 1});
  }
  std::vector<std::int64_t> steps() const {
    std::vector<std::int64_t> left;
    for (const auto& entry : list_rank_checkpoints(folder_.path())) left.push_back(entry.step);
    return left;
  }

  std::string write(int data_size, int tensor_size, const std::string& attempt = "") {
    const std::string path = folder_ / rank_checkpoint_name(12);
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
    for (int data = 0; data < data_size; ++data) {
      for (int tensor = 0; tensor < tensor_size; ++tensor) {
        const RankPlace place{data, data_size, tensor, tensor_size};
        RankCheckpoint checkpoint = sample(place);
        checkpoint.attempt = attempt;
        write_rank_checkpoint(path + "/" + rank_file_name(place), checkpoint);
      }
    }
    write_rank_manifest(path, {attempt, 12, data_size, tensor_size});
    return path;
  }

  test::TemporaryFolder folder_;
};

TEST_F(RankCheckpoints, AFileComesBackBitForBit) {
  const std::string path = write(2, 2);
  const RankPlace place{1, 2, 1, 2};
  const RankCheckpoint expected = sample(place);
  const RankCheckpoint got = read_rank_checkpoint(path + "/" + rank_file_name(place));
  EXPECT_TRUE(got.place == place);
  EXPECT_EQ(got.step, 12);
  EXPECT_EQ(got.seed, 3U);
  EXPECT_EQ(got.begin, expected.begin);
  EXPECT_EQ(got.elements, expected.elements);
  EXPECT_EQ(got.optimizer_steps, 11);
  EXPECT_TRUE(at::equal(got.weights, expected.weights));
  ASSERT_EQ(got.optimizer.size(), 1U);
  EXPECT_EQ(got.optimizer[0].name, "exp_avg");
  EXPECT_TRUE(at::equal(got.optimizer[0].value, expected.optimizer[0].value));
  EXPECT_EQ(got.loop_state + got.configuration + got.backbone_hash + got.corpus_hash + got.revision,
            "loopconfigurationbackbonecorpusrevision");
}

TEST_F(RankCheckpoints, AreJoinedAndCutForAnyNumberOfRanks) {
  for (const auto& [data, tensor] : std::vector<std::pair<int, int>>{{1, 1}, {4, 1}, {1, 2}, {2, 2}, {3, 4}, {64, 1}}) {
    const std::string path = write(data, tensor);
    for (const int now : {1, 2, 4}) {
      for (int rank = 0; rank < now; ++rank) {
        const JoinedState joined = read_joined_state(path, {0, 1, rank, now}, parts_of(now));
        EXPECT_TRUE(at::equal(joined.weights, slice(numbers(1), rank, now))) << data << " " << tensor << " " << now;
        ASSERT_EQ(joined.optimizer.size(), 1U);
        EXPECT_TRUE(at::equal(joined.optimizer[0].value, slice(numbers(2), rank, now)));
        EXPECT_EQ(joined.head.loop_state, "loop");
      }
    }
  }
}

TEST_F(RankCheckpoints, ABackboneOfAnotherShapeIsRefused) {
  const std::string path = write(1, 2);
  auto parts = parts_of(1);
  parts.pop_back();
  EXPECT_THAT(test::message_of([&] { read_joined_state(path, {0, 1, 0, 1}, parts); }), HasSubstr("another shape"));
}

TEST_F(RankCheckpoints, AMissingFileIsNamedAndTheOneBeforeIsKept) {
  const std::string path = write(2, 1);
  EXPECT_EQ(rank_checkpoint_problem(path), "");
  std::filesystem::remove(path + "/" + rank_file_name({1, 2, 0, 1}));
  EXPECT_THAT(rank_checkpoint_problem(path), HasSubstr("rank-00001-of-00002.h5"));
  std::filesystem::remove(path + "/manifest.json");
  EXPECT_THAT(rank_checkpoint_problem(path), HasSubstr("manifest"));
}

TEST_F(RankCheckpoints, AnyFlippedByteIsFound) {
  const std::string path = write(1, 1);
  const std::string file = path + "/" + rank_file_name({});
  const std::string whole = test::read_file(file);
  for (std::size_t i = 0; i < whole.size(); i += 1 + whole.size() / 150) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 4);
    test::write_file(file, changed);
    EXPECT_THROW(read_rank_checkpoint(file), UserError) << "byte " << i;
  }
}

TEST_F(RankCheckpoints, PruningKeepsTheNewestWholeOnesAndTheBest) {
  for (const std::int64_t step : {1, 2, 3, 5}) write_step(step, "a");
  for (const std::int64_t step : {4, 6}) {  // never finished; under way
    std::filesystem::create_directories(folder_ / rank_checkpoint_name(step));
  }
  KeptRankCheckpoints kept(folder_.path(), "a");
  kept.prune(2, 1);
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{1, 3, 5, 6}));
}

// A run resumes from 2, since 4 and 6 are damaged.
TEST_F(RankCheckpoints, PruningDoesNotCountWhatMayBeDamaged) {
  for (const std::int64_t step : {1, 2, 4, 6}) write_step(step, "before");
  KeptRankCheckpoints kept(folder_.path(), "now");
  kept.was_read(2);
  kept.prune(2, -1);
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{1, 2, 4, 6}));
  write_step(3, "now");
  kept.prune(2, -1);
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{2, 3, 4, 6}));
  write_step(4, "now");
  kept.prune(2, -1);
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{3, 4, 6}));
  write_step(8, "now");
  kept.prune(2, -1);
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{4, 6, 8}));
  write_step(10, "now");
  kept.prune(2, -1);
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{8, 10}));
  remove_rank_checkpoints(folder_.path());
  EXPECT_TRUE(steps().empty());
}

// A step that is written again meets the files of the attempt before it.
TEST_F(RankCheckpoints, FilesOfTwoAttemptsAreNeverMixed) {
  const std::string path = write(2, 1, "first");
  const RankPlace changed{1, 2, 0, 1};
  RankCheckpoint later = sample(changed);
  for (const std::string attempt : {"second", ""}) {
    later.attempt = attempt;
    write_rank_checkpoint(path + "/" + rank_file_name(changed), later);
    EXPECT_THAT(test::message_of([&] { read_joined_state(path, {}, parts_of(1)); }),
                testing::AllOf(HasSubstr(rank_file_name(changed)), HasSubstr("of another attempt")));
  }
  // The first rank has written its own file and the manifest again, the second has not yet.
  write(2, 1, "first");
  later = sample({0, 2, 0, 1});
  later.attempt = "second";
  write_rank_checkpoint(path + "/" + rank_file_name(later.place), later);
  write_rank_manifest(path, {"second", 12, 2, 1});
  EXPECT_EQ(rank_checkpoint_problem(path), "") << "by name it is finished";
  write_step(10, "second");
  KeptRankCheckpoints kept(folder_.path(), "second");
  kept.prune(1, -1);
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{10, 12})) << "the step before is the newest whole one";
  later = sample(changed);
  later.attempt = "second";
  write_rank_checkpoint(path + "/" + rank_file_name(changed), later);
  kept.prune(1, -1);
  EXPECT_EQ(steps(), (std::vector<std::int64_t>{12}));
  EXPECT_EQ(read_joined_state(path, {}, parts_of(1)).head.attempt, "second");
}

TEST_F(RankCheckpoints, EveryWriteThatFailsIsNoticed) {
  const std::string path = folder_ / rank_checkpoint_name(12);
  // HDF5 writes also where it has room left in its heap of attributes, which no reader needs: such a write may be lost.
  const auto right = [&] {
    const RankCheckpoint read = read_rank_file(path, read_rank_manifest(path), {});
    return read.attempt == "now" && read.seed == 3 && read.loop_state == "loop" && read.revision == "revision" &&
           at::equal(read.weights, numbers(1)) && at::equal(read.optimizer.at(0).value, numbers(2));
  };
  write_step(12, "before");
  test::expect_every_fault_noticed(
      folder_.path(), [&] { write_step(12, "before"); }, [&] { write_step(12, "now"); }, right);
}

TEST_F(RankCheckpoints, HostileManifestsAreRefusedInOneLine) {
  const std::string path = write(1, 1);
  for (const char* text : {"", "[]", "{}", R"({"schema_version": 9})", R"({"schema_version": 1, "step": -1})",
                           R"({"schema_version": 1, "step": 1, "data_parallel": 0, "tensor_parallel": 1})",
                           R"({"schema_version": 1, "step": 1, "data_parallel": 1e18, "tensor_parallel": 1})"}) {
    test::write_file(path + "/manifest.json", text);
    const std::string problem = rank_checkpoint_problem(path);
    EXPECT_THAT(problem, HasSubstr("manifest.json")) << text;
    EXPECT_EQ(problem.find('\n'), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace prelude
