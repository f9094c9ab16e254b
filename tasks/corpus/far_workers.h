// Workers in other processes: bytes in, bytes out. How they are reached is not known here; launch gives them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace prelude {

// A request; `done` takes its answer.
struct FarJob {
  std::string request;
  std::function<void(std::string)> done;
};

struct FarJobs {
  std::function<std::optional<FarJob>()> take;  // none: none now, perhaps later
  std::function<bool()> over;                   // no answer is waited for any more
};

class FarWorkers {
 public:
  FarWorkers() = default;
  FarWorkers(const FarWorkers&) = delete;
  FarWorkers& operator=(const FarWorkers&) = delete;
  virtual ~FarWorkers() = default;

  // Waits until each is ready and gives to `check` who it is ("rank 3 on host n2") and what it says of itself
  // (FarService::greeting). Returns how many requests at once keep all of them busy. Throws what `check` throws, and a
  // UserError where one of them could not begin.
  virtual int start(const std::function<void(const std::string& who, const std::string& greeting)>& check) = 0;

  // Has the jobs done until they are over, however many answers are still out then. Calls the functions of `jobs` in
  // the caller's thread alone. Throws what a worker threw.
  virtual void run(const FarJobs& jobs) = 0;
};

// The other side: what such a worker does.
struct FarService {
  std::string greeting;                                                  // equal on both sides of a job that fits
  std::function<std::function<std::string(std::string)>()> make_worker;  // called in each of its threads
};

// The `elsewhere` of an OrderedPool whose inputs and outputs travel as bytes.
template <typename Pool, typename Encode, typename Decode>
std::function<void(const typename Pool::Jobs&)> far_step(FarWorkers& workers, Encode encode, Decode decode) {
  return [&workers, encode, decode](const typename Pool::Jobs& jobs) {
    const auto take = [&]() -> std::optional<FarJob> {
      std::optional<typename Pool::Job> job = jobs.take();
      if (!job) return {};
      return FarJob{encode(job->input),
                    [done = std::move(job->done), decode](const std::string& answer) { done(decode(answer)); }};
    };
    workers.run({.take = take, .over = jobs.over});
  };
}

}  // namespace prelude
