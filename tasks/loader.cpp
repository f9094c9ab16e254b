#include "tasks/loader.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <iterator>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "core/error.h"

namespace prelude {
namespace {

std::vector<std::int64_t> source_lengths(const std::vector<Example>& examples) {
  std::vector<std::int64_t> lengths;
  lengths.reserve(examples.size());
  for (const Example& example : examples) lengths.push_back(static_cast<std::int64_t>(example.source.size()));
  return lengths;
}

void check(std::int64_t global_batch, const MicroBatchLimits& limits) {
  require(global_batch > 0, "--global-batch {}: give 1 or more", global_batch);
  require(limits.examples > 0, "--micro-batch {}: give 1 or more", limits.examples);
  require(limits.positions > 0, "--micro-tokens {}: give 1 or more, or auto", limits.positions);
}

}  // namespace

std::vector<std::vector<Example>> cut_by_length(std::vector<Example> examples, const MicroBatchLimits& limits) {
  std::stable_sort(examples.begin(), examples.end(),
                   [](const Example& a, const Example& b) { return a.source.size() > b.source.size(); });
  std::vector<std::vector<Example>> micro_batches;
  auto next = std::make_move_iterator(examples.begin());
  for (const std::size_t size : cut_micro_batches(source_lengths(examples), limits)) {
    const auto end = next + static_cast<std::ptrdiff_t>(size);
    micro_batches.emplace_back(next, end);
    next = end;
  }
  return micro_batches;
}

StepExamples load_step(const PretextTask& task, const LoaderOptions& options, std::uint64_t step) {
  check(options.global_batch, options.limits);
  const auto count = static_cast<std::uint64_t>(options.global_batch);
  const auto rank = static_cast<std::uint64_t>(options.rank);
  const auto ranks = static_cast<std::uint64_t>(options.ranks);
  const bool by_sample = options.sharing == Sharing::samples;
  std::vector<Example> examples;
  for (std::uint64_t k = by_sample ? rank : 0; k < count; k += by_sample ? ranks : 1) {
    examples.push_back(task.training_sample(options.seed, step * count + k));
    examples.back().sample = static_cast<std::int64_t>(step * count + k);
  }
  auto micro_batches = cut_by_length(std::move(examples), options.limits);
  StepExamples mine{step, {}, {}};
  for (const auto& micro_batch : micro_batches) {
    mine.positions.add(source_lengths(micro_batch), options.limits.prompt_rows);
  }
  if (by_sample) {
    mine.micro_batches = std::move(micro_batches);
    return mine;
  }
  for (std::uint64_t m = rank; m < micro_batches.size(); m += ranks) {
    mine.micro_batches.push_back(std::move(micro_batches[m]));
  }
  return mine;
}

std::int64_t most_micro_batches(const LoaderOptions& options) {
  const auto shared = [&](std::int64_t count) { return (count + options.ranks - 1) / options.ranks; };
  const auto most = [&](std::int64_t count) {
    return most_micro_batches(count, options.longest_source, options.limits);
  };
  const bool by_sample = options.sharing == Sharing::samples;
  return by_sample ? most(shared(options.global_batch)) : shared(most(options.global_batch));
}

std::vector<std::vector<Example>> load_validation(const PretextTask& task, std::int64_t count,
                                                  const MicroBatchLimits& limits) {
  check(count, limits);
  std::vector<Example> examples;
  for (std::int64_t k = 0; k < count; ++k) {
    examples.push_back(task.validation_sample(static_cast<std::uint64_t>(k)));
    examples.back().sample = k;
  }
  return cut_by_length(std::move(examples), limits);
}

struct Loader::Parts {
  // A finished step, or why there is none.
  struct Result {
    StepExamples examples;
    std::exception_ptr error;
  };

  const PretextTask& task;
  LoaderOptions options;
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t next_step;   // the caller's
  std::uint64_t next_claim;  // the workers'
  std::map<std::uint64_t, Result> finished;
  bool stopping = false;
  std::vector<std::thread> workers;

  Parts(const PretextTask& the_task, const LoaderOptions& the_options, std::uint64_t step)
      : task(the_task), options(the_options), next_step(step), next_claim(step) {}

  bool may_claim() const { return next_claim < next_step + static_cast<std::uint64_t>(options.prefetch); }

  Result build(std::uint64_t step) const {
    try {
      return {load_step(task, options, step), nullptr};
    } catch (...) {
      return {{}, std::current_exception()};
    }
  }

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return stopping || may_claim(); });
      if (stopping) return;
      const std::uint64_t step = next_claim++;
      lock.unlock();
      Result result = build(step);
      lock.lock();
      finished.emplace(step, std::move(result));
      changed.notify_all();
    }
  }

  void stop() noexcept {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    changed.notify_all();
    for (std::thread& worker : workers) worker.join();
  }
};

Loader::Loader(const PretextTask& task, const LoaderOptions& options, std::uint64_t next_step)
    : parts_(std::make_unique<Parts>(task, options, next_step)) {
  check(options.global_batch, options.limits);
  require(options.threads > 0, "the loader needs 1 or more threads, not {}", options.threads);
  require(options.prefetch > 0, "the loader needs to prefetch 1 or more steps, not {}", options.prefetch);
  try {
    for (int k = 0; k < options.threads; ++k) parts_->workers.emplace_back([parts = parts_.get()] { parts->work(); });
  } catch (...) {
    parts_->stop();
    throw;
  }
}

Loader::~Loader() { parts_->stop(); }

StepExamples Loader::next() {
  std::unique_lock lock(parts_->mutex);
  const std::uint64_t step = parts_->next_step;
  parts_->changed.wait(lock, [&] { return parts_->finished.contains(step); });
  Parts::Result result = std::move(parts_->finished.extract(step).mapped());
  ++parts_->next_step;
  parts_->changed.notify_all();
  if (result.error) std::rethrow_exception(result.error);
  return std::move(result.examples);
}

std::uint64_t Loader::next_step() const {
  const std::lock_guard lock(parts_->mutex);
  return parts_->next_step;
}

}  // namespace prelude
