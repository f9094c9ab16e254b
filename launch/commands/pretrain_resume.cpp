#include "launch/commands/pretrain_resume.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/checkpoint/checkpoint_folder.h"
#include "core/error.h"
#include "dist/text.h"
#include "launch/config_change.h"

namespace prelude {
namespace {

constexpr std::array<std::string_view, 10> free_to_change{
    "backbone",           "corpus",   "output",        "checkpoint-every",
    "checkpoint-seconds", "keep",     "verify-frozen", "tensor-across-hosts",
    "collective-timeout", "recompute"};
constexpr std::array<std::string_view, 8> change_rounding{"threads",   "micro-tokens", "micro-batch", "tensor-parallel",
                                                          "reduction", "collectives",  "cuda-graphs", "shard"};

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void check_steps(const PretrainOptions& before, const PretrainOptions& now) {
  require(now.steps >= before.steps, "--steps: {} is less than the {} of the run in '{}'", now.steps, before.steps,
          now.output);
  const auto kind = schedule_kind(now.schedule);
  require(
      kind != ScheduleKind::linear && kind != ScheduleKind::cosine,
      "--steps: the run in '{}' has {}, and its {} schedule depends on it; choose another --output and continue with "
      "--from {}/prompt",
      now.output, before.steps, now.schedule, now.output);
}

// What `now` changes in the run's configuration: refused, or a warning a line.
std::vector<std::string> check_changes(const RunFolder& folder, const PretrainOptions& options) {
  PretrainOptions before;
  PretrainOptions now = options;
  OptionTable before_table("pretrain", "");
  OptionTable now_table("pretrain", "");
  declare(before_table, before);
  declare(now_table, now);
  before_table.parse_config(folder.config());
  std::vector<std::string> warnings;
  for (const auto& change : config_changes(before_table, now_table)) {
    if (holds(free_to_change, change.name)) continue;
    if (change.name == "steps") {
      check_steps(before, now);
    } else if (holds(change_rounding, change.name)) {
      warnings.push_back(fmt::format("--{} was {} and is now {}: results may differ in the last bits", change.name,
                                     change.before, change.now));
    } else {
      fail("--{} is '{}' but the run in '{}' has '{}'; give the same, or choose another --output", change.name,
           change.now, folder.path(), change.before);
    }
  }
  return warnings;
}

void check_identity(const Checkpoint& checkpoint, const std::string& path, const PretrainOptions& options,
                    const RunIdentity& identity) {
  require(checkpoint.backbone_hash == identity.backbone_hash,
          "--backbone: the weights in '{}' are not those that the run in '{}' was started with (hash {}, checkpoint "
          "{}: {})",
          options.backbone, options.output, identity.backbone_hash, path, checkpoint.backbone_hash);
  require(checkpoint.corpus_hash == identity.corpus_hash,
          "--corpus: '{}' is not the corpus that the run in '{}' was started with (hash {}, checkpoint {}: {})",
          options.corpus, options.output, identity.corpus_hash, path, checkpoint.corpus_hash);
  require(checkpoint.seed == options.seed && checkpoint.delta.size() == 1,
          "{} is not a checkpoint of this run; move it away", path);
}

}  // namespace

std::string recorded_micro_tokens(const RunFolder& folder, const World& world) {
  PretrainOptions recorded;
  if (world.first() && folder.used()) {
    OptionTable table("pretrain", "");
    declare(table, recorded);
    table.parse_config(folder.config());
  }
  return broadcast_text(world.group(), recorded.micro_tokens);
}

Resumption resume(const RunFolder& folder, const PretrainOptions& options, const RunIdentity& identity,
                  const World& world) {
  Resumption resumption;
  std::string path;
  if (world.first() && folder.used()) {
    resumption.warnings = check_changes(folder, options);
    auto newest = newest_readable_checkpoint(folder.checkpoints());
    resumption.warnings.insert(resumption.warnings.end(), newest.skipped.begin(), newest.skipped.end());
    if (newest.checkpoint) check_identity(*newest.checkpoint, newest.path, options, identity);
    resumption.checkpoint = std::move(newest.checkpoint);
    path = newest.path;
  }
  path = broadcast_text(world.group(), resumption.checkpoint ? path : "");
  if (!world.first() && !path.empty()) resumption.checkpoint = read_checkpoint(path);
  return resumption;
}

}  // namespace prelude
