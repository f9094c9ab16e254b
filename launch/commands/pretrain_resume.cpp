#include "launch/commands/pretrain_resume.h"

#include <array>
#include <string_view>

#include "core/checkpoint/checkpoint_folder.h"
#include "core/delta/prompt_file.h"
#include "core/error.h"
#include "core/io/paths.h"
#include "dist/text.h"
#include "launch/backbone_identity.h"
#include "launch/prompt_match.h"
#include "launch/resume_rules.h"

namespace prelude {
namespace {

constexpr std::array<std::string_view, 11> free_to_change{
    "backbone",           "corpus",    "output",        "checkpoint-every",
    "checkpoint-seconds", "keep",      "verify-frozen", "tensor-across-hosts",
    "collective-timeout", "recompute", "restart"};
constexpr std::array<std::string_view, 8> change_rounding{"threads",   "micro-tokens", "micro-batch", "tensor-parallel",
                                                          "reduction", "collectives",  "cuda-graphs", "shard"};

// What `now` changes in the run's configuration: refused, or a warning a line.
std::vector<std::string> check_changes(const RunFolder& folder, const PretrainOptions& options) {
  PretrainOptions before;
  PretrainOptions now = options;
  OptionTable before_table("pretrain", "");
  OptionTable now_table("pretrain", "");
  declare(before_table, before);
  declare(now_table, now);
  return check_changes(folder, before_table, now_table, {free_to_change, change_rounding, "--from {}/prompt"});
}

void check_identity(const Checkpoint& checkpoint, const std::string& path, const PretrainOptions& options,
                    const RunIdentity& identity) {
  const std::string changed = changed_part(checkpoint.backbone_hash, identity.backbone);
  require(
      changed.empty(),
      "--backbone: the {} in '{}' {} that the run in '{}' was started with ({} now, {} in {}); give that backbone, or "
      "choose another --output",
      changed, options.backbone, changed == "weights" ? "are not those" : "is not the one", options.output,
      identity.backbone, checkpoint.backbone_hash, path);
  require(checkpoint.corpus_hash == identity.corpus_hash,
          "--corpus: '{}' is not the corpus that the run in '{}' was started with (hash {}, checkpoint {}: {})",
          options.corpus, options.output, identity.corpus_hash, path, checkpoint.corpus_hash);
  require(checkpoint.seed == options.seed && checkpoint.delta.size() == 1,
          "{} is not a checkpoint of this run; move it away", path);
}

// Why a run without a checkpoint is not a new one: prompt/ is written when the last checkpoint is on disk, but for the
// first prompt, of step 0. Nothing where it is.
std::string lost_checkpoints(const RunFolder& folder) {
  try {
    if (!path_exists(folder.prompt())) return {};
    const std::string step = PromptOrigin{folder.prompt(), read_prompt(folder.prompt()).origin}.fact("step");
    return step.empty() || step == "0" ? ""
                                       : fmt::format("there is none, but '{}' is of step {}", folder.prompt(), step);
  } catch (const UserError&) {
    return {};  // a first prompt that a killed run left
  }
}

}  // namespace

std::string recorded_micro_tokens(const RunFolder& folder, const World& world) {
  PretrainOptions recorded;
  OptionTable table("pretrain", "");
  declare(table, recorded);
  return recorded_value(folder, world, table, "micro-tokens");
}

Resumption resume(const RunFolder& folder, const PretrainOptions& options, const RunIdentity& identity,
                  const World& world) {
  Resumption resumption;
  std::string path;
  if (world.first() && folder.used()) {
    resumption.warnings = check_changes(folder, options);
    auto newest = newest_readable_checkpoint(folder.checkpoints());
    resumption.warnings.insert(resumption.warnings.end(), newest.skipped.begin(), newest.skipped.end());
    if (newest.checkpoint && options.restart) resumption.warnings.emplace_back(restart_not_needed);
    if (!newest.checkpoint && newest.skipped.empty()) {
      const std::string lost = lost_checkpoints(folder);
      if (!lost.empty()) require_restart(options.restart, options.output, lost);
    }
    if (!newest.checkpoint && !newest.skipped.empty()) {
      require_restart(options.restart, options.output, newest.skipped.front());
      remove_checkpoints(folder.checkpoints());
      resumption.warnings.push_back(
          fmt::format("the {} checkpoints that cannot be read are removed; step 0 again", newest.skipped.size()));
    }
    if (newest.checkpoint) {
      check_identity(*newest.checkpoint, newest.path, options, identity);
      const auto revisions = revision_warnings(newest.checkpoint->revision);
      resumption.warnings.insert(resumption.warnings.end(), revisions.begin(), revisions.end());
    }
    resumption.checkpoint = std::move(newest.checkpoint);
    path = newest.path;
  }
  path = broadcast_text(world.group(), resumption.checkpoint ? path : "");
  if (!world.first() && !path.empty()) resumption.checkpoint = read_checkpoint(path);
  return resumption;
}

}  // namespace prelude
