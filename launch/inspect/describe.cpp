#include "launch/inspect/describe.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/checkpoint/checkpoint_folder.h"
#include "core/checkpoint/rank_checkpoint_folder.h"
#include "core/delta/prompt_file.h"
#include "core/error.h"
#include "core/io/float_array.h"
#include "core/io/folder_kind.h"
#include "core/io/folders.h"
#include "core/io/line_reader.h"
#include "core/io/paths.h"
#include "core/io/safetensors.h"
#include "core/t5/identity.h"
#include "core/t5/load.h"
#include "core/text/tokenizer_files.h"
#include "launch/backbone_identity.h"
#include "launch/inspect/backbone_training.h"
#include "launch/inspect/finite_check.h"
#include "launch/inspect/tuning.h"
#include "launch/train/train_state.h"
#include "tasks/corpus/corpus.h"
#include "tasks/corpus/recorded_shards.h"
#include "tasks/corpus/verify.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;
using Facts = nlohmann::ordered_json;

constexpr const char* headers_only = "headers are sound; --verify reads every byte";
constexpr const char* all_read = "sound, every byte read";

std::int64_t bytes_under(const fs::path& path) {
  if (fs::is_regular_file(path)) return static_cast<std::int64_t>(fs::file_size(path));
  std::int64_t sum = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) sum += static_cast<std::int64_t>(entry.file_size());
  }
  return sum;
}

at::ScalarType scalar_type(const SafetensorsFile& file) {
  require(!file.tensors().empty(), "'{}' holds no tensor", file.path());
  switch (file.tensors().front().type) {
    case TensorType::f64:
      return at::kDouble;
    case TensorType::f16:
      return at::kHalf;
    case TensorType::bf16:
      return at::kBFloat16;
    default:
      return at::kFloat;
  }
}

std::string activation_name(Activation activation) {
  switch (activation) {
    case Activation::relu:
      return "relu";
    case Activation::gelu:
      return "gelu";
    case Activation::gelu_tanh:
      return "gelu (tanh)";
    case Activation::silu:
      return "silu";
  }
  throw InternalError("an activation of no known kind");
}

// Loaded in the type of its file, so that tensors stay in the mapping and only what is looked at is read.
Facts describe_backbone(const std::string& path, bool read_all) {
  const at::ScalarType type = scalar_type(open_safetensors_folder(path).front());
  Backbone backbone = load_backbone(path, at::kCPU, type);
  const T5Config& config = backbone.config;
  const std::int64_t bytes = backbone.weights.bytes();
  Facts facts{{"kind", "backbone"},
              {"parameters", bytes / static_cast<std::int64_t>(c10::elementSize(type))},
              {"dtype", std::string(c10::toString(type))},
              {"weight_bytes", bytes},
              {"layers", std::to_string(config.num_layers) + " + " + std::to_string(config.num_decoder_layers)},
              {"d_model", config.d_model},
              {"heads", config.num_heads},
              {"d_kv", config.d_kv},
              {"d_ff", config.d_ff},
              {"vocabulary", config.vocab_size},
              {"feed_forward", std::string(config.gated ? "gated " : "plain ") + activation_name(config.activation)},
              {"tied_embeddings", config.tie_word_embeddings},
              {"tokenizer", backbone.tokenizer_path.empty() ? std::string("none")
                                                            : tokenizer_files(backbone.tokenizer_path).front()}};
  std::vector<std::string> not_finite;
  if (read_all) {
    facts["weights_xxh3"] = identity_of(piece_hashes(backbone.files, config));
    for (const SafetensorsFile& file : backbone.files) {
      for (std::string& line : not_finite_in(file.tensors())) not_finite.push_back(std::move(line));
    }
  }
  set_validity(facts, not_finite, read_all ? all_read : headers_only);
  return facts;
}

Facts describe_corpus(const std::string& path, bool read_all) {
  const Corpus corpus = Corpus::open(path);
  if (read_all) verify_corpus(path);
  const Manifest& manifest = corpus.manifest();
  Facts facts{{"kind", "corpus"},
              {"documents", corpus.documents()},
              {"sentences", corpus.sentences()},
              {"tokens", corpus.tokens()},
              {"labels", corpus.has_labels()},
              {"shards", manifest.shards.size()},
              {"splitter", manifest.sentences},
              {"vocabulary", manifest.vocabulary_size},
              {"tokenizer_sha256", manifest.tokenizer_sha256}};
  if (!manifest.labelling.empty()) facts["labelling"] = to_json(manifest.labelling);
  facts["validity"] = read_all ? all_read : headers_only;
  return facts;
}

Facts describe_prompt(const std::string& path) {
  const Prompt prompt = read_prompt(path);
  const at::Tensor norms = at::linalg_vector_norm(prompt.rows, 2, {1});
  Facts facts{{"kind", "prompt"},
              {"rows", prompt.rows.size(0)},
              {"width", prompt.rows.size(1)},
              {"parameters", prompt.rows.numel()},
              {"smallest_row_norm", norms.min().item<double>()},
              {"largest_row_norm", norms.max().item<double>()},
              {"base_model", prompt.base_model.empty() ? std::string("not known") : prompt.base_model},
              {"scale", prompt.scale},
              {"origin", prompt.origin},
              {"validity", "sound, every number is finite"}};
  if (!prompt.notes.empty()) facts["notes"] = prompt.notes;
  return facts;
}

Facts describe_checkpoint(const std::string& path) {
  const Checkpoint checkpoint = read_checkpoint(path);
  Facts parts = Facts::array();
  for (const NamedTensor& part : checkpoint.delta) {
    parts.push_back(part.name + ": " + shape_text(part.value.sizes().vec()));
  }
  const TrainState state = parse_state(checkpoint.loop_state);
  Facts facts{{"kind", "checkpoint"},
              {"step", checkpoint.step},
              {"seed", checkpoint.seed},
              {"delta", parts},
              {"trained_numbers", checkpoint.exp_avg.numel()},
              {"updates", checkpoint.optimizer_steps},
              {"best_step", state.best_step}};
  if (state.best_step >= 0) facts["best_loss"] = state.best_loss;
  facts["backbone_hash"] = weights_of(checkpoint.backbone_hash);
  facts["backbone_identity"] = checkpoint.backbone_hash;
  facts["corpus_hash"] = checkpoint.corpus_hash;
  facts["revision"] = checkpoint.revision;
  facts["configuration"] = checkpoint.configuration;
  facts["validity"] = all_read;
  return facts;
}

std::int64_t lines_of(const std::string& path) {
  if (!path_exists(path)) return 0;
  constexpr std::int64_t longest_line = std::int64_t{1} << 20;
  LineReader lines(path, longest_line);
  std::string line;
  auto status = lines.next(line);
  while (status == LineReader::Status::line || status == LineReader::Status::too_long) status = lines.next(line);
  require(status == LineReader::Status::end, "{}:{}: {}", path, lines.line_number(), lines.damage());
  return lines.line_number();
}

Facts describe_run(const std::string& path) {
  const std::string checkpoints = path + "/checkpoints";
  Facts facts{{"kind", "run"}, {"metrics_lines", lines_of(path + "/metrics.jsonl")}};
  if (!list_rank_checkpoints(checkpoints).empty()) {
    facts.update(describe_backbone_checkpoints(path));
    if (fs::exists(path + "/backbone")) facts["backbone"] = path + "/backbone";
    return facts;
  }
  const NewestCheckpoint newest = newest_readable_checkpoint(checkpoints);
  Facts steps = Facts::array();
  for (const CheckpointEntry& entry : list_checkpoints(checkpoints)) steps.push_back(entry.step);
  facts["checkpoint_steps"] = steps;
  if (newest.checkpoint) {
    const Facts state = describe_checkpoint(newest.path);
    for (const auto& [name, value] : state.items()) {
      if (name != "kind" && name != "validity") facts[name] = value;
    }
  }
  for (const auto* name : {"prompt", "prompt-best"}) {
    if (fs::exists(fs::path(path) / name)) facts[name] = (fs::path(path) / name).string();
  }
  facts["validity"] = newest.skipped.empty() ? "sound" : "goes on from the newest readable checkpoint";
  if (!newest.skipped.empty()) facts["notes"] = newest.skipped;
  return facts;
}

Facts describe_safetensors(const std::string& path, bool read_all) {
  const SafetensorsFile file(path);
  Facts tensors = Facts::array();
  for (const TensorBytes& tensor : file.tensors()) {
    tensors.push_back(fmt::format("{}: {}, {}", tensor.name, shape_text(tensor.shape), name_of(tensor.type)));
  }
  Facts facts{{"kind", "safetensors"}, {"tensors", tensors}};
  const auto not_finite = read_all ? not_finite_in(file.tensors()) : std::vector<std::string>();
  set_validity(facts, not_finite, read_all ? all_read : headers_only);
  return facts;
}

Facts describe_folder(const std::string& path, bool read_all) {
  const auto holds = [&](const char* name) { return fs::exists(fs::path(path) / name); };
  if (holds("adapter_config.json")) return describe_prompt(path);
  if (holds("corpus.json")) return describe_corpus(path, read_all);
  const FolderKind kind = folder_content(path).kind;
  if (kind == FolderKind::tune_run) return describe_tune_run(path);
  if (kind == FolderKind::experiment) return describe_experiment(path);
  if (holds("config.ini")) return describe_run(path);
  if (holds("config.json")) return describe_backbone(path, read_all);
  if (holds("manifest.json")) return describe_rank_checkpoint(path);
  fail(
      "'{}' is no folder of ours: it has no config.json (backbone), corpus.json, adapter_config.json (prompt), "
      "config.ini (run) or manifest.json (checkpoint of a backbone)",
      path);
}

// A shard says nothing of itself: corpus.json beside it does.
Facts describe_shard(const std::string& path, bool read_all) {
  const std::string folder = folder_of(path);
  const std::string name = fs::path(path).filename().string();
  const std::string record = folder + "/corpus.json";
  require(path_exists(record), "'{}' is named like a shard of a corpus, but there is no '{}'", path, record);
  const Manifest manifest = read_manifest(record);
  const auto entry = std::find_if(manifest.shards.begin(), manifest.shards.end(),
                                  [&](const ShardEntry& shard) { return shard.file == name; });
  require(entry != manifest.shards.end(), "'{}' is no shard of '{}'", path, record);
  const std::int64_t most_read = read_all ? std::numeric_limits<std::int64_t>::max() : 0;
  check_recorded_shards(folder, "corpus.json", {*entry}, "build the corpus again", most_read);
  return {{"kind", "corpus shard"},        {"corpus", folder},
          {"documents", entry->documents}, {"sentences", entry->sentences},
          {"tokens", entry->tokens},       {"validity", read_all ? all_read : "its size is right; --verify reads it"}};
}

Facts describe_file(const std::string& path, bool read_all) {
  const std::string ending = fs::path(path).extension().string();
  const std::string name = fs::path(path).filename().string();
  if (ending == ".h5" && name.starts_with("shard-")) return describe_shard(path, read_all);
  if (ending == ".h5") return name.starts_with("rank-") ? describe_rank_file(path) : describe_checkpoint(path);
  if (ending == ".npy" || ending == ".pt" || ending == ".pth" || ending == ".bin") return describe_prompt(path);
  if (ending == ".safetensors") return describe_safetensors(path, read_all);
  fail(
      "'{}' is of no known kind; give a folder (backbone, corpus, prompt, run, checkpoint of a backbone) or a .h5, "
      ".npy, .pt, .bin or .safetensors "
      "file",
      path);
}

}  // namespace

nlohmann::ordered_json describe(const std::string& path, bool read_all) {
  require(fs::exists(path), "there is nothing at '{}'", path);
  Facts facts = fs::is_directory(path) ? describe_folder(path, read_all) : describe_file(path, read_all);
  facts["path"] = path;
  facts["bytes"] = bytes_under(path);
  return facts;
}

}  // namespace prelude
