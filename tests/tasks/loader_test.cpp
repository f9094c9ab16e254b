#include "tasks/loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "core/error.h"

namespace prelude::test {
namespace {

// A task whose samples name themselves: label = index, lengths spread by a hash.
class CountingTask final : public PretextTask {
 public:
  Example training_sample(std::uint64_t seed, std::uint64_t index) const override {
    ++calls;
    if (index == failing) throw std::runtime_error("sample " + std::to_string(index));
    std::this_thread::sleep_for(std::chrono::microseconds((index * 7919) % 5 * 20));
    return sample(seed, index);
  }
  Example validation_sample(std::uint64_t index) const override { return sample(1'000'000, index); }
  std::uint64_t training_anchors() const override { return 1; }
  std::uint64_t validation_anchors() const override { return 1; }
  const std::vector<std::int32_t>& label_ids() const override { return labels; }

  static std::size_t source_length(std::uint64_t index) { return 1 + (index * 2'654'435'761ULL >> 7) % 13; }
  static Example sample(std::uint64_t seed, std::uint64_t index) {
    Example example;
    example.source.assign(source_length(index), static_cast<std::int32_t>(seed));
    example.label = static_cast<std::int32_t>(index);
    return example;
  }

  mutable std::atomic<int> calls{0};
  std::uint64_t failing = ~0ULL;
  std::vector<std::int32_t> labels;
};

std::vector<std::vector<std::int32_t>> labels_of(const std::vector<std::vector<Example>>& micro_batches) {
  std::vector<std::vector<std::int32_t>> labels;
  for (const auto& micro_batch : micro_batches) {
    labels.emplace_back();
    for (const Example& example : micro_batch) labels.back().push_back(example.label);
  }
  return labels;
}

// Four at once, and another micro-batch is no dearer than a padded position or two.
constexpr MicroBatchLimits limits_of_four{.examples = 4, .overhead = 2};

// By the definition: indices of the step, longest first, ties by index, cut where tests/tasks/micro_batch_cut_test.cpp
// has the cuts compared with all that there are.
std::vector<std::vector<std::int32_t>> expected_labels(std::uint64_t step, std::uint64_t batch) {
  std::vector<std::int64_t> lengths;
  std::vector<std::int32_t> sorted;
  for (std::size_t length = 20; length > 0; --length) {
    for (std::uint64_t index = step * batch; index < (step + 1) * batch; ++index) {
      if (CountingTask::source_length(index) != length) continue;
      lengths.push_back(static_cast<std::int64_t>(length));
      sorted.push_back(static_cast<std::int32_t>(index));
    }
  }
  std::vector<std::vector<std::int32_t>> labels;
  auto next = sorted.begin();
  for (const std::size_t size : cut_micro_batches(lengths, limits_of_four)) {
    labels.emplace_back(next, next + static_cast<std::ptrdiff_t>(size));
    next += static_cast<std::ptrdiff_t>(size);
  }
  return labels;
}

TEST(Loader, GivesTheSameStepsWhateverTheThreads) {
  const CountingTask task;
  for (const int threads : {1, 2, 5}) {
    for (const int prefetch : {1, 3, 8}) {
      Loader loader(
          task, {.seed = 3, .global_batch = 22, .limits = limits_of_four, .threads = threads, .prefetch = prefetch}, 5);
      for (std::uint64_t step = 5; step < 40; ++step) {
        ASSERT_EQ(loader.next_step(), step);
        const StepExamples examples = loader.next();
        ASSERT_EQ(examples.step, step);
        ASSERT_EQ(labels_of(examples.micro_batches), expected_labels(step, 22)) << threads << " threads, step " << step;
        ASSERT_EQ(examples.micro_batches.front().front().source.front(), 3);
      }
    }
  }
}

TEST(Loader, AResumedRunContinuesTheStream) {
  const CountingTask task;
  const LoaderOptions options{.seed = 1, .global_batch = 8, .limits = {.examples = 8}, .threads = 2};
  Loader first(task, options, 0);
  std::vector<StepExamples> steps;
  steps.reserve(10);
  for (int k = 0; k < 10; ++k) steps.push_back(first.next());
  for (std::uint64_t from = 0; from < 10; ++from) {
    Loader resumed(task, options, from);
    EXPECT_EQ(labels_of(resumed.next().micro_batches), labels_of(steps[from].micro_batches));
    EXPECT_EQ(labels_of(load_step(task, options, from).micro_batches), labels_of(steps[from].micro_batches));
  }
}

TEST(Loader, BuildsNoMoreThanItMayAhead) {
  const CountingTask task;
  Loader loader(task, {.global_batch = 10, .limits = {.examples = 10}, .threads = 3, .prefetch = 2}, 0);
  const auto settled = [&] {
    int before = -1;
    while (before != task.calls) {
      before = task.calls;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return before;
  };
  EXPECT_EQ(settled(), 20);
  (void)loader.next();
  EXPECT_EQ(settled(), 30);
}

TEST(Loader, AWorkersExceptionReachesTheCallerAtItsStep) {
  CountingTask task;
  task.failing = 25;
  Loader loader(task, {.global_batch = 10, .limits = {.examples = 10}, .threads = 2}, 0);
  (void)loader.next();
  (void)loader.next();
  try {
    (void)loader.next();
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "sample 25");
  }
}

TEST(Loader, StopsWhileItsWorkersAreBusy) {
  const CountingTask task;
  const auto start = std::chrono::steady_clock::now();
  for (int k = 0; k < 20; ++k)
    Loader(task, {.global_batch = 50, .limits = {.examples = 10}, .threads = 4, .prefetch = 100}, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Loader, ValidationBatchesAreFixed) {
  const CountingTask task;
  const auto batches = load_validation(task, 22, limits_of_four);
  EXPECT_EQ(labels_of(batches), expected_labels(0, 22));
  EXPECT_EQ(batches.front().front().source.front(), 1'000'000);
}

TEST(Loader, RefusesEmptyBatches) {
  const CountingTask task;
  EXPECT_THROW(Loader(task, {.global_batch = 0}, 0), UserError);
  EXPECT_THROW(Loader(task, {.limits = {.examples = 0}}, 0), UserError);
  EXPECT_THROW(Loader(task, {.threads = 0}, 0), UserError);
  EXPECT_THROW(Loader(task, {.prefetch = 0}, 0), UserError);
  EXPECT_THROW((void)load_validation(task, 0, {}), UserError);
}

// The ranks together load each sample of a step once, and none builds another's.
TEST(Loader, RanksShareSamplesByArithmetic) {
  for (const int ranks : {1, 2, 3, 4, 8, 23}) {
    std::vector<std::int32_t> all;
    for (int rank = 0; rank < ranks; ++rank) {
      const CountingTask task;
      LoaderOptions options{.seed = 3, .global_batch = 22, .limits = limits_of_four, .rank = rank, .ranks = ranks};
      const auto step = load_step(task, options, 5);
      int loaded = 0;
      for (const auto& micro_batch : labels_of(step.micro_batches)) {
        EXPECT_LE(micro_batch.size(), 4U);
        loaded += static_cast<int>(micro_batch.size());
        for (const auto label : micro_batch) EXPECT_EQ((label - 5 * 22) % ranks, rank);
        all.insert(all.end(), micro_batch.begin(), micro_batch.end());
      }
      EXPECT_EQ(task.calls, loaded);
      EXPECT_LE(loaded, (22 + ranks - 1) / ranks);
      EXPECT_LE(static_cast<std::int64_t>(step.micro_batches.size()), most_micro_batches(options));
    }
    std::sort(all.begin(), all.end());
    ASSERT_EQ(all.size(), 22U);
    for (std::int32_t k = 0; k < 22; ++k) EXPECT_EQ(all[static_cast<std::size_t>(k)], 5 * 22 + k);
  }
}

// Shared out by micro-batches, they are those that one rank would cut, dealt in turn.
TEST(Loader, RanksShareTheMicroBatchesOfOneRank) {
  const CountingTask task;
  const auto expected = expected_labels(5, 22);
  for (const int ranks : {1, 2, 4, 8}) {
    for (int rank = 0; rank < ranks; ++rank) {
      LoaderOptions options{.seed = 3, .global_batch = 22, .limits = limits_of_four};
      options.sharing = Sharing::micro_batches;
      options.rank = rank;
      options.ranks = ranks;
      const auto mine = labels_of(load_step(task, options, 5).micro_batches);
      std::vector<std::vector<std::int32_t>> share;
      for (std::size_t m = static_cast<std::size_t>(rank); m < expected.size(); m += static_cast<std::size_t>(ranks)) {
        share.push_back(expected[m]);
      }
      EXPECT_EQ(mine, share);
      EXPECT_LE(static_cast<std::int64_t>(mine.size()), most_micro_batches(options));
    }
  }
}

}  // namespace
}  // namespace prelude::test
