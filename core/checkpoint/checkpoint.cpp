#include "core/checkpoint/checkpoint.h"

#include <ATen/ATen.h>

#include <bit>
#include <string_view>

#include "core/checkpoint/sealed_h5.h"
#include "core/error.h"
#include "core/io/h5.h"
#include "core/io/not_finite.h"

namespace prelude {
namespace {

constexpr std::int64_t schema_version = 1;
constexpr std::string_view format_name = "prelude checkpoint";

void write_tensor(h5::Writer& file, const std::string& name, const at::Tensor& tensor) {
  const at::Tensor plain = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
  file.write(name, h5::Type::float32, plain.sizes().vec(), plain.data_ptr<float>());
}

void write_content(h5::Writer& file, const Checkpoint& checkpoint) {
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
}

at::Tensor read_tensor(const h5::File& file, const std::string& name) {
  const h5::Dataset dataset = file.describe(name);
  at::Tensor tensor = at::empty(dataset.shape, at::kFloat);
  file.read(name, h5::Type::float32, tensor.data_ptr<float>());
  return tensor;
}

void check_finite(const std::string& path, const std::string& name, const at::Tensor& tensor) {
  const auto count = count_not_finite(TensorType::f32, {static_cast<const std::byte*>(tensor.const_data_ptr()),
                                                        static_cast<std::size_t>(tensor.nbytes())});
  require(!count.any(), "'{}': {} holds {}", path, name, text_of(count, tensor.sizes().vec()));
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
  write_sealed_h5(path, [&](h5::Writer& file) { write_content(file, checkpoint); });
}

Checkpoint read_checkpoint(const std::string& path) {
  verify_seal(path);
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
  for (const NamedTensor& part : checkpoint.delta) check_finite(path, part.name, part.value);
  check_finite(path, "exp_avg", checkpoint.exp_avg);
  check_finite(path, "exp_avg_sq", checkpoint.exp_avg_sq);
  checkpoint.loop_state = file.read_text("/loop_state");
  checkpoint.configuration = file.read_text("/configuration");
  return checkpoint;
}

}  // namespace prelude
