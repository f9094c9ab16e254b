// Far workers that are threads of the test: their jobs travel as bytes, as between ranks.
#pragma once

#include <functional>
#include <future>
#include <list>
#include <string>
#include <thread>
#include <utility>

#include "tasks/corpus/far_workers.h"

namespace prelude::test {

class ThreadWorkers final : public FarWorkers {
 public:
  explicit ThreadWorkers(FarService service, std::size_t slots = 3) : service_(std::move(service)), slots_(slots) {}

  int start(const std::function<void(const std::string& who, const std::string& greeting)>& check) override {
    check("rank 1 on host far", service_.greeting);
    return static_cast<int>(slots_);
  }

  void run(const FarJobs& jobs) override {
    struct UnderWay {
      std::function<void(std::string)> done;
      std::future<std::string> answer;
    };
    std::list<UnderWay> under_way;
    while (!jobs.over()) {
      while (under_way.size() < slots_) {
        std::optional<FarJob> job = jobs.take();
        if (!job) break;
        ++jobs_done;
        bytes_sent += job->request.size();
        under_way.push_back(
            {std::move(job->done), std::async(std::launch::async, service_.make_worker(), std::move(job->request))});
      }
      under_way.remove_if([](UnderWay& one) {
        if (one.answer.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return false;
        one.done(one.answer.get());
        return true;
      });
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }

  std::size_t jobs_done = 0;
  std::size_t bytes_sent = 0;

 private:
  FarService service_;
  std::size_t slots_;
};

}  // namespace prelude::test
