// Rank 0's watchdog with the other ranks played by this process: strangers, and a thousand members.
#include "dist/watchdog/hub.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <chrono>
#include <future>
#include <iostream>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>

#include "core/error.h"
#include "dist/watchdog/moment.h"

namespace prelude {
namespace {

using testing::HasSubstr;

void sleep_s(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

// Rank 0 of `size` ranks.
struct RankZero {
  explicit RankZero(int size, double timeout_s = 600) {
    WatchdogOptions options;
    options.size = size;
    options.host = "n0";
    options.timeout_s = timeout_s;
    options.broadcast_from_rank_0 = [this](const std::string& text) {
      point = *meeting_point_from_text(text);
      point.addresses = {"127.0.0.1"};
      return text;
    };
    options.report = [this](const std::string& text) { verdict_.set_value(text); };
    options.end_job = [] {};
    watchdog = std::make_unique<Watchdog>(recorder, options);
  }
  std::unique_ptr<Connection> member(int rank) const {
    auto connection = join(point, {rank, 1000 + rank, "host" + std::to_string(rank)}, 10);
    connection->send(state_frame(recorder.state()));
    return connection;
  }
  // What it reported within `seconds`; empty: nothing.
  std::string verdict(double seconds) {
    return verdict_text_.wait_for(std::chrono::duration<double>(seconds)) == std::future_status::ready
               ? verdict_text_.get()
               : "";
  }

  FlightRecorder recorder;
  MeetingPoint point;
  std::unique_ptr<Watchdog> watchdog;

 private:
  std::promise<std::string> verdict_;
  std::shared_future<std::string> verdict_text_ = verdict_.get_future().share();
};

UniqueFd raw_connection(std::uint16_t port) {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) return UniqueFd();
  return socket;
}

void send_raw(const UniqueFd& socket, const std::string& bytes) {
  ASSERT_GE(socket.get(), 0);
  ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

double cpu_s() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

TEST(HubTest, StrangersAreIgnored) {
  RankZero rank_0(3);
  const auto first = rank_0.member(1);
  std::vector<UniqueFd> strangers;
  std::mt19937 random(7);
  const std::string foreign = hello_frame(random_token(), {2, 1, "evil"});
  for (int i = 0; i < 300; ++i) {
    std::string noise(1 + random() % 9000, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    for (const std::string& bytes : {noise, std::string("GET / HTTP/1.1\r\n\r\n"), foreign, foreign.substr(0, 9)}) {
      strangers.push_back(raw_connection(rank_0.point.port));
      send_raw(strangers.back(), bytes);
    }
  }
  strangers.resize(600);  // the other half closes
  const auto second = rank_0.member(2);
  EXPECT_EQ(rank_0.verdict(0.3), "");
  rank_0.watchdog->leave();
  EXPECT_EQ(rank_0.verdict(0), "");
}

TEST(HubTest, AMemberCannotPoseAsAnother) {
  RankZero rank_0(3);
  const auto first = rank_0.member(1);
  for (const int rank : {-1, 0, 3, 1 << 30}) {
    EXPECT_THROW(join(rank_0.point, {rank, 1, "evil"}, 0.1), UserError);
  }
  rank_0.member(1);  // joined already: dropped, and its end means nothing
  EXPECT_EQ(rank_0.verdict(0.3), "");
}

TEST(HubTest, AWelcomeThatCameTooLateIsNoDeath) {
  RankZero rank_0(2);
  join(rank_0.point, {1, 1, "n1"}, 5);  // welcomed, but gone before its first word
  const auto again = rank_0.member(1);
  EXPECT_EQ(rank_0.verdict(0.3), "");
}

TEST(HubTest, AReportThatHangsDoesNotHoldUpTheEnd) {
  WatchdogOptions options;
  options.size = 2;
  options.host = "n0";
  MeetingPoint point;
  options.broadcast_from_rank_0 = [&](const std::string& text) {
    point = *meeting_point_from_text(text);
    return text;
  };
  options.report = [](const std::string&) { sleep_s(60); };
  options.end_job = [] {};
  const FlightRecorder recorder;
  Watchdog watchdog(recorder, options);
  join(point, {1, 1, "n1"}, 5)->send(state_frame(recorder.state()));  // and dies
  sleep_s(0.3);
  const Moment started = now();
  watchdog.leave();
  EXPECT_LT(seconds_since(started), 2.5);
}

// The watchdog is there so that a job never ends without a word: it has one for itself, too.
TEST(HubTest, AnExceptionOfTheWatchdogEndsTheJobWithItsLine) {
  WatchdogOptions options;
  options.size = 2;
  options.host = "n0";
  MeetingPoint point;
  options.broadcast_from_rank_0 = [&](const std::string& text) {
    point = *meeting_point_from_text(text);
    return text;
  };
  std::mutex mutex;
  std::string said;
  std::promise<void> ended;
  options.report = [&](const std::string& text) {
    const std::lock_guard lock(mutex);
    said += text + "\n";
  };
  int calls = 0;
  options.end_job = [&] {
    if (calls++ == 0) throw std::runtime_error("no memory\nleft");
    ended.set_value();
  };
  const FlightRecorder recorder;
  Watchdog watchdog(recorder, options);
  join(point, {1, 1, "n1"}, 5)->send(state_frame(recorder.state()));  // and dies
  ASSERT_EQ(ended.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
  watchdog.leave();
  EXPECT_THAT(said, HasSubstr("\nprelude: error: rank 0 on n0 ends: its watchdog failed: no memory?left\n"));
}

TEST(HubTest, ADeadlineThatNobodyMeetsIsAUserError) {
  MeetingPoint point;
  {
    const RankZero rank_0(2);
    point = rank_0.point;
  }
  EXPECT_THROW(join(point, {1, 1, "n1"}, 0.3), UserError);
}

TEST(HubTest, AThousandRanks) {
  constexpr int ranks = 1024;
  RankZero rank_0(ranks);
  const Moment started = now();
  std::vector<std::unique_ptr<Connection>> members(ranks - 1);
  constexpr int at_once = 16;
  std::vector<std::thread> joining;
  joining.reserve(at_once);
  for (int part = 0; part < at_once; ++part) {
    joining.emplace_back([&, part] {
      for (int rank = 1 + part; rank < ranks; rank += at_once) {
        members[static_cast<std::size_t>(rank - 1)] = rank_0.member(rank);
      }
    });
  }
  for (std::thread& thread : joining) thread.join();
  std::cout << "joined, " << at_once << " at a time, in " << seconds_since(started) << " s\n";
  const std::string state = state_frame(rank_0.recorder.state());
  const double before = cpu_s();
  for (const auto& member : members) {
    member->send(state);
    sleep_s(1.0 / ranks);
  }
  std::cout << "a second of heartbeats costs " << cpu_s() - before << " s of CPU, with their senders\n";
  EXPECT_EQ(rank_0.verdict(0), "");
  members[699].reset();
  const std::string verdict = rank_0.verdict(1);
  EXPECT_THAT(verdict, HasSubstr("rank 700 on host700 died (process 1700)"));
  EXPECT_THAT(verdict, HasSubstr("  and 1007 ranks more"));
}

}  // namespace
}  // namespace prelude
