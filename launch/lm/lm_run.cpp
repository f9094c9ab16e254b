#include "launch/lm/lm_run.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <random>
#include <utility>

#include "core/checkpoint/joined_state.h"
#include "core/error.h"
#include "core/io/folders.h"
#include "core/io/paths.h"
#include "dist/text.h"
#include "launch/backbone_identity.h"
#include "launch/lm/export_backbone.h"
#include "launch/lm/make_optimizer.h"
#include "launch/resume_rules.h"
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

// Of a start of a run: no other has the same.
std::string new_attempt() {
  std::random_device device;
  std::string text;
  for (int i = 0; i < 4; ++i) text += fmt::format("{:08x}", device());
  return text;
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
      optimizer_(make_optimizer(options, weights_, *ranks.mesh().data)),
      attempt_(broadcast_text(ranks.world().group(), new_attempt())),
      kept_(folder.checkpoints(), attempt_) {}

void LmRun::save(const TrainState& state) {
  const auto copy = [](const at::Tensor& tensor) { return tensor.detach().to(at::kCPU, at::kFloat, false, true); };
  const Shard& shard = optimizer_->shard();
  RankCheckpoint checkpoint;
  checkpoint.attempt = attempt_;
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
  writer_.start([this, checkpoint = std::move(checkpoint), best_step = state.best_step] {
    const std::string folder = fmt::format("{}/{}", folder_.checkpoints(), rank_checkpoint_name(checkpoint.step));
    make_folders(folder);
    write_rank_checkpoint(fmt::format("{}/{}", folder, rank_file_name(checkpoint.place)), checkpoint);
    if (checkpoint.place.rank() != 0) return;
    write_rank_manifest(folder, {attempt_, checkpoint.step, checkpoint.place.data_size, checkpoint.place.tensor_size});
    kept_.prune(options_.keep, best_step);
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

bool LmRun::restore_from(const std::string& folder, Restored& restored) {
  JoinedState joined;
  TrainState state;
  std::string problem;
  try {
    joined = read_joined_state(folder, place_of(ranks_.mesh().place), cut_parts(weights_));
    state = parse_state(joined.head.loop_state);
  } catch (const UserError& error) {
    problem = error.what();
  }
  for (std::string& text : gather_texts(ranks_.world().group(), problem)) {
    if (text.empty()) continue;
    restored.warnings.push_back(std::move(text));
    return false;
  }
  check_identity(joined.head);
  require(joined.weights.numel() == weights_.flat().numel(), "'{}' is of a backbone of another shape", folder);
  const at::NoGradGuard no_graph;
  weights_.flat().copy_(joined.weights);
  optimizer_->set_whole_state(ranks_.data(), joined.optimizer, joined.head.optimizer_steps);
  restored.state = state;
  for (auto& warning : revision_warnings(joined.head.revision)) restored.warnings.push_back(std::move(warning));
  return true;
}

std::vector<std::string> LmRun::finished_checkpoints(Restored& restored) const {
  std::string names;
  std::size_t unfinished = 0;
  bool damaged = false;
  if (ranks_.first()) {
    const auto entries = list_rank_checkpoints(folder_.checkpoints());
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
      const std::string problem = rank_checkpoint_problem(entry->path);
      if (problem.empty()) {
        names += fmt::format("{}\n", entry->path);
      } else {
        restored.warnings.push_back(problem);
        ++unfinished;
        damaged = damaged || !may_be_under_way(entry->path, entry == entries.rbegin());
      }
    }
  }
  names = broadcast_text(ranks_.world().group(), names);
  // A run that is killed at its first checkpoints leaves one that is not finished, or two: a rank may be one behind.
  // backbone/ is written when the last checkpoint is on disk.
  const bool had_one = ranks_.first() && path_exists(folder_.backbone());
  const bool lost = !names.empty() || unfinished > 2 || damaged || had_one;
  restored.lost = !broadcast_text(ranks_.world().group(), lost ? "lost" : "").empty();
  std::vector<std::string> paths;
  for (std::size_t begin = 0; begin < names.size(); begin = names.find('\n', begin) + 1)
    paths.push_back(names.substr(begin, names.find('\n', begin) - begin));
  return paths;
}

LmRun::Restored LmRun::restore() {
  Restored restored;
  for (const std::string& path : finished_checkpoints(restored)) {
    if (!restore_from(path, restored)) continue;
    kept_.was_read(restored.state->step);
    if (options_.restart) restored.warnings.emplace_back(restart_not_needed);
    return restored;
  }
  if (!restored.lost) return restored;
  // Starting over drops all that the run has learnt, perhaps for a disk that is away for a moment.
  require_restart(options_.restart, options_.output,
                  restored.warnings.empty() ? "there is none" : restored.warnings.back());
  if (ranks_.first()) remove_rank_checkpoints(folder_.checkpoints());
  restored.warnings.emplace_back("the checkpoints that cannot be read are removed; step 0 again");
  return restored;
}

void LmRun::export_backbone() const {
  const at::ScalarType dtype = options_.export_dtype == "bfloat16" ? at::kBFloat16 : at::kFloat;
  prelude::export_backbone(folder_.backbone(), config_, weights_, dtype, tokenizer_path_, ranks_);
}

}  // namespace prelude
