#include "dist/watchdog/message.h"

#include <gtest/gtest.h>

#include <random>

#include "dist/watchdog/meeting_point.h"

namespace prelude {
namespace {

RankState full_state() {
  RankState state;
  state.step = 12;
  state.waiting_ms = 3400;
  for (int i = 0; i < 16; ++i) state.groups.push_back({"fifteen letters", i, ~0ULL, 7});
  for (std::size_t i = 0; i < 32; ++i) {
    state.records.push_back({i % 16, Operation::new_group, Phase::waited_for, i, -1, "float8_e", 12});
  }
  state.failure = std::string(2 * kLongestFailure, 'x');
  return state;
}

std::optional<Message> whole(std::string bytes) {
  bool broken = false;
  auto message = take_message(bytes, broken);
  return bytes.empty() ? message : std::nullopt;
}

TEST(MessageTest, AStateComesBackAsItWas) {
  const std::string bytes = state_frame(full_state());
  EXPECT_LT(bytes.size(), kLongestFrame);
  const auto message = whole(bytes);
  ASSERT_TRUE(message && message->kind == MessageKind::state);
  const auto state = parse_state(message->body);
  ASSERT_TRUE(state);
  EXPECT_EQ(state_frame(*state), bytes);
  EXPECT_EQ(state->records[3].phase, Phase::waited_for);
  EXPECT_EQ(state->groups[2].finished, 7U);
  EXPECT_EQ(state->failure, std::string(kLongestFailure, 'x'));
}

TEST(MessageTest, OnlyTheTokenOpens) {
  const JobToken token = random_token();
  const JobToken other = random_token();
  const auto hello = whole(hello_frame(token, {3, 4711, "n2"}));
  ASSERT_TRUE(hello && parse_hello(token, hello->body));
  EXPECT_EQ(parse_hello(token, hello->body)->host, "n2");
  EXPECT_FALSE(parse_hello(other, hello->body));
  EXPECT_FALSE(parse_hello(token, hello->body + "x"));
  EXPECT_TRUE(is_welcome(token, whole(welcome_frame(token))->body));
  EXPECT_FALSE(is_welcome(other, whole(welcome_frame(token))->body));
  EXPECT_FALSE(is_welcome(token, ""));
}

TEST(MessageTest, ATornFrameWaitsAndALongOneIsRefused) {
  std::string bytes = frame(MessageKind::goodbye) + frame(MessageKind::verdict, "why").substr(0, 6);
  bool broken = false;
  EXPECT_TRUE(take_message(bytes, broken));
  EXPECT_FALSE(take_message(bytes, broken));
  EXPECT_FALSE(broken);
  std::string long_one = frame(MessageKind::state, std::string(kLongestFrame, 'x'));
  EXPECT_FALSE(take_message(long_one, broken));
  EXPECT_TRUE(broken);
}

TEST(MessageTest, DamagedBodiesAreRefusedOrHarmless) {
  const std::string good = whole(state_frame(full_state()))->body;
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(parse_state(good.substr(0, size)));
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::string bad = good;
    for (int i = 0; i < 3; ++i) bad[random() % bad.size()] = static_cast<char>(random());
    const auto state = parse_state(bad);
    if (!state) continue;
    EXPECT_LE(state->records.size(), 255U);
    for (const CollectiveRecord& record : state->records) EXPECT_FALSE(describe(*state, record).empty());
  }
}

TEST(MessageTest, TextIsMadePrintable) {
  EXPECT_EQ(clean_text("a\n\033[31mb"), "a??[31mb");
  EXPECT_EQ(clean_text(std::string(9999, 'x')).size(), kLongestText);
}

TEST(MessageTest, AMeetingPointIsALineOfText) {
  MeetingPoint point;
  point.port = 4242;
  point.token = random_token();
  point.process = 17;
  point.host = "n1";
  point.addresses = {"10.77.0.1", "127.0.0.1"};
  const auto back = meeting_point_from_text(to_text(point));
  ASSERT_TRUE(back);
  EXPECT_EQ(to_text(*back), to_text(point));
  for (const char* bad : {"", "failed: no", "prelude-watchdog-1 99999 ab 1 n1 10.0.0.1", "prelude-watchdog-1 80"}) {
    EXPECT_FALSE(meeting_point_from_text(bad)) << bad;
  }
}

}  // namespace
}  // namespace prelude
