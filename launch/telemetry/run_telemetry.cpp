#include "launch/telemetry/run_telemetry.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <vector>

#include "core/error.h"
#include "core/io/line_reader.h"
#include "core/io/paths.h"

namespace prelude {
namespace {

std::shared_ptr<spdlog::logger> open_log(const std::string& path) {
  try {
    auto log = std::make_shared<spdlog::logger>("run", std::make_shared<spdlog::sinks::basic_file_sink_mt>(path));
    log->set_pattern("%Y-%m-%d %H:%M:%S.%e %l: %v");
    log->flush_on(spdlog::level::info);
    return log;
  } catch (const spdlog::spdlog_ex& error) {
    fail("cannot write '{}': {}", path, error.what());
  }
}

}  // namespace

RunTelemetry::RunTelemetry(const RunFolder& folder, std::optional<std::int64_t> resumed, std::int64_t steps,
                           Screen screen)
    : metrics_(folder.metrics(), resumed.value_or(-1)),
      events_(folder.path(), resumed.value_or(-1) + 1),
      line_(screen),
      log_(open_log(folder.log())) {
  progress_.step = resumed.value_or(0);
  progress_.steps = steps;
  for (const std::string& note : metrics_.notes()) warning(note);
}

RunTelemetry::~RunTelemetry() = default;

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
  log_->info(text);
  line_.message(text);
}

void RunTelemetry::warning(const std::string& text) {
  log_->warn(text);
  line_.message(fmt::format("warning: {}", text));
}

void RunTelemetry::sync() { metrics_.sync(); }

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
