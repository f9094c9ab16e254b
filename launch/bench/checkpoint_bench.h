// How long a checkpoint takes to be on disk, and to be read back.
#pragma once

#include <cstdint>
#include <string>

#include "launch/bench/report.h"
#include "launch/options.h"

namespace prelude {

struct CheckpointBenchOptions {
  std::int64_t prompt = 100;  // P
  std::int64_t d_model = 512;
  std::int64_t steps = 5;  // times to measure, after one that warms up
  std::uint64_t seed = 1;
  std::string folder = ".";
};

struct CheckpointBenchResult {
  std::int64_t prompt = 0;
  std::int64_t d_model = 0;
  std::int64_t bytes = 0;    // of the file
  double write_seconds = 0;  // median, until the file is durable (fsync of file and folder)
  double read_seconds = 0;   // median, checksum included; out of the page cache
  double write_rate() const { return static_cast<double>(bytes) / write_seconds; }  // bytes a second
  double read_rate() const { return static_cast<double>(bytes) / read_seconds; }
};

// --folder.
void declare_checkpoint_bench(OptionTable& table, CheckpointBenchOptions& options);

// Writes and reads in turn; the file is removed. Throws UserError where the folder cannot be written to.
CheckpointBenchResult bench_checkpoint(const CheckpointBenchOptions& options);

BenchReport report_of(const CheckpointBenchResult& result);

}  // namespace prelude
