// How fast a backbone is loaded, beside how fast its files can be read at all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "launch/bench/report.h"
#include "launch/options.h"
#include "launch/session.h"

namespace prelude {

struct LoadingBenchOptions {
  std::string backbone;
  std::int64_t steps = 5;  // turns to measure, after one that warms up
  bool cold = false;       // the files' pages are dropped from the page cache before each turn
};

struct LoadingBenchResult {
  std::int64_t bytes = 0;   // of the files
  double load_seconds = 0;  // median, until the model is ready and every byte of it is hashed, as pretrain does it
  double read_seconds = 0;  // median, the files' bytes by pread with as many threads: cold through a buffer a thread,
                            // else into memory that is as fresh as the model's
  bool cold = false;
  double load_rate() const { return static_cast<double>(bytes) / load_seconds; }  // bytes a second
  double read_rate() const { return static_cast<double>(bytes) / read_seconds; }
};

// --cold.
void declare_loading_bench(OptionTable& table, LoadingBenchOptions& options);

// Loads and reads in turn. Throws UserError where the backbone cannot be loaded.
LoadingBenchResult bench_loading(const LoadingBenchOptions& options, const Session& session);

BenchReport report_of(const LoadingBenchResult& result);

}  // namespace prelude
