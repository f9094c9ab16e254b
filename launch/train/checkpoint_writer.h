#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace prelude {

// Writes checkpoints in a thread of its own, one at a time and in order, so that no step waits for a disk. HDF5 is
// called from this thread alone while it works.
class CheckpointWriter {
 public:
  CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;
  ~CheckpointWriter();  // after the job under way

  // Waits for the job before, if it is still under way, and starts this one. Throws what an earlier one threw.
  void start(std::function<void()> job);
  // Returns when nothing is under way. Throws what the last one threw.
  void finish();

 private:
  void work();
  void wait_until_idle(std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> job_;  // empty: idle
  std::exception_ptr error_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace prelude
