#include "launch/lm/lm_run.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "core/checkpoint/joined_state.h"
#include "core/checkpoint/rank_checkpoint_folder.h"
#include "core/error.h"
#include "dist/text.h"
#include "launch/backbone_identity.h"
#include "launch/lm/export_backbone.h"
#include "launch/lm/make_optimizer.h"
#include "launch/version.h"

namespace prelude {
namespace {

RankPlace place_of(const MeshPlace& place) {
  return {place.data_rank, place.data_size, place.tensor_rank, place.tensor_size};
}

std::vector<CutPart> cut_parts(const TrainedWeights& weights) {
  std::vector<CutPart> parts;
  for (const TrainedPart& part : weights.parts()) parts.push_back({part.shape, static_cast<int>(part.cut)});
  return parts;
}

}  // namespace

LmRun::LmRun(const LmOptions& options, LmInputs& inputs, const RunFolder& folder, const LmIdentity& identity,
             const Ranks& ranks)
    : options_(options),
      folder_(folder),
      identity_(identity),
      ranks_(ranks),
      config_(inputs.config()),
      tokenizer_path_(inputs.tokenizer_path()),
      weights_(inputs.take_weights()),
      model_(config_, weights_.weights(), ranks.tensor()),
      optimizer_(make_optimizer(options, weights_, *ranks.mesh().data)) {}

void LmRun::save(const TrainState& state) {
  const auto copy = [](const at::Tensor& tensor) { return tensor.detach().to(at::kCPU, at::kFloat, false, true); };
  const Shard& shard = optimizer_->shard();
  RankCheckpoint checkpoint;
  checkpoint.step = state.step;
  checkpoint.seed = options_.seed;
  checkpoint.place = place_of(ranks_.mesh().place);
  checkpoint.elements = weights_.flat().numel();
  checkpoint.begin = shard.begin;
  checkpoint.weights = copy(weights_.flat().narrow(0, shard.begin, shard.size()));
  for (const NamedTensor& part : optimizer_->state()) checkpoint.optimizer.push_back({part.name, copy(part.value)});
  checkpoint.optimizer_steps = optimizer_->steps();
  checkpoint.loop_state = state_text(state);
  checkpoint.configuration = config_of(options_);
  checkpoint.backbone_hash = identity_.backbone;
  checkpoint.corpus_hash = identity_.corpus_hash;
  checkpoint.revision = revision();
  writer_.start([checkpoint = std::move(checkpoint), all = folder_.checkpoints(), keep = options_.keep,
                 best_step = state.best_step] {
    const std::string folder = fmt::format("{}/{}", all, rank_checkpoint_name(checkpoint.step));
    std::filesystem::create_directories(folder);
    write_rank_checkpoint(fmt::format("{}/{}", folder, rank_file_name(checkpoint.place)), checkpoint);
    if (checkpoint.place.rank() != 0) return;
    write_rank_manifest(folder, {checkpoint.step, checkpoint.place.data_size, checkpoint.place.tensor_size});
    prune_rank_checkpoints(all, keep, best_step);
  });
}

void LmRun::check_identity(const RankCheckpoint& head) const {
  const bool random = !options_.init.empty();
  const std::string changed = changed_part(head.backbone_hash, identity_.backbone);
  require(changed.empty(),
          "--{}: '{}' is not what the run in '{}' was started with: its {} differs; give that, or choose another "
          "--output",
          random ? "init" : "backbone", random ? options_.init : options_.backbone, options_.output, changed);
  require(head.corpus_hash == identity_.corpus_hash,
          "--corpus: '{}' is not the corpus that the run in '{}' was started with; give that, or choose another "
          "--output",
          options_.corpus, options_.output);
  require(head.seed == options_.seed,
          "--seed is {} but the run in '{}' has {}; give the same, or choose another --output", options_.seed,
          options_.output, head.seed);
}

bool LmRun::restore_from(const std::string& folder, TrainState& state, std::string& problem) {
  JoinedState joined;
  try {
    joined = read_joined_state(folder, place_of(ranks_.mesh().place), cut_parts(weights_));
    state = parse_state(joined.head.loop_state);
  } catch (const UserError& error) {
    problem = error.what();
  }
  for (std::string& text : gather_texts(ranks_.world().group(), problem)) {
    if (text.empty()) continue;
    problem = std::move(text);
    return false;
  }
  check_identity(joined.head);
  require(joined.weights.numel() == weights_.flat().numel(), "'{}' is of a backbone of another shape", folder);
  const at::NoGradGuard no_graph;
  weights_.flat().copy_(joined.weights);
  optimizer_->set_whole_state(ranks_.data(), joined.optimizer, joined.head.optimizer_steps);
  return true;
}

LmRun::Restored LmRun::restore() {
  Restored restored;
  std::string names;
  if (ranks_.first()) {
    const auto entries = list_rank_checkpoints(folder_.checkpoints());
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
      const std::string problem = rank_checkpoint_problem(entry->path);
      if (!problem.empty()) restored.warnings.push_back(problem);
      if (problem.empty()) names += fmt::format("{}\n", entry->path);
    }
  }
  names = broadcast_text(ranks_.world().group(), names);
  for (std::size_t begin = 0; begin < names.size();) {
    const std::size_t end = names.find('\n', begin);
    TrainState state;
    std::string problem;
    if (restore_from(names.substr(begin, end - begin), state, problem)) {
      restored.state = state;
      return restored;
    }
    restored.warnings.push_back(problem);
    begin = end + 1;
  }
  // Starting over would drop all that the run has learnt, perhaps for a disk that is away for a moment.
  require(names.empty(),
          "--output: no checkpoint of the run in '{}' can be read ({}); choose another --output, or remove {} to start "
          "over",
          options_.output, restored.warnings.empty() ? "" : restored.warnings.back(), folder_.checkpoints());
  return restored;
}

void LmRun::export_backbone() const {
  const at::ScalarType dtype = options_.export_dtype == "bfloat16" ? at::kBFloat16 : at::kFloat;
  prelude::export_backbone(folder_.backbone(), config_, weights_, dtype, tokenizer_path_, ranks_);
}

}  // namespace prelude
