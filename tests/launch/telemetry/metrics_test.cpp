#include "launch/telemetry/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using nlohmann::json;
using test::message_of;
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

class DamagedMetrics : public testing::Test {
 protected:
  static std::string lines(std::int64_t first, std::int64_t last) {
    std::string text;
    for (std::int64_t step = first; step <= last; ++step) text += json_line(metrics_of(step)) + "\n";
    return text;
  }
  std::string reopened(const std::string& content, std::int64_t last_step) {
    write_file(path_, content);
    const MetricsFile file(path_, last_step);
    notes_ = file.notes();
    return read_file(path_);
  }
  const TemporaryFolder folder_;
  const std::string path_ = folder_ / "metrics.jsonl";
  std::vector<std::string> notes_;
};

// What stands behind a damaged line is kept, and so is the file as it was.
TEST_F(DamagedMetrics, LinesBehindTheDamageStay) {
  const std::string damaged = lines(1, 4) + "{\"step\": 5, \"lo\x01\n" + lines(6, 9) + "\xff\n" + lines(10, 12);
  EXPECT_EQ(reopened(damaged, 11), lines(1, 4) + lines(6, 11));
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_EQ(notes_[0], "'" + path_ +
                           "': 2 of its lines are damaged, line 5 the first, and left out; the file as it was is '" +
                           path_ + ".damaged'");
  EXPECT_EQ(read_file(path_ + ".damaged"), damaged);
  EXPECT_EQ(reopened(damaged, 11), lines(1, 4) + lines(6, 11));
  EXPECT_EQ(read_file(path_ + ".damaged-2"), damaged);
}

TEST_F(DamagedMetrics, MissingLinesAreTold) {
  EXPECT_EQ(reopened(lines(1, 4) + std::string(300, '\0') + "\n", 9), lines(1, 4));
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_NE(notes_[0].find("1 of its lines are damaged, line 5 the first"), std::string::npos);
  EXPECT_EQ(reopened(lines(1, 4), 9), lines(1, 4));
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_NE(notes_[0].find("it has no line of step 9"), std::string::npos);
}

// A killed writer's last words are those of later steps.
TEST_F(DamagedMetrics, ATornEndIsNoDamage) {
  for (const std::string& torn :
       {std::string("{\"step\": 5"), std::string(500, '\0') + "\n" + lines(6, 6), lines(5, 8)}) {
    EXPECT_EQ(reopened(lines(1, 4) + torn, 4), lines(1, 4));
    EXPECT_TRUE(notes_.empty());
  }
  EXPECT_EQ(reopened("rubbish\n" + lines(1, 3), -1), "");
  EXPECT_TRUE(notes_.empty());
}

TEST_F(DamagedMetrics, AnEndlessLineIsRefused) {
  write_file(path_, lines(1, 2));
  std::filesystem::resize_file(path_, std::uintmax_t{1} << 42);
  EXPECT_EQ(message_of([&] { MetricsFile(path_, 5); }),
            "'" + path_ + "' holds a line without an end; move it away to resume the run");
  EXPECT_NE(message_of([&] { MetricsFile("/dev/zero", 5); }).find("is a device"), std::string::npos);
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
