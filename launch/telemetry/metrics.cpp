#include "launch/telemetry/metrics.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/paths.h"

namespace prelude {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t longest_line = std::size_t{1} << 20;
constexpr std::size_t most_passed_over = std::size_t{1} << 30;

// The whole lines of the file with the bytes that they take, in bounded memory.
class WholeLines {
 public:
  explicit WholeLines(const std::string& path) : path_(path), fd_(open_for_reading(path)), buffer_(1U << 16U) {}

  // False where no whole line follows. A line of more than longest_line is given cut, as the damage that it is.
  bool next(std::string& line) {
    line.clear();
    bytes_ = 0;
    for (;;) {
      if (begin_ == end_) {
        begin_ = 0;
        end_ = read_some(fd_, buffer_.data(), buffer_.size(), path_);
        if (end_ == 0) return false;
      }
      const char* from = buffer_.data() + begin_;
      const auto* stop = static_cast<const char*>(std::memchr(from, '\n', end_ - begin_));
      const std::size_t count = stop == nullptr ? end_ - begin_ : static_cast<std::size_t>(stop - from);
      if (line.size() <= longest_line) line.append(from, count);
      begin_ += count + (stop == nullptr ? 0 : 1);
      bytes_ += count + (stop == nullptr ? 0 : 1);
      if (stop != nullptr) return true;
      require(bytes_ <= most_passed_over, "'{}' holds a line without an end; move it away to resume the run", path_);
    }
  }
  std::size_t bytes() const { return bytes_; }  // of the line given last, its end included

 private:
  const std::string& path_;
  UniqueFd fd_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t bytes_ = 0;
};

// The step of a line; none where the line is damaged.
std::optional<std::int64_t> step_of(const std::string& line) {
  if (line.size() > longest_line) return {};
  const auto value = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object() || !value.contains("step") || !value["step"].is_number_integer()) return {};
  return value["step"].get<std::int64_t>();
}

// What of a file is kept for a run that resumes at `last_step`. Lines are in step order, so the first later one ends
// it.
struct Kept {
  std::uintmax_t bytes = 0;           // from the start of the file to the end of the last line kept
  std::int64_t last = -1;             // its step
  std::vector<std::int64_t> damaged;  // line numbers before it
};

Kept find_kept(const std::string& path, std::int64_t last_step) {
  Kept kept;
  WholeLines lines(path);
  std::uintmax_t read = 0;
  std::int64_t number = 0;
  std::vector<std::int64_t> damaged;
  for (std::string line; lines.next(line);) {
    ++number;
    read += lines.bytes();
    const auto step = step_of(line);
    if (!step) {
      damaged.push_back(number);
    } else if (*step > last_step) {
      break;
    } else {
      kept = {read, *step, damaged};
    }
  }
  // Damage at the end is that of later steps, unless the lines up to here are not all.
  if (kept.last < last_step) kept.damaged = damaged;
  return kept;
}

// The file as it is, under a name beside it that is free.
std::string keep_copy(const std::string& path) {
  std::string copy = path + ".damaged";
  for (int i = 2; path_exists(copy); ++i) copy = fmt::format("{}.damaged-{}", path, i);
  std::error_code error;
  std::filesystem::create_hard_link(path, copy, error);
  if (error) copy_file_atomically(path, copy);
  return copy;
}

// Writes the lines of the first `bytes` anew, those that are damaged left out; the bytes that it has then.
std::uintmax_t leave_out_damaged(const std::string& path, std::uintmax_t bytes) {
  AtomicFile file(path);
  WholeLines lines(path);
  std::uintmax_t read = 0;
  std::uintmax_t written = 0;
  for (std::string line; read < bytes && lines.next(line); read += lines.bytes()) {
    if (!step_of(line)) continue;
    file.write(line + "\n");
    written += line.size() + 1;
  }
  file.commit();
  return written;
}

// Leaves the lines that a run resumed at `last_step` keeps at the start of the file, and says how many bytes they take.
std::uintmax_t keep_lines(const std::string& path, std::int64_t last_step, std::vector<std::string>& notes) {
  if (!path_exists(path)) return 0;
  const Kept kept = find_kept(path, last_step);
  if (kept.damaged.empty() && (kept.last >= last_step || last_step <= 0)) return kept.bytes;
  const std::string copy = keep_copy(path);
  const std::string damage = kept.damaged.empty()
                                 ? fmt::format("it has no line of step {}", last_step)
                                 : fmt::format("{} of its lines are damaged, line {} the first, and left out",
                                               kept.damaged.size(), kept.damaged.front());
  notes.push_back(fmt::format("'{}': {}; the file as it was is '{}'", path, damage, copy));
  return leave_out_damaged(path, kept.bytes);
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

MetricsFile::MetricsFile(const std::string& path, std::int64_t last_step)
    : kept_(keep_lines(path, last_step, notes_)), file_(path) {
  file_.cut(kept_);
}

void MetricsFile::append(std::string line) {
  line += '\n';
  file_.append(line);
}

}  // namespace prelude
