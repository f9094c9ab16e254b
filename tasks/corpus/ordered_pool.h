// Work on a stream in several threads, results in the stream's order.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace prelude {

// One thread calls `next` until it gives none; `workers` threads turn each input into an output; run() hands the
// outputs to its caller's thread in the order of the inputs. At most `most_items` inputs of at most `most_bytes`
// together (or one that is larger) are under way, from next() to the end of use(): memory is bounded. Other processes
// may help: `elsewhere` takes inputs beside the workers.
template <typename Input, typename Output>
class OrderedPool {
 public:
  // An input that was taken to be worked on elsewhere; `done` is called with its output, from `elsewhere` itself.
  struct Job {
    Input input;
    std::function<void(Output)> done;
  };
  struct Jobs {
    std::function<std::optional<Job>()> take;  // none: none now
    std::function<bool()> over;                // nobody waits for outputs any more
  };
  struct Steps {
    std::function<std::optional<Input>()> next;
    std::function<std::size_t(const Input&)> bytes;
    std::function<std::function<Output(Input)>()> make_worker;  // called in each worker's thread
    std::function<bool(Output)> use;                            // false: stop here
    std::function<void(const Jobs&)> elsewhere = {};            // called once in a thread of its own; ends when over
  };

  OrderedPool(int workers, std::size_t most_items, std::size_t most_bytes)
      : workers_(workers), most_items_(most_items), most_bytes_(most_bytes) {}

  // Returns when the stream or use() ended it, all threads joined. Throws what a step threw.
  void run(const Steps& steps) {
    std::vector<std::thread> threads;
    guarded([&] {
      threads.emplace_back([&] { guarded([&] { read(steps); }); });
      for (int i = 0; i < workers_; ++i) threads.emplace_back([&] { guarded([&] { work(steps); }); });
      if (steps.elsewhere) threads.emplace_back([&] { guarded([&] { steps.elsewhere(jobs()); }); });
    });
    guarded([&] { use_in_order(steps); });
    stop();
    for (std::thread& thread : threads) thread.join();
    if (error_) std::rethrow_exception(error_);
  }

 private:
  struct Waiting {
    std::uint64_t index;
    std::size_t bytes;
    Input input;
  };
  struct Done {
    std::size_t bytes;
    Output output;
  };

  template <typename Function>
  void guarded(const Function& function) {
    try {
      function();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
      stopped_ = true;
      changed_.notify_all();
    }
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

  void read(const Steps& steps) {
    for (std::uint64_t index = 0;; ++index) {
      std::optional<Input> input = steps.next();
      const std::size_t bytes = input ? steps.bytes(*input) : 0;
      std::unique_lock lock(mutex_);
      changed_.wait(lock,
                    [&] { return stopped_ || items_ == 0 || (items_ < most_items_ && bytes_ + bytes <= most_bytes_); });
      if (stopped_) return;
      if (!input) {
        inputs_ = index;
        changed_.notify_all();
        return;
      }
      ++items_;
      bytes_ += bytes;
      waiting_.push_back({index, bytes, std::move(*input)});
      changed_.notify_all();
    }
  }

  void work(const Steps& steps) {
    const std::function<Output(Input)> worker = steps.make_worker();
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopped_ || inputs_ || !waiting_.empty(); });
      if (stopped_ || waiting_.empty()) return;
      Waiting next = first_waiting();
      lock.unlock();
      give(next.index, next.bytes, worker(std::move(next.input)));
    }
  }

  Jobs jobs() {
    return {.take = [this]() -> std::optional<Job> {
              const std::lock_guard lock(mutex_);
              if (stopped_ || waiting_.empty()) return {};
              Waiting next = first_waiting();
              return Job{std::move(next.input), [this, index = next.index, bytes = next.bytes](Output output) {
                           give(index, bytes, std::move(output));
                         }};
            },
            .over =
                [this] {
                  const std::lock_guard lock(mutex_);
                  return stopped_;
                }};
  }

  Waiting first_waiting() {  // under the lock
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    return next;
  }

  void give(std::uint64_t index, std::size_t bytes, Output output) {
    const std::lock_guard lock(mutex_);
    done_.emplace(index, Done{bytes, std::move(output)});
    changed_.notify_all();
  }

  void use_in_order(const Steps& steps) {
    for (std::uint64_t index = 0;; ++index) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopped_ || done_.contains(index) || inputs_ == index; });
      if (!done_.contains(index)) return;
      Done done = std::move(done_.extract(index).mapped());
      lock.unlock();
      if (!steps.use(std::move(done.output))) return;
      lock.lock();
      --items_;
      bytes_ -= done.bytes;
      changed_.notify_all();
    }
  }

  const int workers_;
  const std::size_t most_items_;
  const std::size_t most_bytes_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  std::map<std::uint64_t, Done> done_;
  std::optional<std::uint64_t> inputs_;  // how many there were, once the stream has ended
  std::size_t items_ = 0;                // under way
  std::size_t bytes_ = 0;
  bool stopped_ = false;
  std::exception_ptr error_;
};

}  // namespace prelude
