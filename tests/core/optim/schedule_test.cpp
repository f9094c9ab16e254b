#include "core/optim/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"

namespace prelude {
namespace {

TEST(Schedule, ConstantIsConstant) {
  for (const std::int64_t step : {0, 1, 100000}) {
    EXPECT_EQ(learning_rate({ScheduleKind::constant, 0.3, 0, 10}, step), 0.3);
  }
}

// 1 / sqrt(max(step, 10^4)), which begins at 0.01.
TEST(Schedule, RsqrtIsT5s) {
  const Schedule schedule{ScheduleKind::rsqrt, 0.01, 0, 1000000};
  for (const std::int64_t step : {0, 1, 999, 9998, 9999, 10000, 39999, 262143}) {
    EXPECT_DOUBLE_EQ(learning_rate(schedule, step), 1 / std::sqrt(std::max(static_cast<double>(step + 1), 1e4)))
        << step;
  }
  const Schedule warm{ScheduleKind::rsqrt, 0.01, 1000, 10000};
  EXPECT_DOUBLE_EQ(learning_rate(warm, 1000), 0.01) << "the peak";
  EXPECT_DOUBLE_EQ(learning_rate(warm, 9999), 0.01);
}

TEST(Schedule, NoamGivesThePublishedRates) {
  for (const ScheduleKind kind : {ScheduleKind::noam, ScheduleKind::noam_ppt}) {
    const Schedule schedule{kind, 0.1, 0, 200000};
    EXPECT_NEAR(learning_rate(schedule, 8000), 1.1e-3, 0.05e-3);
    EXPECT_NEAR(learning_rate(schedule, 200000), 2.2e-4, 0.05e-4);
    for (std::int64_t step = 2; step < 50; ++step) {
      EXPECT_DOUBLE_EQ(learning_rate(schedule, step), 0.1 / std::sqrt(static_cast<double>(step + 1)));
    }
  }
}

TEST(Schedule, NoamsStartIsSensibleAndPptsIsKeptUnderItsOwnName) {
  EXPECT_DOUBLE_EQ(learning_rate({ScheduleKind::noam, 0.1, 0, 10}, 0), 0.1);
  EXPECT_DOUBLE_EQ(learning_rate({ScheduleKind::noam, 0.1, 0, 10}, 1), 0.1 / std::sqrt(2.0));
  EXPECT_EQ(learning_rate({ScheduleKind::noam_ppt, 0.1, 0, 10}, 0), 0.0);
  EXPECT_DOUBLE_EQ(learning_rate({ScheduleKind::noam_ppt, 0.1, 0, 10}, 1), 0.1);
  EXPECT_DOUBLE_EQ(learning_rate({ScheduleKind::noam_ppt, 0.1, 4, 10}, 2), 0.05);
  EXPECT_DOUBLE_EQ(learning_rate({ScheduleKind::noam_ppt, 0.1, 4, 10}, 5), 0.1 / std::sqrt(6.0));
}

TEST(Schedule, LinearAndCosineEndAtZero) {
  const double pi = std::acos(-1.0);
  for (std::int64_t step = 5; step <= 25; ++step) {
    const double done = static_cast<double>(step - 5) / 20.0;
    EXPECT_NEAR(learning_rate({ScheduleKind::linear, 2.0, 5, 25}, step), 2.0 - 2.0 * done, 1e-12);
    EXPECT_NEAR(learning_rate({ScheduleKind::cosine, 2.0, 5, 25}, step), 1.0 + std::cos(pi * done), 1e-12);
  }
  EXPECT_EQ(learning_rate({ScheduleKind::linear, 2.0, 5, 25}, 400), 0.0);
  EXPECT_NEAR(learning_rate({ScheduleKind::cosine, 2.0, 5, 25}, 400), 0.0, 1e-15);
  EXPECT_GT(learning_rate({ScheduleKind::linear, 2.0, 5, 25}, 24), 0.0) << "the last update counts";
}

TEST(Schedule, EveryWarmUpClimbsInALineToTheFormula) {
  for (const ScheduleKind kind :
       {ScheduleKind::constant, ScheduleKind::rsqrt, ScheduleKind::noam, ScheduleKind::linear, ScheduleKind::cosine}) {
    const Schedule schedule{kind, 0.1, 8, 100};
    const double top = learning_rate(schedule, 8);
    EXPECT_GT(learning_rate(schedule, 0), 0.0);
    for (std::int64_t step = 0; step < 8; ++step) {
      EXPECT_NEAR(learning_rate(schedule, step), top * static_cast<double>(step + 1) / 9.0, 1e-15);
    }
    EXPECT_LE(learning_rate(schedule, 9), top);
  }
}

TEST(Schedule, WarmUpDoesNotMoveNoamAfterIt) {
  for (std::int64_t step = 20; step < 60; ++step) {
    EXPECT_EQ(learning_rate({ScheduleKind::noam, 0.1, 20, 100}, step),
              learning_rate({ScheduleKind::noam, 0.1, 0, 100}, step));
  }
}

TEST(Schedule, NamesRoundTrip) {
  for (const ScheduleName& row : schedule_names) {
    EXPECT_EQ(schedule_kind(row.name), row.kind);
    EXPECT_EQ(name_of(row.kind), row.name);
  }
  try {
    schedule_kind("nom");
    FAIL() << "an unknown name passed";
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(),
                 "--schedule 'nom' is unknown; it is one of constant, rsqrt, noam, noam-ppt, linear, cosine");
  }
}

TEST(Schedule, RefusesWhatCannotBeRun) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double rate : {nan, infinity, 0.0, -0.1}) {
    EXPECT_THROW(check({ScheduleKind::constant, rate, 0, 10}), UserError) << rate;
  }
  EXPECT_THROW(check({ScheduleKind::constant, 0.1, -1, 10}), UserError);
  EXPECT_THROW(check({ScheduleKind::cosine, 0.1, 10, 10}), UserError);
  for (const ScheduleName& row : schedule_names) {
    EXPECT_NO_THROW(check({row.kind, 0.1, 0, 1})) << row.name;
    EXPECT_NO_THROW(check({row.kind, 0.1, 1000, 0})) << "no step, no schedule";
    EXPECT_EQ(warmup_warning({row.kind, 0.1, 0, 10}), "");
    EXPECT_EQ(warmup_warning({row.kind, 0.1, 9, 10}), "");
    EXPECT_NE(warmup_warning({row.kind, 0.1, 10, 10}).find("the rate 0.1 is never reached"), std::string::npos);
  }
  EXPECT_NO_THROW(check({ScheduleKind::noam, 0.1, 10, 10}));
  EXPECT_NO_THROW(check({ScheduleKind::linear, 0.1, 9, 10}));
}

}  // namespace
}  // namespace prelude
