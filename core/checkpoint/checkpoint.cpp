#include "core/checkpoint/checkpoint.h"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/checksum.h"
#include "core/io/h5.h"
#include "core/io/mapped_file.h"
#include "core/io/posix.h"

namespace prelude {
namespace {

constexpr std::int64_t schema_version = 1;
constexpr std::string_view format_name = "prelude checkpoint";

// The last bytes of the file, after HDF5's own end: this mark and the XXH3-128 (32 hex digits) of all bytes before it.
// HDF5 and its tools ignore what follows their end.
constexpr std::string_view trailer_mark = "\nprelude-xxh3 ";
constexpr std::size_t trailer_size = trailer_mark.size() + 32;

class RemoveOnFailure {
 public:
  explicit RemoveOnFailure(std::string path) : path_(std::move(path)) {}
  RemoveOnFailure(const RemoveOnFailure&) = delete;
  RemoveOnFailure& operator=(const RemoveOnFailure&) = delete;
  ~RemoveOnFailure() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  void keep() { path_.clear(); }

 private:
  std::string path_;
};

void write_tensor(h5::File& file, const std::string& name, const at::Tensor& tensor) {
  const at::Tensor plain = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
  file.write(name, h5::Type::float32, plain.sizes().vec(), plain.data_ptr<float>());
}

void write_content(const std::string& path, const Checkpoint& checkpoint) {
  h5::File file = h5::File::create(path);
  file.write_attribute("format", std::string(format_name));
  file.write_attribute("schema_version", schema_version);
  file.write_attribute("step", checkpoint.step);
  file.write_attribute("seed", std::bit_cast<std::int64_t>(checkpoint.seed));
  file.write_attribute("optimizer_steps", checkpoint.optimizer_steps);
  file.write_attribute("backbone_hash", checkpoint.backbone_hash);
  file.write_attribute("corpus_hash", checkpoint.corpus_hash);
  file.write_attribute("revision", checkpoint.revision);
  std::vector<std::string> names;
  for (const NamedTensor& part : checkpoint.delta) {
    ensure(!part.name.empty() && part.name.find('/') == std::string::npos, "a delta part named '{}'", part.name);
    names.push_back(part.name);
    write_tensor(file, "/delta/" + part.name, part.value);
  }
  file.write_strings("/delta_names", names);
  write_tensor(file, "/optimizer/exp_avg", checkpoint.exp_avg);
  write_tensor(file, "/optimizer/exp_avg_sq", checkpoint.exp_avg_sq);
  file.write_text("/loop_state", checkpoint.loop_state);
  file.write_text("/configuration", checkpoint.configuration);
  file.close();
}

void append_trailer(const std::string& path, const std::string& shown_path) {
  const std::string trailer = std::string(trailer_mark) + xxh3_128_of_file(path);
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (fd.get() < 0) fail_system("write", shown_path);
  const ssize_t written = ::write(fd.get(), trailer.data(), trailer.size());
  if (written >= 0 && static_cast<std::size_t>(written) != trailer.size()) errno = ENOSPC;
  if (written != static_cast<ssize_t>(trailer.size())) fail_system("write", shown_path);
}

void verify_trailer(const std::string& path) {
  const MappedFile file = MappedFile::open(path);
  const std::string_view bytes = file.text();
  const bool marked =
      bytes.size() > trailer_size && bytes.substr(bytes.size() - trailer_size).starts_with(trailer_mark);
  require(marked, "'{}' is no checkpoint, or is cut short (its last {} bytes are no checksum)", path, trailer_size);
  const std::string_view content = bytes.substr(0, bytes.size() - trailer_size);
  require(bytes.substr(bytes.size() - 32) == xxh3_128(content.data(), content.size()),
          "'{}' is damaged: its bytes do not have the checksum that it ends with", path);
}

at::Tensor read_tensor(const h5::File& file, const std::string& name) {
  const h5::Dataset dataset = file.describe(name);
  at::Tensor tensor = at::empty(dataset.shape, at::kFloat);
  file.read(name, h5::Type::float32, tensor.data_ptr<float>());
  return tensor;
}

void check_moments(const Checkpoint& checkpoint, const std::string& path) {
  std::int64_t elements = 0;
  for (const NamedTensor& part : checkpoint.delta) elements += part.value.numel();
  for (const at::Tensor& moment : {checkpoint.exp_avg, checkpoint.exp_avg_sq}) {
    require(moment.dim() == 1 && moment.numel() == elements,
            "'{}': the optimiser's state has {} elements, the delta {}; the file was not written by this program", path,
            moment.numel(), elements);
  }
}

}  // namespace

void write_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  const std::string temporary = temporary_name(path);
  RemoveOnFailure guard(temporary);
  write_content(temporary, checkpoint);
  append_trailer(temporary, path);
  seal_file(path);
  guard.keep();
}

Checkpoint read_checkpoint(const std::string& path) {
  verify_trailer(path);
  const h5::File file = h5::File::open(path);
  require(file.has_attribute("format") && file.string_attribute("format") == format_name, "'{}' is no checkpoint",
          path);
  const std::int64_t version = file.integer_attribute("schema_version");
  require(version == schema_version,
          "'{}' has checkpoint schema {}; this program reads {}: use the version that wrote it", path, version,
          schema_version);
  Checkpoint checkpoint;
  checkpoint.step = file.integer_attribute("step");
  checkpoint.seed = std::bit_cast<std::uint64_t>(file.integer_attribute("seed"));
  checkpoint.optimizer_steps = file.integer_attribute("optimizer_steps");
  require(checkpoint.step >= 0 && checkpoint.optimizer_steps >= 0, "'{}' is at step {} with {} updates", path,
          checkpoint.step, checkpoint.optimizer_steps);
  checkpoint.backbone_hash = file.string_attribute("backbone_hash");
  checkpoint.corpus_hash = file.string_attribute("corpus_hash");
  checkpoint.revision = file.string_attribute("revision");
  for (const std::string& name : file.read_strings("/delta_names")) {
    checkpoint.delta.push_back({name, read_tensor(file, "/delta/" + name)});
  }
  checkpoint.exp_avg = read_tensor(file, "/optimizer/exp_avg");
  checkpoint.exp_avg_sq = read_tensor(file, "/optimizer/exp_avg_sq");
  check_moments(checkpoint, path);
  checkpoint.loop_state = file.read_text("/loop_state");
  checkpoint.configuration = file.read_text("/configuration");
  return checkpoint;
}

}  // namespace prelude
