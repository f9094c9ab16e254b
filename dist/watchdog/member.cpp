#include "dist/watchdog/member.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "dist/watchdog/timing.h"

namespace prelude {

using namespace watchdog_times;

Member::Member(const FlightRecorder& recorder, WatchdogOptions options, MeetingPoint rank_0,
               std::unique_ptr<Connection> connection)
    : own_(recorder), options_(std::move(options)), point_(std::move(rank_0)), connection_(std::move(connection)) {}

void Member::run(int stop_fd) {
  for (;;) {
    own_.tick();
    if (take_messages() || check_rank_0() || check_own_wait()) return;
    if (connection_ && now() >= next_word()) say_state();
    if (wait(stop_fd)) break;
    if (connection_) {
      connection_->receive();
      connection_->flush();
    }
  }
  leave();
}

bool Member::wait(int stop_fd) const {
  Moment wake = later(now(), kTick);
  if (connection_) wake = std::min(wake, next_word());
  if (const auto since = own_.since(); since && later(*since, options_.timeout_s) > now()) {
    wake = std::min(wake, later(*since, options_.timeout_s));
  }
  const short wanted = connection_ && connection_->wants_to_write() ? POLLIN | POLLOUT : POLLIN;
  std::array<pollfd, 2> fds{pollfd{stop_fd, POLLIN, 0}, pollfd{connection_ ? connection_->fd() : -1, wanted, 0}};
  ::poll(fds.data(), fds.size(), static_cast<int>(std::max(seconds_until(wake), 0.0) * 1e3) + 1);
  return fds[0].revents != 0;
}

// Once a heartbeat; when this rank waits longer than the timeout, at that moment and more often; of a failure, at once.
Moment Member::next_word() const {
  const Moment usual = later(last_word_, heartbeat(options_.size));
  if (own_.failed()) return later(last_word_, kAlarm);
  const auto since = own_.since();
  if (!since) return usual;
  return std::min(usual, std::max(later(*since, options_.timeout_s), later(last_word_, kAlarm)));
}

bool Member::take_messages() {
  while (connection_) {
    const auto message = connection_->next();
    if (!message) break;
    heard_ = now();
    if (message->kind == MessageKind::probe) say_state();
    if (message->kind == MessageKind::goodbye) connection_.reset();
    if (message->kind == MessageKind::verdict) {
      end(kFirstWord, clean_text(message->body));
      return true;
    }
  }
  if (!connection_ || !connection_->closed()) return false;
  // Of all the ranks that see rank 0 die, one speaks first, and a launcher then ends the others.
  end(options_.rank == 1 ? 0 : kFirstWord,
      fmt::format("{} died (process {}); this rank was {}", rank_0(), point_.process, describe_position(own_.state())));
  return true;
}

double Member::rank_0_silent_s() const { return seconds_since(std::max(heard_, own_.resumed())); }

// Rank 0 shows life beside whatever the ranks do.
bool Member::check_rank_0() {
  if (!connection_ || rank_0_silent_s() < options_.timeout_s + heartbeat(options_.size)) return false;
  end(0, fmt::format("{} did not answer for {:.1f} s (stopped, or the host is cut off); this rank was {}", rank_0(),
                     rank_0_silent_s(), describe_position(own_.state())));
  return true;
}

bool Member::check_own_wait() {
  const auto since = own_.since();
  const bool waits = since && seconds_since(*since) >= options_.timeout_s;
  if (!waits && !own_.failed()) {
    alarm_.reset();
    return false;
  }
  if (!alarm_) alarm_ = waits ? later(*since, options_.timeout_s) : now();
  const bool gone = connection_ && rank_0_silent_s() > lost(options_.size);
  if (connection_ && !gone && seconds_since(*alarm_) < kLastPatience) return false;
  const RankState state = own_.state();
  if (state.waiting_ms < 0 && state.failure.empty()) return false;
  const char* cause = !connection_ ? "left the job"
                      : gone       ? "did not answer (stopped, or the host is cut off)"
                                   : "gives no verdict";
  const std::string failure = state.failure.empty() ? "" : fmt::format("{}; ", state.failure);
  end(0, fmt::format("{}{} {}; this rank was {}", failure, rank_0(), cause, describe_position(state)));
  return true;
}

void Member::say_state() {
  connection_->send(state_frame(own_.state()));
  last_word_ = now();
}

void Member::leave() {
  if (!connection_) return;
  // With the last collectives: one that failed because the ranks called it differently may be the reason to leave.
  say_state();
  connection_->send(frame(MessageKind::goodbye));
  connection_->finish_sending();
  // Rank 0 closes when it has read the goodbye. What it says meanwhile is read, or the system would reset the
  // connection and might lose the goodbye.
  const Moment deadline = later(now(), kMemberLeave);
  while (!connection_->closed() && now() < deadline) {
    pollfd one{connection_->fd(), POLLIN, 0};
    ::poll(&one, 1, static_cast<int>(std::max(seconds_until(deadline), 0.0) * 1e3) + 1);
    connection_->receive();
    while (connection_->next()) {
    }
  }
}

void Member::end(double after_s, const std::string& reason) {
  connection_.reset();
  std::this_thread::sleep_for(std::chrono::duration<double>(after_s));
  options_.report(fmt::format("prelude: error: rank {} on {} ends: {}", options_.rank, options_.host, reason));
  options_.end_job();
}

std::string Member::rank_0() const { return "rank 0 on " + point_.host; }

}  // namespace prelude
