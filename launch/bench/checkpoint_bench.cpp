#include "launch/bench/checkpoint_bench.h"

#include <ATen/ATen.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "core/checkpoint/checkpoint.h"
#include "core/delta/prompt_init.h"
#include "core/error.h"
#include "launch/bench/timing.h"

namespace prelude {
namespace {

// What a run keeps of a prompt and its optimiser, of random numbers.
Checkpoint random_checkpoint(const CheckpointBenchOptions& options) {
  RandomStream stream(options.seed, Purpose::test, 0);
  const auto draw = [&] { return prompt_normal(options.prompt, options.d_model, 1.0, stream); };  // [P,D]
  Checkpoint checkpoint;
  checkpoint.seed = options.seed;
  checkpoint.delta = {{"prompt_embeddings", draw()}};
  checkpoint.exp_avg = draw().flatten();
  checkpoint.exp_avg_sq = draw().square().flatten();
  return checkpoint;
}

// A name that no other process has, gone at the end whatever happens.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& folder) : path_(fmt::format("{}/bench-{}.h5", folder, ::getpid())) {}
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() { ::unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

void declare_checkpoint_bench(OptionTable& table, CheckpointBenchOptions& options) {
  table.add("folder", options.folder, "DIR", "checkpoint: a folder on the disk that is measured.");
}

CheckpointBenchResult bench_checkpoint(const CheckpointBenchOptions& options) {
  require(std::filesystem::is_directory(options.folder), "--folder: '{}' is no folder; make it", options.folder);
  const Checkpoint checkpoint = random_checkpoint(options);
  const ScratchFile file(options.folder);
  std::vector<double> writes;
  std::vector<double> reads;
  for (std::int64_t k = 0; k <= options.steps; ++k) {
    Checkpoint again;
    const double write = seconds_of([&] { write_checkpoint(file.path(), checkpoint); });
    const double read = seconds_of([&] { again = read_checkpoint(file.path()); });
    ensure(at::equal(again.exp_avg, checkpoint.exp_avg), "a checkpoint came back with other numbers");
    if (k == 0) continue;  // warms up
    writes.push_back(write);
    reads.push_back(read);
  }
  CheckpointBenchResult result;
  result.prompt = options.prompt;
  result.d_model = options.d_model;
  result.bytes = static_cast<std::int64_t>(std::filesystem::file_size(file.path()));
  result.write_seconds = median(writes);
  result.read_seconds = median(reads);
  return result;
}

BenchReport report_of(const CheckpointBenchResult& result) {
  BenchReport report;
  report.json["prompt"] = result.prompt;
  report.json["d_model"] = result.d_model;
  report.json["bytes"] = result.bytes;
  report.json["write_seconds"] = result.write_seconds;
  report.json["write_bytes_per_second"] = result.write_rate();
  report.json["read_seconds"] = result.read_seconds;
  report.json["read_bytes_per_second"] = result.read_rate();
  constexpr double mega = 1e6;
  report.text = fmt::format(
      "checkpoint  {:.2f} MB: prompt {} x {} and its optimiser\n"
      "write       {:.2f} ms, {:.0f} MB/s, until it is durable\n"
      "read        {:.2f} ms, {:.0f} MB/s, out of the page cache, checksum and all\n",
      static_cast<double>(result.bytes) / mega, result.prompt, result.d_model, result.write_seconds * 1e3,
      result.write_rate() / mega, result.read_seconds * 1e3, result.read_rate() / mega);
  return report;
}

}  // namespace prelude
