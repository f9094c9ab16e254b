// The other ranks as the far workers of a corpus build or verification: tasks' seam on dist's farm.
#pragma once

#include "dist/farm/serve_work.h"
#include "dist/farm/work_queue.h"
#include "dist/world.h"
#include "tasks/corpus/far_workers.h"

namespace prelude {

// On rank 0. The other ranks call serve_far_work() meanwhile, and go home with this object.
class RankWorkers final : public FarWorkers {
 public:
  int start(const std::function<void(const std::string& who, const std::string& greeting)>& check) override {
    return queue_.start(check);
  }
  void run(const FarJobs& jobs) override {
    const auto take = [&]() -> std::optional<WorkQueue::Job> {
      std::optional<FarJob> job = jobs.take();
      if (!job) return {};
      return WorkQueue::Job{std::move(job->request), std::move(job->done)};
    };
    queue_.run({.take = take, .over = jobs.over});
  }
  // Another rank got a signal to stop.
  bool stop_wanted() const { return queue_.stop_wanted(); }

 private:
  WorkQueue queue_;
};

// On the other ranks: does rank 0's work in `threads` threads until there is no more.
inline void serve_far_work(int threads, const std::function<FarService()>& start,
                           const std::function<bool()>& stop_wanted = {}) {
  serve_work(
      threads,
      [&]() -> WorkService {
        FarService service = start();
        return {.greeting = std::move(service.greeting), .make_worker = std::move(service.make_worker)};
      },
      stop_wanted);
}

}  // namespace prelude
