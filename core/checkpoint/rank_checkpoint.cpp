#include "core/checkpoint/rank_checkpoint.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <bit>
#include <limits>
#include <string_view>

#include "core/checkpoint/sealed_h5.h"
#include "core/error.h"
#include "core/io/h5.h"

namespace prelude {
namespace {

constexpr std::int64_t schema_version = 1;
constexpr std::string_view format_name = "prelude backbone checkpoint";

void write_tensor(h5::Writer& file, const std::string& name, const at::Tensor& tensor) {
  const at::Tensor plain = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
  file.write(name, h5::Type::float32, plain.sizes().vec(), plain.const_data_ptr<float>());
}

at::Tensor read_tensor(const h5::File& file, const std::string& name) {
  at::Tensor tensor = at::empty(file.describe(name).shape, at::kFloat);
  file.read(name, h5::Type::float32, tensor.mutable_data_ptr<float>());
  return tensor;
}

void write_content(h5::Writer& file, const RankCheckpoint& checkpoint) {
  file.write_attribute("format", std::string(format_name));
  file.write_attribute("schema_version", schema_version);
  if (!checkpoint.attempt.empty()) file.write_attribute("attempt", checkpoint.attempt);
  file.write_attribute("step", checkpoint.step);
  file.write_attribute("seed", std::bit_cast<std::int64_t>(checkpoint.seed));
  file.write_attribute("data_rank", std::int64_t{checkpoint.place.data_rank});
  file.write_attribute("data_size", std::int64_t{checkpoint.place.data_size});
  file.write_attribute("tensor_rank", std::int64_t{checkpoint.place.tensor_rank});
  file.write_attribute("tensor_size", std::int64_t{checkpoint.place.tensor_size});
  file.write_attribute("elements", checkpoint.elements);
  file.write_attribute("begin", checkpoint.begin);
  file.write_attribute("optimizer_steps", checkpoint.optimizer_steps);
  file.write_attribute("backbone_hash", checkpoint.backbone_hash);
  file.write_attribute("corpus_hash", checkpoint.corpus_hash);
  file.write_attribute("revision", checkpoint.revision);
  write_tensor(file, "/weights", checkpoint.weights);
  std::vector<std::string> names;
  for (const NamedTensor& part : checkpoint.optimizer) {
    ensure(!part.name.empty() && part.name.find('/') == std::string::npos, "an optimiser's state named '{}'",
           part.name);
    names.push_back(part.name);
    write_tensor(file, fmt::format("/optimizer/{}", part.name), part.value);
  }
  file.write_strings("/optimizer_names", names);
  file.write_text("/loop_state", checkpoint.loop_state);
  file.write_text("/configuration", checkpoint.configuration);
}

int small_attribute(const h5::File& file, const char* name, std::int64_t least) {
  const std::int64_t value = file.integer_attribute(name);
  require(value >= least && value <= std::numeric_limits<int>::max(), "'{}': {} is {}; the file is damaged",
          file.path(), name, value);
  return static_cast<int>(value);
}

std::string attempt_of(const h5::File& file) {
  return file.has_attribute("attempt") ? file.string_attribute("attempt") : "";
}

RankPlace read_place(const h5::File& file) {
  const RankPlace place{small_attribute(file, "data_rank", 0), small_attribute(file, "data_size", 1),
                        small_attribute(file, "tensor_rank", 0), small_attribute(file, "tensor_size", 1)};
  require(place.data_rank < place.data_size && place.tensor_rank < place.tensor_size,
          "'{}' is of data rank {} of {} and tensor rank {} of {}; the file is damaged", file.path(), place.data_rank,
          place.data_size, place.tensor_rank, place.tensor_size);
  return place;
}

}  // namespace

std::string rank_file_name(const RankPlace& place) {
  return fmt::format("rank-{:05}-of-{:05}.h5", place.rank(), place.ranks());
}

void write_rank_checkpoint(const std::string& path, const RankCheckpoint& checkpoint) {
  write_sealed_h5(path, [&](h5::Writer& file) { write_content(file, checkpoint); });
}

RankCheckpoint read_rank_checkpoint(const std::string& path) {
  verify_seal(path);
  const h5::File file = h5::File::open(path);
  require(file.has_attribute("format") && file.string_attribute("format") == format_name,
          "'{}' is no checkpoint of a backbone's training", path);
  const std::int64_t version = file.integer_attribute("schema_version");
  require(version == schema_version, "'{}' has schema {}; this program reads {}: use the version that wrote it", path,
          version, schema_version);
  RankCheckpoint checkpoint;
  checkpoint.attempt = attempt_of(file);
  checkpoint.step = file.integer_attribute("step");
  checkpoint.seed = std::bit_cast<std::uint64_t>(file.integer_attribute("seed"));
  checkpoint.place = read_place(file);
  checkpoint.elements = file.integer_attribute("elements");
  checkpoint.begin = file.integer_attribute("begin");
  checkpoint.optimizer_steps = file.integer_attribute("optimizer_steps");
  checkpoint.weights = read_tensor(file, "/weights");
  const bool fits = checkpoint.weights.dim() == 1 && checkpoint.begin >= 0 && checkpoint.begin <= checkpoint.elements &&
                    checkpoint.weights.numel() <= checkpoint.elements - checkpoint.begin;
  require(fits && checkpoint.step >= 0 && checkpoint.optimizer_steps >= 0,
          "'{}' holds {} weights from {} of {}, step {}; the file is damaged", path, checkpoint.weights.numel(),
          checkpoint.begin, checkpoint.elements, checkpoint.step);
  for (const std::string& name : file.read_strings("/optimizer_names")) {
    checkpoint.optimizer.push_back({name, read_tensor(file, fmt::format("/optimizer/{}", name))});
  }
  checkpoint.backbone_hash = file.string_attribute("backbone_hash");
  checkpoint.corpus_hash = file.string_attribute("corpus_hash");
  checkpoint.revision = file.string_attribute("revision");
  checkpoint.loop_state = file.read_text("/loop_state");
  checkpoint.configuration = file.read_text("/configuration");
  return checkpoint;
}

std::string read_attempt(const std::string& path) { return attempt_of(h5::File::open(path)); }

}  // namespace prelude
