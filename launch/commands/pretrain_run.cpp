#include "launch/commands/pretrain_run.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "core/checkpoint/checkpoint_folder.h"
#include "core/delta/prompt_file.h"
#include "launch/backbone_identity.h"
#include "launch/version.h"
#include "tasks/pretext/quirks.h"

namespace prelude {

PretrainRun::PretrainRun(const PretrainOptions& options, const PretrainInputs& inputs, const RunFolder& folder,
                         const RunIdentity& identity, const std::optional<Checkpoint>& from, at::Device device,
                         bool writes)
    : options_(options),
      folder_(folder),
      identity_(identity),
      writes_(writes),
      prompt_(from ? from->delta.at(0).value : initial_prompt(options, inputs), device),
      blind_end_(prompt_),
      delta_(parse_quirks(options.quirks).blind_end ? static_cast<Delta&>(blind_end_) : prompt_),
      optimizer_(prompt_.trainable().flat(), {options.beta1, options.beta2, options.epsilon, options.weight_decay}) {
  if (!from) return;
  optimizer_.set_state(from->exp_avg, from->exp_avg_sq, from->optimizer_steps);
  whole_.insert(from->step);
}

void PretrainRun::save(const TrainState& state) {
  if (!writes_) return;
  const auto copy = [](const at::Tensor& tensor) { return tensor.detach().to(at::kCPU, at::kFloat, false, true); };
  Checkpoint checkpoint;
  checkpoint.step = state.step;
  checkpoint.seed = options_.seed;
  checkpoint.delta = {{prompt_.trainable().parts().at(0).name, copy(prompt_.rows())}};
  checkpoint.exp_avg = copy(optimizer_.exp_avg());
  checkpoint.exp_avg_sq = copy(optimizer_.exp_avg_sq());
  checkpoint.optimizer_steps = optimizer_.steps();
  checkpoint.loop_state = state_text(state);
  checkpoint.configuration = config_of(options_);
  checkpoint.backbone_hash = identity_.backbone;
  checkpoint.corpus_hash = identity_.corpus_hash;
  checkpoint.revision = revision();
  writer_.start([this, checkpoint = std::move(checkpoint), best_step = state.best_step] {
    const std::string folder = folder_.checkpoints();
    write_checkpoint(fmt::format("{}/{}", folder, checkpoint_name(checkpoint.step)), checkpoint);
    whole_.insert(checkpoint.step);
    prune_checkpoints(folder, whole_, options_.keep, best_step);
  });
}

void PretrainRun::write_prompt(const TrainState& state, bool best) const {
  if (!writes_) return;
  Prompt prompt;
  prompt.rows = prompt_.rows().detach().to(at::kFloat).to(at::Device(at::kCPU)).contiguous();
  prompt.base_model = options_.backbone;
  prompt.origin = {{"program", fmt::format("prelude {} ({})", version(), revision())},
                   {"task", options_.task},
                   {"step", fmt::format("{}", state.step)},
                   {"seed", fmt::format("{}", options_.seed)},
                   {"quirks", options_.quirks},
                   {"backbone_hash", weights_of(identity_.backbone)},
                   {"backbone_identity", identity_.backbone},
                   {"corpus_hash", identity_.corpus_hash}};
  write_prompt_folder(best ? folder_.best_prompt() : folder_.prompt(), prompt);
}

}  // namespace prelude
