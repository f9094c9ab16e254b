#include "dist/watchdog/watchdog.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <future>
#include <thread>
#include <utility>

#include "core/error.h"
#include "core/io/posix.h"
#include "dist/watchdog/hub.h"
#include "dist/watchdog/meeting_point.h"
#include "dist/watchdog/member.h"

namespace prelude {
namespace {

constexpr double kLongestTimeout = 1e7;  // seconds; four months
constexpr double kLongestJoin = 30;
constexpr std::chrono::seconds kLongestLeave{2};

void write_to_stderr(const std::string& text) {
  const std::string lines = text + "\n";
  for (std::size_t done = 0; done < lines.size();) {
    const ssize_t wrote = ::write(STDERR_FILENO, lines.data() + done, lines.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;
    done += static_cast<std::size_t>(wrote);
  }
}

// A thread without signals: they are for the thread that runs the program.
std::thread quiet_thread(std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(body));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_setname_np(thread.native_handle(), "watchdog");
  return thread;
}

// Rank 0 tells the others its meeting point, or why there is none.
std::function<void(int)> make_loop(const FlightRecorder& recorder, const WatchdogOptions& options) {
  if (options.rank == 0) {
    OpenedMeetingPoint opened;
    try {
      opened = open_meeting_point(options.host, options.size);
    } catch (const UserError& error) {
      options.broadcast_from_rank_0(std::string("failed: ") + error.what());
      throw;
    }
    options.broadcast_from_rank_0(to_text(opened.point));
    auto hub = std::make_shared<Hub>(recorder, options, std::move(opened));
    return [hub](int stop) { hub->run(stop); };
  }
  const std::string told = options.broadcast_from_rank_0("");
  const auto point = meeting_point_from_text(told);
  require(point.has_value(), "rank 0 gives no way to its watchdog: {}", clean_text(told));
  auto connection = join(*point, {options.rank, ::getpid(), options.host}, kLongestJoin);
  auto member = std::make_shared<Member>(recorder, options, *point, std::move(connection));
  return [member](int stop) { member->run(stop); };
}

}  // namespace

struct Watchdog::Running {
  UniqueFd stop;  // readable: leave
  std::thread thread;
  std::promise<void> done;
};

Watchdog::Watchdog(const FlightRecorder& recorder, WatchdogOptions options) {
  require(options.timeout_s >= 1 && options.timeout_s <= kLongestTimeout,
          "--collective-timeout is {} s; give 1 to {:.0f} s", options.timeout_s, kLongestTimeout);
  if (options.size == 1) return;
  if (!options.report) options.report = write_to_stderr;
  if (!options.end_job) options.end_job = [] { ::_exit(1); };
  auto loop = make_loop(recorder, options);
  auto running = std::make_shared<Running>();
  running->stop = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  require(running->stop.get() >= 0, "the watchdog cannot start: {}", std::strerror(errno));
  running->thread = quiet_thread([running, loop = std::move(loop)] {
    loop(running->stop.get());
    running->done.set_value();
  });
  running_ = std::move(running);
}

void Watchdog::leave() noexcept {
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
