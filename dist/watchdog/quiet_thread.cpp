#include "dist/watchdog/quiet_thread.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <future>
#include <thread>
#include <utility>

#include "core/error.h"
#include "core/io/posix.h"

namespace prelude {
namespace {

constexpr std::chrono::seconds kLongestLeave{2};

std::thread without_signals(const char* name, std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(body));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_setname_np(thread.native_handle(), name);
  return thread;
}

}  // namespace

struct QuietThread::Running {
  UniqueFd stop;  // readable: leave
  std::thread thread;
  std::promise<void> done;
};

QuietThread::QuietThread(const char* name, std::function<void(int stop_fd)> body)
    : running_(std::make_shared<Running>()) {
  running_->stop = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  require(running_->stop.get() >= 0, "the thread '{}' cannot start: {}", name, std::strerror(errno));
  running_->thread = without_signals(name, [running = running_, body = std::move(body)] {
    body(running->stop.get());
    running->done.set_value();
  });
}

void QuietThread::leave() noexcept {
  if (!running_) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(running_->stop.get(), &one, sizeof(one));
  if (running_->done.get_future().wait_for(kLongestLeave) == std::future_status::ready) {
    running_->thread.join();
  } else {
    running_->thread.detach();
  }
  running_.reset();
}

}  // namespace prelude
