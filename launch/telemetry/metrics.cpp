#include "launch/telemetry/metrics.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace prelude {
namespace {

using Json = nlohmann::ordered_json;

// Bytes of `path` that hold whole lines of steps <= last_step. Lines are in step order, so the first later one ends it.
std::uintmax_t bytes_to_keep(const std::string& path, std::int64_t last_step) {
  std::ifstream file(path, std::ios::binary);
  std::uintmax_t kept = 0;
  std::string line;
  while (std::getline(file, line) && !file.eof()) {
    const auto value = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!value.is_object() || !value.contains("step") || !value["step"].is_number_integer()) break;
    if (value["step"].get<std::int64_t>() > last_step) break;
    kept += line.size() + 1;
  }
  return kept;
}

}  // namespace

std::string json_line(const StepMetrics& metrics) {
  Json line{{"step", metrics.step},           {"loss", metrics.loss},     {"learning_rate", metrics.learning_rate},
            {"grad_norm", metrics.grad_norm}, {"tokens", metrics.tokens}, {"examples", metrics.examples}};
  line["padding"] = metrics.padding;
  if (metrics.skipped) line["skipped"] = true;
  line["step_seconds"] = metrics.step_seconds;
  line["tokens_per_second"] = metrics.tokens_per_second;
  return line.dump();
}

std::string json_line(const ValidationMetrics& metrics) {
  Json line{{"step", metrics.step}, {"validation_loss", metrics.loss}};
  if (metrics.accuracy) line["validation_accuracy"] = *metrics.accuracy;
  line["validation_examples"] = metrics.examples;
  line["best"] = metrics.best;
  line["validation_seconds"] = metrics.seconds;
  return line.dump();
}

MetricsFile::MetricsFile(const std::string& path, std::int64_t last_step) : path_(path) {
  const auto kept = bytes_to_keep(path, last_step);
  fd_ = UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (fd_.get() < 0 || ::ftruncate(fd_.get(), static_cast<off_t>(kept)) != 0) fail_system("write", path_);
}

void MetricsFile::append(std::string line) {
  line += '\n';
  for (std::size_t done = 0; done < line.size();) {
    const auto written = ::write(fd_.get(), line.data() + done, line.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_system("write", path_);
    done += static_cast<std::size_t>(written);
  }
}

void MetricsFile::sync() {
  if (::fdatasync(fd_.get()) != 0) fail_system("sync", path_);
}

}  // namespace prelude
