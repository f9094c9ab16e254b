#include "dist/watchdog/watchdog.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <memory>
#include <utility>

#include "core/error.h"
#include "dist/watchdog/hub.h"
#include "dist/watchdog/meeting_point.h"
#include "dist/watchdog/member.h"
#include "dist/watchdog/timing.h"

namespace prelude {
namespace {

constexpr double kLongestTimeout = 1e7;  // seconds; four months

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
  const double patience = std::clamp(options.timeout_s, watchdog_times::kShortestJoin, watchdog_times::kLongestJoin);
  auto connection = join(*point, {options.rank, ::getpid(), options.host}, patience);
  auto member = std::make_shared<Member>(recorder, options, *point, std::move(connection));
  return [member](int stop) { member->run(stop); };
}

// A watchdog that fails is a hole through which a standstill would last for ever.
void run_or_end(const std::function<void(int)>& loop, const WatchdogOptions& options, int stop_fd) noexcept {
  std::string reason;
  try {
    loop(stop_fd);
    return;
  } catch (const std::exception& error) {
    reason = error.what();
  } catch (...) {
    reason = "an unknown error";
  }
  options.report(fmt::format("prelude: error: rank {} on {} ends: its watchdog failed: {}", options.rank, options.host,
                             clean_text(reason)));
  options.end_job();
}

QuietThread start(const FlightRecorder& recorder, WatchdogOptions options) {
  require(options.timeout_s >= 1 && options.timeout_s <= kLongestTimeout,
          "--collective-timeout is {} s; give 1 to {:.0f} s", options.timeout_s, kLongestTimeout);
  if (options.size == 1) return {};
  if (!options.report) options.report = write_last_words;
  if (!options.end_job) options.end_job = [] { ::_exit(1); };
  auto loop = make_loop(recorder, options);
  return {"watchdog",
          [loop = std::move(loop), options = std::move(options)](int stop_fd) { run_or_end(loop, options, stop_fd); }};
}

}  // namespace

Watchdog::Watchdog(const FlightRecorder& recorder, WatchdogOptions options)
    : thread_(start(recorder, std::move(options))) {}

void write_last_words(const std::string& text) {
  const std::string lines = text + "\n";
  for (std::size_t done = 0; done < lines.size();) {
    const ssize_t wrote = ::write(STDERR_FILENO, lines.data() + done, lines.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;
    done += static_cast<std::size_t>(wrote);
  }
}

}  // namespace prelude
