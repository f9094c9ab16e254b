#include "tasks/loader.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "core/error.h"

namespace prelude {
namespace {

std::vector<std::vector<Example>> cut(std::vector<Example> examples, std::int64_t micro_batch) {
  std::stable_sort(examples.begin(), examples.end(),
                   [](const Example& a, const Example& b) { return a.source.size() > b.source.size(); });
  std::vector<std::vector<Example>> micro_batches;
  for (Example& example : examples) {
    if (micro_batches.empty() || static_cast<std::int64_t>(micro_batches.back().size()) == micro_batch) {
      micro_batches.emplace_back();
    }
    micro_batches.back().push_back(std::move(example));
  }
  return micro_batches;
}

void check(std::int64_t global_batch, std::int64_t micro_batch) {
  require(global_batch > 0, "--global-batch {}: give 1 or more", global_batch);
  require(micro_batch > 0, "--micro-batch {}: give 1 or more", micro_batch);
}

}  // namespace

StepExamples load_step(const PretextTask& task, const LoaderOptions& options, std::uint64_t step) {
  check(options.global_batch, options.micro_batch);
  const auto count = static_cast<std::uint64_t>(options.global_batch);
  const auto rank = static_cast<std::uint64_t>(options.rank);
  const auto ranks = static_cast<std::uint64_t>(options.ranks);
  const bool by_sample = options.sharing == Sharing::samples;
  std::vector<Example> examples;
  for (std::uint64_t k = by_sample ? rank : 0; k < count; k += by_sample ? ranks : 1) {
    examples.push_back(task.training_sample(options.seed, step * count + k));
  }
  auto micro_batches = cut(std::move(examples), options.micro_batch);
  if (by_sample) return {step, std::move(micro_batches)};
  StepExamples mine{step, {}};
  for (std::uint64_t m = rank; m < micro_batches.size(); m += ranks) {
    mine.micro_batches.push_back(std::move(micro_batches[m]));
  }
  return mine;
}

std::int64_t most_micro_batches(const LoaderOptions& options) {
  const auto over = [](std::int64_t count, std::int64_t parts) { return (count + parts - 1) / parts; };
  if (options.sharing == Sharing::samples) return over(over(options.global_batch, options.ranks), options.micro_batch);
  return over(over(options.global_batch, options.micro_batch), options.ranks);
}

std::vector<std::vector<Example>> load_validation(const PretextTask& task, std::int64_t count,
                                                  std::int64_t micro_batch) {
  check(count, micro_batch);
  std::vector<Example> examples;
  for (std::int64_t k = 0; k < count; ++k) {
    examples.push_back(task.validation_sample(static_cast<std::uint64_t>(k)));
  }
  return cut(std::move(examples), micro_batch);
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
  check(options.global_batch, options.micro_batch);
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
