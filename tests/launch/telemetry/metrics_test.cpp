#include "launch/telemetry/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using nlohmann::json;
using test::read_file;
using test::TemporaryFolder;
using test::write_file;

StepMetrics metrics_of(std::int64_t step) {
  StepMetrics metrics;
  metrics.step = step;
  metrics.loss = 1.0 / 3.0 + static_cast<double>(step);
  metrics.learning_rate = 0.1;
  metrics.grad_norm = std::sqrt(2.0);
  metrics.tokens = 1234;
  metrics.examples = 8;
  metrics.padding = 0.0315;
  metrics.step_seconds = 0.125;
  metrics.tokens_per_second = 9872;
  return metrics;
}

TEST(Metrics, NumbersReadBackExactly) {
  const auto line = json::parse(json_line(metrics_of(7)));
  EXPECT_EQ(line["step"], 7);
  EXPECT_EQ(line["loss"].get<double>(), 1.0 / 3.0 + 7);
  EXPECT_EQ(line["grad_norm"].get<double>(), std::sqrt(2.0));
  EXPECT_EQ(line["padding"], 0.0315);
  EXPECT_EQ(line["learning_rate"].get<double>(), 0.1);
  EXPECT_EQ(line["tokens"], 1234);
  EXPECT_EQ(line["examples"], 8);
  EXPECT_FALSE(line.contains("skipped"));
}

TEST(Metrics, WhatIsNotFiniteIsNull) {
  auto metrics = metrics_of(3);
  metrics.loss = std::numeric_limits<double>::quiet_NaN();
  metrics.grad_norm = std::numeric_limits<double>::infinity();
  metrics.skipped = true;
  const auto line = json::parse(json_line(metrics));
  EXPECT_TRUE(line["loss"].is_null());
  EXPECT_TRUE(line["grad_norm"].is_null());
  EXPECT_EQ(line["skipped"], true);
}

TEST(Metrics, ValidationLine) {
  const auto line = json::parse(json_line(ValidationMetrics{20, 0.1, 0.75, 64, true, 2.5}));
  EXPECT_EQ(line["step"], 20);
  EXPECT_EQ(line["validation_loss"].get<double>(), 0.1);
  EXPECT_EQ(line["validation_accuracy"].get<double>(), 0.75);
  EXPECT_EQ(line["validation_examples"], 64);
  EXPECT_EQ(line["best"], true);
}

TEST(Metrics, ReopeningDropsLaterAndTornLines) {
  const TemporaryFolder folder;
  const auto path = folder / "metrics.jsonl";
  {
    MetricsFile file(path, 0);
    for (std::int64_t step = 1; step <= 5; ++step) file.write(metrics_of(step));
    file.write(ValidationMetrics{5, 1, 0.5, 8, false, 1});
    file.sync();
  }
  const std::string whole = read_file(path);
  write_file(path, whole + "{\"step\":6,\"lo");
  { MetricsFile reopened(path, 5); }
  EXPECT_EQ(read_file(path), whole);

  {
    MetricsFile earlier(path, 3);
    earlier.write(metrics_of(4));
  }
  std::string expected;
  for (std::int64_t step = 1; step <= 4; ++step) expected += json_line(metrics_of(step)) + "\n";
  EXPECT_EQ(read_file(path), expected);

  { MetricsFile anew(path, 0); }
  EXPECT_EQ(read_file(path), "");
}

TEST(Metrics, AValidationBeforeTheFirstStepStays) {
  const TemporaryFolder folder;
  const auto path = folder / "metrics.jsonl";
  {
    MetricsFile file(path, 0);
    file.write(ValidationMetrics{0, 1, 0.5, 8, true, 1});
    file.write(metrics_of(1));
  }
  { MetricsFile again(path, 0); }
  EXPECT_EQ(read_file(path), json_line(ValidationMetrics{0, 1, 0.5, 8, true, 1}) + "\n");
}

}  // namespace
}  // namespace prelude
