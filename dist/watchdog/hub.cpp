#include "dist/watchdog/hub.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "dist/watchdog/timing.h"

namespace prelude {

using namespace watchdog_times;

namespace {

int milliseconds_until(Moment moment) { return static_cast<int>(std::max(seconds_until(moment), 0.0) * 1e3) + 1; }

}  // namespace

Hub::Hub(const FlightRecorder& recorder, WatchdogOptions options, OpenedMeetingPoint opened)
    : own_(recorder),
      options_(std::move(options)),
      door_(std::move(opened), options_.size),
      views_(static_cast<std::size_t>(options_.size)),
      members_(views_.size()),
      heard_(views_.size(), now()) {
  views_[0].presence = Presence::present;
  views_[0].host = options_.host;
  views_[0].process = ::getpid();
}

void Hub::run(int stop_fd) {
  while (!wait(stop_fd)) {
    read_members();
    for (Newcomer& newcomer : door_.receive()) admit(std::move(newcomer));
    take_state(0, own_.state());
    show_life();
    if (const auto finding = judge()) {
      conclude(*finding);
      return;
    }
    tell_when_others_left();
  }
  // Who has just come hears of it, too: it would take the end for a death.
  const Moment deadline = later(now(), kHubLeave);
  do {
    for (Newcomer& newcomer : door_.receive()) admit(std::move(newcomer));
    if (door_.expects_someone()) std::this_thread::sleep_until(later(now(), kPace));
  } while (door_.expects_someone() && now() < deadline);
  send_to_all(frame(MessageKind::goodbye));
  drain(kHubLeave);
}

bool Hub::wait(int stop_fd) {
  // Many ranks speak one after the other: one look at all of them takes what several said.
  std::this_thread::sleep_until(later(last_round_, kPace));
  Moment wake = std::min(later(now(), kTick), later(last_sign_, heartbeat(options_.size)));
  if (asked_) wake = std::min(wake, later(*asked_, kAnswer));
  if (const auto since = own_.since()) {
    const Moment alarm = later(*since, options_.timeout_s);
    if (alarm > now()) wake = std::min(wake, alarm);
  }
  std::vector<pollfd> fds{{stop_fd, POLLIN, 0}};
  std::vector<std::size_t> ranks;
  for (std::size_t rank = 1; rank < members_.size(); ++rank) {
    if (!members_[rank]) continue;
    fds.push_back(watched(*members_[rank]));
    ranks.push_back(rank);
  }
  const std::size_t first_member = 1;
  door_.watch(fds);
  ::poll(fds.data(), fds.size(), milliseconds_until(wake));
  last_round_ = now();
  own_.tick();
  ready_.clear();
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    if (fds[first_member + i].revents != 0) ready_.push_back(ranks[i]);
  }
  return fds[0].revents != 0;
}

// A rank that has joined already is not replaced; what calls itself by its number is dropped.
void Hub::admit(Newcomer newcomer) {
  const auto rank = static_cast<std::size_t>(newcomer.hello.rank);
  if (views_[rank].presence != Presence::awaited) return;
  views_[rank].presence = Presence::present;
  views_[rank].host = newcomer.hello.host;
  views_[rank].process = newcomer.hello.process;
  members_[rank] = std::move(newcomer.connection);
  take_state(rank, std::move(newcomer.state));
}

void Hub::read_members() {
  for (const std::size_t rank : ready_) read_member(rank);
}

void Hub::read_member(std::size_t rank) {
  Connection& connection = *members_[rank];
  connection.receive();
  connection.flush();
  while (const auto message = connection.next()) {
    if (message->kind == MessageKind::goodbye) {
      views_[rank].presence = Presence::left;
      members_[rank].reset();
      return;
    }
    auto state = message->kind == MessageKind::state ? parse_state(message->body) : std::nullopt;
    if (state) take_state(rank, *std::move(state));
  }
  if (!connection.closed()) return;
  views_[rank].presence = Presence::gone;
  members_[rank].reset();
}

void Hub::take_state(std::size_t rank, RankState state) {
  views_[rank].state = std::move(state);
  views_[rank].answers = true;
  heard_[rank] = now();
}

void Hub::tell_when_others_left() {
  if (!options_.others_left) return;
  const bool all = std::all_of(views_.begin() + 1, views_.end(),
                               [](const RankView& view) { return view.presence == Presence::left; });
  if (all) std::exchange(options_.others_left, nullptr)();
}

void Hub::show_life() {
  if (seconds_since(last_sign_) < heartbeat(options_.size)) return;
  last_sign_ = now();
  send_to_all(frame(MessageKind::alive));
}

bool Hub::has_to_ask() {
  const bool failed =
      std::any_of(views_.begin(), views_.end(), [](const RankView& view) { return !view.state.failure.empty(); });
  const bool compare = now() >= next_comparison_;
  if (compare) next_comparison_ = later(now(), kComparison);
  return failed || someone_waits_too_long() || (compare && find_mismatch(views_));
}

bool Hub::someone_waits_too_long() const {
  return std::any_of(views_.begin(), views_.end(), [&](const RankView& view) {
    return view.presence == Presence::present && static_cast<double>(view.state.waiting_ms) >= options_.timeout_s * 1e3;
  });
}

// Before a verdict every rank says anew what it does, and who says nothing is known.
void Hub::ask_everyone() {
  asked_ = now();
  for (std::size_t rank = 1; rank < members_.size(); ++rank) views_[rank].answers = members_[rank] == nullptr;
  send_to_all(frame(MessageKind::probe));
}

std::optional<Finding> Hub::judge() {
  for (std::size_t rank = 0; rank < views_.size(); ++rank) {
    views_[rank].silent_s = seconds_since(std::max(heard_[rank], own_.resumed()));
  }
  const bool stood_still = own_.stood_still_s() > 0;
  if (auto death = find_death(views_)) return stood_still ? own_standstill(*death) : death;
  const double longest_silence = options_.timeout_s + heartbeat(options_.size);
  if (auto silence = find_silence(views_, longest_silence, std::max(longest_silence, kLongestJoin))) return silence;
  if (asked_ && stood_still && seconds_since(*asked_) > kStandstill) ask_everyone();  // the answers may be unread yet
  if (!asked_) {
    if (has_to_ask()) ask_everyone();
    return std::nullopt;
  }
  const bool all = std::all_of(views_.begin(), views_.end(), [&](const RankView& view) {
    return view.answers || view.silent_s > lost(options_.size);
  });
  if (!all && seconds_since(*asked_) < kAnswer) return std::nullopt;
  asked_.reset();
  if (auto mismatch = find_mismatch(views_)) return mismatch;
  if (auto failure = find_failure(views_)) return failure;
  return find_standstill(views_, options_.timeout_s);
}

// Stopped for a while and continued, as a launcher does to end it: the others may have been right to leave.
Finding Hub::own_standstill(const Finding& death) const {
  std::vector<int> culprits = death.culprits;
  culprits.insert(culprits.begin(), 0);
  return {std::move(culprits),
          fmt::format("rank 0 on {} stood still for {:.1f} s itself (stopped), and {} ended meanwhile; it was {}",
                      options_.host, own_.stood_still_s(), name_ranks(views_, death.culprits),
                      describe_position(views_[0].state))};
}

void Hub::conclude(const Finding& finding) {
  options_.report("prelude: error: " + finding.summary + table_of(views_, finding.culprits));
  send_to_all(frame(MessageKind::verdict, clean_text(finding.summary)));
  drain(kHubLeave);
  options_.end_job();
}

void Hub::send_to_all(const std::string& frame) {
  for (const auto& member : members_) {
    if (member) member->send(frame);
  }
}

// Reads until the others have closed: a process that ends with something unread resets its connections, and what it
// sent last is lost. Who does not answer is not waited for.
void Hub::drain(double seconds) {
  const Moment deadline = later(now(), seconds);
  for (const auto& member : members_) {
    if (member && !member->wants_to_write()) member->finish_sending();
  }
  while (now() < deadline) {
    std::vector<pollfd> fds;
    for (std::size_t rank = 0; rank < members_.size(); ++rank) {
      auto& member = members_[rank];
      if (!member) continue;
      member->flush();
      member->receive();
      while (member->next()) {
      }
      if (member->closed() || !views_[rank].answers) member.reset();
      if (member) fds.push_back(watched(*member));
    }
    if (fds.empty()) return;
    ::poll(fds.data(), fds.size(), milliseconds_until(deadline));
  }
}

}  // namespace prelude
