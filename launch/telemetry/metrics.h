// metrics.jsonl: one JSON object a line, in step order (docs/formats.md, "Run folder").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/io/append_file.h"

namespace prelude {

// One update. Fields whose names end in `seconds` or `per_second` differ from run to run; all others are a function of
// the configuration.
struct StepMetrics {
  std::int64_t step = 0;      // updates done, this one counted
  double loss = 0;            // mean over the batch's label tokens, before the update; null where not finite
  double learning_rate = 0;   // of this update
  double grad_norm = 0;       // before clipping; null where not finite
  std::int64_t tokens = 0;    // real source (without prompt rows) and label tokens of this step, all ranks
  std::int64_t examples = 0;  // of this step
  // Share of the encoder positions computed, prompt rows included, that were padding: of all ranks, or, where ranks
  // share samples (--reduction fast on several data-parallel ranks), of the first one's.
  double padding = 0;
  bool skipped = false;  // not finite: no update was made; written only where true
  double step_seconds = 0;
  double tokens_per_second = 0;
};

struct ValidationMetrics {
  std::int64_t step = 0;  // updates done before it
  double loss = 0;        // mean over label tokens
  // Share of examples whose right label word is the likeliest of the label words; written only where there is one.
  std::optional<double> accuracy;
  std::int64_t examples = 0;
  bool best = false;  // lower than every one before
  double seconds = 0;
};

// One line without its end. Doubles are written so that they read back exactly.
std::string json_line(const StepMetrics& metrics);
std::string json_line(const ValidationMetrics& metrics);

class MetricsFile {
 public:
  // Opens for appending after dropping every line of a step after `last_step`, and what a writer that was killed left
  // behind them. Where lines before them are damaged or missing, those that can be read stay, the file as it was is
  // kept beside (PATH.damaged), and notes() says so. Throws UserError where the file is no regular one or cannot be
  // read.
  MetricsFile(const std::string& path, std::int64_t last_step);
  // What was lost, a line each.
  const std::vector<std::string>& notes() const { return notes_; }
  void write(const StepMetrics& metrics) { append(json_line(metrics)); }
  void write(const ValidationMetrics& metrics) { append(json_line(metrics)); }
  // On disk when it returns; called before a checkpoint, so that lines never lag behind it.
  void sync() { file_.sync(); }
  void close() { file_.close(); }

 private:
  void append(std::string line);

  std::vector<std::string> notes_;
  std::uint64_t kept_;  // bytes of the file as it was
  AppendFile file_;
};

}  // namespace prelude
