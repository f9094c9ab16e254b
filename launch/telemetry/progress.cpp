#include "launch/telemetry/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace prelude {

std::string duration_text(double seconds) {
  constexpr double unbelievable = 1e9;
  if (!(seconds >= 0) || seconds > unbelievable) return "-";
  const auto total = static_cast<std::int64_t>(std::llround(seconds));
  const auto hours = total / 3600;
  const auto minutes = total / 60 % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, total % 60);
  return fmt::format("{}:{:02}", minutes, total % 60);
}

std::string amount_text(double amount) {
  if (amount < 999.5) return fmt::format("{:.0f}", amount);
  if (amount < 99.95e3) return fmt::format("{:.1f}k", amount / 1e3);
  if (amount < 999.5e3) return fmt::format("{:.0f}k", amount / 1e3);
  if (amount < 999.5e6) return fmt::format("{:.2f}M", amount / 1e6);
  return fmt::format("{:.2f}G", amount / 1e9);
}

LiveLine::Fields training_fields(const TrainingProgress& progress) {
  const auto total = fmt::format("{}", progress.steps);
  return {
      {"step", fmt::format("{:>{}}/{}", progress.step, total.size(), total)},
      {"loss", fmt::format("{:>8.4f}", progress.loss)},
      {"validation", progress.validation ? fmt::format("{:>8.4f}", *progress.validation) : fmt::format("{:>8}", "-")},
      {"rate", fmt::format("{:>9.3g}", progress.learning_rate)},
      {"tokens/s", fmt::format("{:>6}", amount_text(progress.tokens_per_second))},
      {"left", fmt::format("{:>8}", duration_text(progress.seconds_left))},
      {"padding", fmt::format("{:>5.1f}%", 100 * progress.padding)},  // last: a narrow screen loses it first
  };
}

std::string bar_text(double share) {
  constexpr std::size_t cells = 20;
  const auto full = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * cells);
  return fmt::format("[{}{}]", std::string(full, '#'), std::string(cells - full, '.'));
}

ProgressBar::ProgressBar(std::string what, std::string unit, std::int64_t total, Screen screen)
    : what_(std::move(what)), unit_(std::move(unit)), total_(total), line_(screen) {}

LiveLine::Fields ProgressBar::fields(double seconds) const {
  const auto done = static_cast<double>(done_);
  constexpr double soonest = 0.1;  // a rate over less is noise
  const double rate = seconds > soonest ? done / seconds : 0;
  const auto rate_text = fmt::format("{:>6} {}/s", amount_text(rate), unit_);
  if (total_ <= 0) return {{what_, fmt::format("{:>6} {}", amount_text(done), unit_)}, {"", rate_text}};
  const double share = done / static_cast<double>(total_);
  const double left = rate > 0 ? static_cast<double>(total_ - done_) / rate : -1;
  return {{what_, fmt::format("{} {:>3.0f}%", bar_text(share), 100 * share)},
          {"", rate_text},
          {"left", fmt::format("{:>8}", duration_text(left))}};
}

void ProgressBar::update(std::int64_t done) {
  const std::lock_guard lock(mutex_);
  done_ = done;
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  line_.show(fields(elapsed.count()));
}

void ProgressBar::message(const std::string& text) {
  const std::lock_guard lock(mutex_);
  line_.message(text);
}

void ProgressBar::finish() {
  const std::lock_guard lock(mutex_);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  line_.keep(fields(elapsed.count()));
}

}  // namespace prelude
