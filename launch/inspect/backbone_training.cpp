#include "launch/inspect/backbone_training.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/checkpoint/rank_checkpoint_folder.h"
#include "core/error.h"
#include "core/t5/load.h"
#include "launch/backbone_identity.h"
#include "launch/inspect/finite_check.h"
#include "launch/train/train_state.h"

namespace prelude {
namespace {

using Facts = nlohmann::ordered_json;

Facts facts_of(const RankCheckpoint& checkpoint) {
  const TrainState state = parse_state(checkpoint.loop_state);
  Facts optimizer = Facts::array();
  for (const NamedTensor& part : checkpoint.optimizer) optimizer.push_back(part.name);
  Facts facts{{"kind", "backbone checkpoint"},
              {"step", checkpoint.step},
              {"seed", checkpoint.seed},
              {"optimizer_state", optimizer},
              {"updates", checkpoint.optimizer_steps},
              {"best_step", state.best_step}};
  if (state.best_step >= 0) facts["best_loss"] = state.best_loss;
  facts["backbone_hash"] = weights_of(checkpoint.backbone_hash);
  facts["backbone_identity"] = checkpoint.backbone_hash;
  facts["corpus_hash"] = checkpoint.corpus_hash;
  facts["revision"] = checkpoint.revision;
  facts["configuration"] = checkpoint.configuration;
  return facts;
}

constexpr const char* all_read = "sound, every byte read";

// The file's weights and its optimiser's state.
std::vector<std::string> not_finite_of(const RankCheckpoint& checkpoint) {
  std::vector<TensorBytes> tensors{bytes_of_tensor("weights", checkpoint.weights)};
  for (const NamedTensor& part : checkpoint.optimizer) tensors.push_back(bytes_of_tensor(part.name, part.value));
  return not_finite_in(tensors);
}

}  // namespace

Facts describe_rank_file(const std::string& path) {
  const RankCheckpoint checkpoint = read_rank_checkpoint(path);
  Facts facts = facts_of(checkpoint);
  facts["data_parallel"] = fmt::format("{} of {}", checkpoint.place.data_rank, checkpoint.place.data_size);
  facts["tensor_parallel"] = fmt::format("{} of {}", checkpoint.place.tensor_rank, checkpoint.place.tensor_size);
  facts["weights"] = fmt::format("{} from {} of {}", checkpoint.weights.numel(), checkpoint.begin, checkpoint.elements);
  set_validity(facts, not_finite_of(checkpoint), all_read);
  return facts;
}

Facts describe_rank_checkpoint(const std::string& folder) {
  const std::string problem = rank_checkpoint_problem(folder);
  require(problem.empty(), "{}", problem);
  const RankManifest manifest = read_rank_manifest(folder);
  Facts facts;
  std::int64_t weights = 0;
  std::vector<std::string> not_finite;
  for (int rank = manifest.data_size * manifest.tensor_size - 1; rank >= 0; --rank) {
    const RankPlace place{rank / manifest.tensor_size, manifest.data_size, rank % manifest.tensor_size,
                          manifest.tensor_size};
    const RankCheckpoint checkpoint = read_rank_file(folder, manifest, place);
    weights += checkpoint.weights.numel();
    for (const std::string& line : not_finite_of(checkpoint)) {
      not_finite.push_back(fmt::format("{}: {}", rank_file_name(place), line));
    }
    if (rank == 0) facts = facts_of(checkpoint);
  }
  facts["data_parallel"] = manifest.data_size;
  facts["tensor_parallel"] = manifest.tensor_size;
  facts["weights"] = weights;  // those that every tensor-parallel rank has whole count once each
  set_validity(facts, not_finite, all_read);
  return facts;
}

Facts describe_backbone_checkpoints(const std::string& run) {
  Facts facts;
  Facts steps = Facts::array();
  Facts notes = Facts::array();
  Facts newest;
  const auto entries = list_rank_checkpoints(run + "/checkpoints");
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    steps.insert(steps.begin(), entry->step);
    if (!newest.is_null()) continue;
    try {
      newest = describe_rank_checkpoint(entry->path);
    } catch (const UserError& error) {
      notes.push_back(error.what());
    }
  }
  facts["checkpoint_steps"] = steps;
  for (const auto& [name, value] : newest.items()) {
    if (name != "kind" && name != "validity") facts[name] = value;
  }
  const bool sound = !facts.contains("not_finite");
  const std::string readable = notes.empty() ? "sound" : "goes on from the newest readable checkpoint";
  facts["validity"] = sound ? readable : newest["validity"].get<std::string>();
  if (!notes.empty()) facts["notes"] = notes;
  return facts;
}

}  // namespace prelude
