#include "launch/bench/loading_bench.h"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <optional>
#include <thread>

#include "core/error.h"
#include "core/io/posix.h"
#include "core/memory/reusing_allocator.h"
#include "core/t5/identity.h"
#include "core/t5/load.h"
#include "launch/bench/timing.h"

namespace prelude {
namespace {

constexpr std::int64_t piece_bytes = std::int64_t{16} << 20;

struct File {
  std::string path;
  std::int64_t bytes;
};

std::vector<File> files_of(const std::string& backbone) {
  std::vector<File> files;
  for (const SafetensorsFile& file : open_safetensors_folder(backbone)) {
    files.push_back({file.path(), static_cast<std::int64_t>(file.mapping()->size())});
  }
  return files;
}

// Clean pages that no process has mapped leave the page cache.
void drop_from_page_cache(const std::vector<File>& files) {
  for (const File& file : files) {
    const UniqueFd fd = open_for_reading(file.path);
    if (::fsync(fd.get()) != 0) fail_system("sync", file.path);
    const int error = ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
    ensure(error == 0, "posix_fadvise on {}: error {}", file.path, error);
  }
}

void read_piece(int fd, const std::string& path, std::int64_t offset, std::int64_t bytes, char* target) {
  while (bytes > 0) {
    const ssize_t got = ::pread(fd, target, static_cast<std::size_t>(bytes), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail_system("read", path);
    offset += got;
    target += got;
    bytes -= got;
  }
}

// Each of `threads` threads takes the next piece. Into `whole`, or where that is null through a buffer a thread.
void read_file(const File& file, int threads, char* whole) {
  const UniqueFd fd = open_for_reading(file.path);
  std::atomic<std::int64_t> next = 0;
  const auto work = [&] {
    std::vector<char> buffer(whole == nullptr ? static_cast<std::size_t>(piece_bytes) : 0);
    for (std::int64_t at = next.fetch_add(piece_bytes); at < file.bytes; at = next.fetch_add(piece_bytes)) {
      const std::int64_t size = std::min(piece_bytes, file.bytes - at);
      read_piece(fd.get(), file.path, at, size, whole == nullptr ? buffer.data() : whole + at);
    }
  };
  std::vector<std::jthread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(work);
  work();
}

void read_files(const std::vector<File>& files, int threads, bool keep) {
  for (const File& file : files) {
    const at::Tensor memory = keep ? at::empty({file.bytes}, at::kByte) : at::Tensor();  // [bytes]
    read_file(file, threads, keep ? static_cast<char*>(memory.mutable_data_ptr()) : nullptr);
  }
}

}  // namespace

void declare_loading_bench(OptionTable& table, LoadingBenchOptions& options) {
  table.add("cold", options.cold, "", "loading: drop the files from the page cache before each turn.");
}

LoadingBenchResult bench_loading(const LoadingBenchOptions& options, const Session& session) {
  require(!options.backbone.empty(), "--what loading needs --backbone DIR; make one with `prelude backbone create`");
  const std::vector<File> files = files_of(options.backbone);
  std::vector<double> loads;
  std::vector<double> reads;
  std::string identity;
  const auto prepare = [&] {
    release_free_tensor_memory();
    if (options.cold) drop_from_page_cache(files);
  };
  for (std::int64_t k = 0; k <= options.steps; ++k) {
    prepare();
    const double read = seconds_of([&] { read_files(files, session.threads, !options.cold); });
    prepare();
    std::string again;
    std::optional<Backbone> backbone;
    std::optional<Model> model;
    const double load = seconds_of([&] {
      backbone = load_backbone(options.backbone, session.device, session.dtype);
      model.emplace(take_model(*backbone));
      again = identity_of(piece_hashes(backbone->files, model->config()));
      if (!session.device.is_cpu()) wait_for(model->weights().embedding);
    });
    ensure(k == 0 || again == identity, "{}: hash {} became {}", options.backbone, identity, again);
    identity = again;
    if (k == 0) continue;  // warms up
    reads.push_back(read);
    loads.push_back(load);
  }
  LoadingBenchResult result;
  for (const File& file : files) result.bytes += file.bytes;
  result.load_seconds = median(loads);
  result.read_seconds = median(reads);
  result.cold = options.cold;
  return result;
}

BenchReport report_of(const LoadingBenchResult& result) {
  BenchReport report;
  report.json["bytes"] = result.bytes;
  report.json["cold"] = result.cold;
  report.json["load_seconds"] = result.load_seconds;
  report.json["load_bytes_per_second"] = result.load_rate();
  report.json["read_seconds"] = result.read_seconds;
  report.json["read_bytes_per_second"] = result.read_rate();
  report.json["ratio"] = result.load_rate() / result.read_rate();
  constexpr double giga = 1e9;
  report.text = fmt::format(
      "backbone    {:.2f} GB, {}\n"
      "load        {:.3f} s, {:.2f} GB/s, until the model is ready and hashed\n"
      "read        {:.3f} s, {:.2f} GB/s, {}\n"
      "ratio       {:.2f}\n",
      static_cast<double>(result.bytes) / giga, result.cold ? "not in the page cache" : "in the page cache",
      result.load_seconds, result.load_rate() / giga, result.read_seconds, result.read_rate() / giga,
      result.cold ? "through buffers" : "into fresh memory", result.load_rate() / result.read_rate());
  return report;
}

}  // namespace prelude
