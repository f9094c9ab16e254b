#include "launch/telemetry/run_telemetry.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>
#include <numeric>
#include <vector>

#include "core/error.h"
#include "core/io/line_reader.h"
#include "core/io/paths.h"

namespace prelude {
namespace {

// A line of log.txt, with the local time.
std::string log_line(const char* level, const std::string& text) {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  std::array<char, 32> day{};
  std::strftime(day.data(), day.size(), "%Y-%m-%d %H:%M:%S", &local);
  return fmt::format("{}.{:03} {}: {}\n", day.data(), milliseconds, level, text);
}

}  // namespace

RunTelemetry::RunTelemetry(const RunFolder& folder, std::optional<std::int64_t> resumed, std::int64_t steps,
                           Screen screen)
    : metrics_(folder.metrics(), resumed.value_or(-1)),
      events_(folder.path(), resumed.value_or(-1) + 1),
      line_(screen),
      log_(folder.log()) {
  progress_.step = resumed.value_or(0);
  progress_.steps = steps;
  if (resumed) progress_.validation = summarise(folder.metrics()).last_validation;
  for (const std::string& note : metrics_.notes()) warning(note);
}

void RunTelemetry::step(const StepMetrics& metrics) {
  metrics_.write(metrics);
  events_.scalar("loss", metrics.loss, metrics.step);
  events_.scalar("learning_rate", metrics.learning_rate, metrics.step);
  events_.scalar("grad_norm", metrics.grad_norm, metrics.step);
  events_.scalar("tokens_per_second", metrics.tokens_per_second, metrics.step);
  events_.scalar("padding", metrics.padding, metrics.step);

  constexpr double keep = 0.9;
  smooth_seconds_ =
      smooth_seconds_ == 0 ? metrics.step_seconds : keep * smooth_seconds_ + (1 - keep) * metrics.step_seconds;
  progress_.step = metrics.step;
  progress_.loss = metrics.loss;
  progress_.learning_rate = metrics.learning_rate;
  progress_.tokens_per_second = metrics.tokens_per_second;
  progress_.padding = metrics.padding;
  progress_.seconds_left = smooth_seconds_ * static_cast<double>(progress_.steps - metrics.step);
  const bool last = metrics.step == progress_.steps;
  last ? line_.keep(training_fields(progress_)) : line_.show(training_fields(progress_));
}

void RunTelemetry::validation(const ValidationMetrics& metrics) {
  metrics_.write(metrics);
  events_.scalar("validation_loss", metrics.loss, metrics.step);
  if (metrics.accuracy) events_.scalar("validation_accuracy", *metrics.accuracy, metrics.step);
  progress_.validation = metrics.loss;
  const std::string measure = metrics.accuracy ? fmt::format("accuracy {:.3f}", *metrics.accuracy)
                                               : fmt::format("perplexity {:.2f}", std::exp(metrics.loss));
  message(fmt::format("validation at step {}: loss {:.4f}, {} of {} examples{}", metrics.step, metrics.loss, measure,
                      metrics.examples, metrics.best ? ", the best so far" : ""));
}

void RunTelemetry::message(const std::string& text) {
  log_.append(log_line("info", text));
  line_.message(text);
}

void RunTelemetry::warning(const std::string& text) {
  log_.append(log_line("warning", text));
  line_.message(fmt::format("warning: {}", text));
}

void RunTelemetry::sync() { metrics_.sync(); }

void RunTelemetry::finish() {
  metrics_.close();
  events_.close();
  log_.close();
}

RunSummary summarise(const std::string& metrics_path) {
  RunSummary summary;
  std::vector<double> losses;
  if (!path_exists(metrics_path)) return summary;
  constexpr std::int64_t longest_line = std::int64_t{1} << 20;
  LineReader lines(metrics_path, longest_line);
  std::string line;
  for (auto status = lines.next(line); status == LineReader::Status::line || status == LineReader::Status::too_long;
       status = lines.next(line)) {
    const auto value = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!value.is_object()) continue;
    if (value.contains("loss") && value["loss"].is_number()) losses.push_back(value["loss"].get<double>());
    if (!value.contains("validation_loss") || !value["validation_loss"].is_number()) continue;
    const auto loss = value["validation_loss"].get<double>();
    if (!summary.first_validation) summary.first_validation = loss;
    if (value.contains("validation_accuracy")) {
      summary.last_accuracy = value.value("validation_accuracy", 0.0);
      if (!summary.first_accuracy) summary.first_accuracy = summary.last_accuracy;
    }
    if (!summary.best_validation || loss < *summary.best_validation) {
      summary.best_validation = loss;
      summary.best_step = value.value("step", std::int64_t{0});
    }
    summary.last_validation = loss;
  }
  constexpr std::ptrdiff_t most_averaged = 10;
  const auto averaged =
      std::min(most_averaged, static_cast<std::ptrdiff_t>(losses.size() / 2));  // no step at both ends
  if (averaged == 0) return summary;
  summary.averaged_steps = averaged;
  const auto count = static_cast<double>(averaged);
  summary.first_loss = std::accumulate(losses.begin(), losses.begin() + averaged, 0.0) / count;
  summary.last_loss = std::accumulate(losses.end() - averaged, losses.end(), 0.0) / count;
  return summary;
}

}  // namespace prelude
