#include "launch/telemetry/progress.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/launch/captured_stream.h"

namespace prelude {
namespace {

TEST(Progress, Durations) {
  EXPECT_EQ(duration_text(0), "0:00");
  EXPECT_EQ(duration_text(59.6), "1:00");
  EXPECT_EQ(duration_text(754), "12:34");
  EXPECT_EQ(duration_text(3723), "1:02:03");
  EXPECT_EQ(duration_text(-1), "-");
  EXPECT_EQ(duration_text(std::numeric_limits<double>::infinity()), "-");
  EXPECT_EQ(duration_text(std::numeric_limits<double>::quiet_NaN()), "-");
}

TEST(Progress, Amounts) {
  EXPECT_EQ(amount_text(0), "0");
  EXPECT_EQ(amount_text(999.4), "999");
  EXPECT_EQ(amount_text(1000), "1.0k");
  EXPECT_EQ(amount_text(99940), "99.9k");
  EXPECT_EQ(amount_text(123456), "123k");
  EXPECT_EQ(amount_text(1234567), "1.23M");
  EXPECT_EQ(amount_text(5.5e9), "5.50G");
}

TEST(Progress, Bars) {
  EXPECT_EQ(bar_text(0), "[....................]");
  EXPECT_EQ(bar_text(0.5), "[##########..........]");
  EXPECT_EQ(bar_text(1), "[####################]");
  EXPECT_EQ(bar_text(7), bar_text(1));
}

TEST(Progress, TrainingLinesAreAligned) {
  TrainingProgress early{3, 2000, 10.25, {}, 0.3, 950, -1, 0};
  TrainingProgress late{2000, 2000, 0.5, 0.4321, 2.2e-5, 123456, 4000, 0.1234};
  const auto a = LiveLine::render(training_fields(early), false, 200);
  const auto b = LiveLine::render(training_fields(late), false, 200);
  EXPECT_EQ(a.size(), b.size()) << a << "\n" << b;
  for (const auto* label : {"loss", "validation", "rate", "tokens/s", "left", "padding"}) {
    EXPECT_EQ(a.find(label), b.find(label));
  }
  EXPECT_EQ(b,
            "step 2000/2000  loss   0.5000  validation   0.4321  rate   2.2e-05  tokens/s   123k  left  1:06:40  "
            "padding  12.3%");
}

TEST(Progress, ABarInALogEndsWithItsLastState) {
  test::CapturedStream stream;
  {
    ProgressBar bar("reading", "bytes", 200, {stream.file(), false, false, 80});
    bar.update(50);
    bar.update(200);
    bar.finish();
  }
  const auto text = stream.text();
  EXPECT_EQ(text.rfind("reading [#####...............]  25%", 0), 0U) << text;
  EXPECT_NE(text.find("reading [####################] 100%"), std::string::npos) << text;
}

}  // namespace
}  // namespace prelude
