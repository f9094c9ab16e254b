#include "launch/telemetry/screen.h"

#include <gtest/gtest.h>

#include "tests/launch/captured_stream.h"

namespace prelude {
namespace {

using namespace std::chrono_literals;
using test::CapturedStream;

const LiveLine::Fields fields{{"step", "10/200"}, {"loss", "1.5"}, {"", "ok"}};
const LiveLine::Clock::time_point start{};

TEST(LiveLine, RendersLabelsAndValues) {
  EXPECT_EQ(LiveLine::render(fields, false, 100), "step 10/200  loss 1.5  ok");
  EXPECT_EQ(LiveLine::render(fields, true, 100), "\x1b[2mstep\x1b[0m 10/200  \x1b[2mloss\x1b[0m 1.5  \x1b[2m\x1b[0mok");
}

TEST(LiveLine, LeavesOutWhatDoesNotFit) {
  EXPECT_EQ(LiveLine::render(fields, false, 25), "step 10/200  loss 1.5  ok");
  EXPECT_EQ(LiveLine::render(fields, false, 24), "step 10/200  loss 1.5");
  EXPECT_EQ(LiveLine::render(fields, false, 12), "step 10/200");
  EXPECT_EQ(LiveLine::render(fields, false, 5), "");
}

TEST(LiveLine, ALogGetsALineNowAndThenWithoutControlCharacters) {
  CapturedStream stream;
  {
    LiveLine line({stream.file(), false, false, 20}, 10s);
    for (int second = 1; second <= 30; ++second) line.show({{"at", std::to_string(second)}}, start + 1s * second);
    line.message("hello");
    line.keep({{"at", "end"}}, start + 31s);
  }
  EXPECT_EQ(stream.text(), "at 1\nat 11\nat 21\nhello\nat end\n");
}

TEST(LiveLine, AMessageShowsNoControlCharacters) {
  CapturedStream stream;
  LiveLine line({stream.file(), false, false, 20}, 10s);
  line.message("file 'a\x1b[2J\nb': bad \xFF");
  EXPECT_EQ(stream.text(), "file 'a\\x1b[2J b': bad \\xff\n");
}

TEST(LiveLine, ATerminalIsDrawnOver) {
  CapturedStream stream;
  {
    LiveLine line({stream.file(), true, false, 80}, 10s);
    line.show({{"at", "1"}}, start + 1s);
    line.show({{"at", "2"}}, start + 1s + 50ms);  // too soon
    line.show({{"at", "3"}}, start + 2s);
    line.message("hello");
    line.keep({{"at", "4"}}, start + 3s);
    line.show({{"at", "5"}}, start + 4s);
  }
  EXPECT_EQ(stream.text(), "\rat 1\x1b[K\rat 3\x1b[K\r\x1b[Khello\n\rat 4\x1b[K\n\rat 5\x1b[K\n");
}

TEST(LiveLine, ATerminalLineNeverWraps) {
  CapturedStream stream;
  LiveLine line({stream.file(), true, false, 14}, 10s);
  line.show(fields, start + 1s);
  EXPECT_EQ(stream.text(), "\rstep 10/200\x1b[K");
}

}  // namespace
}  // namespace prelude
