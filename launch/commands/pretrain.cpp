#include "launch/commands/pretrain.h"

#include <memory>

#include "core/delta/prompt_file.h"
#include "core/delta/prompt_init.h"
#include "core/error.h"
#include "core/io/atomic_file.h"
#include "launch/backbone_identity.h"
#include "launch/commands/pretrain_inputs.h"
#include "launch/commands/pretrain_options.h"
#include "launch/commands/pretrain_report.h"
#include "launch/commands/pretrain_resume.h"
#include "launch/commands/pretrain_run.h"
#include "launch/micro_tokens.h"
#include "launch/process_age.h"
#include "launch/prompt_match.h"
#include "launch/ranks.h"
#include "launch/recorded_config.h"
#include "launch/run_folder.h"
#include "launch/telemetry/run_messages.h"
#include "launch/train/idle_passes.h"
#include "launch/train/micro_batches.h"
#include "launch/train/train_loop.h"
#include "tasks/corpus/recorded_shards.h"
#include "tasks/loader.h"

namespace prelude {
namespace {

TrainSettings settings_of(const PretrainOptions& options) {
  TrainSettings settings;
  settings.steps = options.steps;
  settings.schedule = schedule_of(options);
  settings.clip = options.clip;
  settings.evaluate_every = options.evaluate_every;
  settings.patience = options.patience;
  settings.checkpoint_every = options.checkpoint_every;
  settings.checkpoint_seconds = options.checkpoint_seconds;
  settings.global_batch = options.global_batch;
  return settings;
}

// The backbone's bytes after the run; they are never written, so another hash is our defect.
void verify_frozen(const PretrainInputs& inputs, const std::string& before) {
  const auto after = inputs.local_hash();
  ensure(after == before, "the frozen backbone changed during the run: hash {} became {}", before, after);
}

LoaderOptions loader_of(const PretrainOptions& options, const T5Config& config, const MeshPlace& place,
                        at::Device device) {
  LoaderOptions loader{options.seed, options.global_batch};
  loader.limits =
      micro_batch_limits(options.micro_tokens, options.micro_batch, options.prompt_length.value(), config, device);
  loader.longest_source = options.max_source - options.prompt_length.value();
  loader.sharing = reduction_of(options) == Reduction::ordered ? Sharing::micro_batches : Sharing::samples;
  loader.rank = place.data_rank;
  loader.ranks = place.data_size;
  return loader;
}

// After this `options` holds a number, which the run's config.ini keeps.
void settle_memory(PretrainOptions& options, PretrainInputs& inputs, const RunFolder& folder, const Session& session,
                   const Ranks& ranks) {
  if (options.micro_tokens == auto_micro_tokens) options.micro_tokens = recorded_micro_tokens(folder, ranks.world());
  const ExampleShape shape{options.prompt_length.value(), options.max_source,
                           static_cast<std::int64_t>(inputs.task().validation_sample(0).target.size())};
  if (!gathers_layers(options) && settled_recompute(options.recompute, inputs.model(), shape, session, ranks))
    inputs.recompute_layers();
  options.micro_tokens = settled_micro_tokens(options.micro_tokens, inputs.model(), shape, session, ranks);
}

TrainEnd train(const PretrainOptions& options, const PretrainInputs& inputs, PretrainRun& run, const TrainState& state,
               Telemetry& telemetry, const Ranks& ranks, at::Device device, const StopSignal& signal) {
  const auto& config = inputs.model().config();
  const auto loader_options = loader_of(options, config, ranks.mesh().place, device);
  Loader loader(inputs.task(), loader_options, static_cast<std::uint64_t>(state.step));
  StepSums sums(gradient_of_leaf(run.delta().trainable().flat()), ranks.mesh(), reduction_of(options),
                most_micro_batches(loader_options));
  const Validation validation(inputs.task(), options.validation_examples, loader_options.limits, config, device,
                              *ranks.mesh().data);
  const auto micro_batch = make_loss_and_gradient(inputs.model(), run.delta(), device, options.cuda_graphs);
  TrainLoop loop({*micro_batch, run.optimizer(),
                  [&] {
                    const auto examples = loader.next();
                    ranks.world().recorder().set_step(static_cast<std::int64_t>(examples.step) + 1);
                    const auto count = static_cast<std::int64_t>(examples.micro_batches.size());
                    return StepBatches{make_micro_batches(examples.micro_batches, config, device),
                                       gathers_layers(options) ? idle_passes(ranks.data(), count) : 0,
                                       examples.positions.padding_share()};
                  },
                  sums, [&] { return validation.evaluate(inputs.model(), run.delta()); }, telemetry,
                  [&](const TrainState& now) { run.save(now); }, [&] { run.finish_saving(); },
                  [&](const TrainState& now, bool best) { run.write_prompt(now, best); }},
                 settings_of(options), state);
  if (const auto age = process_age()) telemetry.message(fmt::format("ready {:.2f} s after the program's start", *age));
  const auto end = loop.run(signal);
  if (end == TrainEnd::stopped_by_signal) say_stopped(telemetry, signal, loop.state().step, options.steps);
  return end;
}

// How far an update moves a prompt's numbers, beside the embedding's: PPT's rates are for an embedding divided by 100.
void say_pace(Telemetry& telemetry, const PretrainOptions& options, const PretrainInputs& inputs) {
  constexpr double slow = 0.02;
  const double spread = embedding_spread(inputs.model().weights().embedding);
  const double most = learning_rate(schedule_of(options), options.warmup_steps);
  const std::string pace =
      fmt::format("an update moves a number of the prompt by {:.3g} at most, {:.2g} of the embedding's spread {:.3g}",
                  most, most / spread, spread);
  telemetry.message(pace);
  if (most / spread >= slow) return;
  telemetry.warning(
      "that is little: PPT's own rates are for a T5 divided by 100; for one as published take the presets "
      "launch/presets/ppt-*-t5.ini, or a higher --learning-rate (docs/pretext.md, section 4)");
}

void introduce(Telemetry& telemetry, const PretrainOptions& options, const PretrainInputs& inputs,
               const Resumption& resumption, const Ranks& ranks) {
  for (const auto& warning : resumption.warnings) telemetry.warning(warning);
  say_program(telemetry, options.session, ranks);
  if (gathers_layers(options)) {
    const Weights& weights = inputs.model().weights();
    telemetry.message(fmt::format(
        "each rank holds 1/{} of every layer: {:.1f} MB here, and {:.1f} MB into which layers are gathered as they are "
        "used",
        ranks.mesh().place.data_size, static_cast<double>(weights.bytes()) / 1e6,
        static_cast<double>(weights.encoder.source->memory_bytes()) / 1e6));
  }
  telemetry.message(describe(inputs));
  telemetry.message(fmt::format("micro-batches of at most {} encoder positions, prompt rows and padding included",
                                options.micro_tokens));
  if (inputs.model().recomputes_layers()) telemetry.message("layers are run again backward: little memory, more time");
  say_pace(telemetry, options, inputs);
  const std::string warmup = warmup_warning(schedule_of(options));
  if (!warmup.empty()) telemetry.warning(warmup);
}

int run_pretrain(const PretrainOptions& given, World& world) {
  const StopSignal signal;  // one that comes while the backbone is read counts too: a stop after the first step
  PretrainOptions options = given;
  settle(options);
  const RunFolder folder(options.output, FolderKind::pretrain_run, world);
  const Session session = open_session(options.session, options.ranks, world);
  require(!options.cuda_graphs || session.device.is_cuda(), "--cuda-graphs needs --device cuda");
  const Ranks ranks(options.ranks, session, world);
  PretrainInputs inputs(options, session, ranks);
  require_same_content(world, fmt::format("--corpus '{}'", options.corpus), inputs.corpus_hash());
  const RunIdentity identity{inputs.backbone_identity(options.backbone, world).text(), inputs.corpus_hash()};
  settle_memory(options, inputs, folder, session, ranks);
  auto resumption = resume(folder, options, identity, world);
  if (world.first()) {
    for (auto& warning : check_recorded_shards(inputs.corpus())) resumption.warnings.push_back(std::move(warning));
  }
  options.restart = false;
  const TrainState state = resumption.checkpoint ? parse_state(resumption.checkpoint->loop_state) : TrainState();
  PretrainRun run(options, inputs, folder, identity, resumption.checkpoint, session.device, world.first());
  if (state.step >= options.steps || state.out_of_patience) {
    // Written again: the run may have been killed between its last checkpoint and its prompt.
    run.write_prompt(state, false);
    if (!world.first()) return exit_done;
    print_report(options, folder, fmt::format("The run in {} is finished; nothing to do.", folder.path()));
    return exit_done;
  }
  if (world.first()) write_file_atomically(folder.config(), recorded_config(config_of(options)));
  const std::string frozen = options.verify_frozen ? inputs.local_hash() : "";

  const auto resumed = resumption.checkpoint ? std::optional(state.step) : std::nullopt;
  const auto telemetry = open_telemetry(folder, resumed, options.steps, world.first());
  introduce(*telemetry, options, inputs, resumption, ranks);
  telemetry->message(fmt::format("configuration: {}", folder.config()));
  if (resumed) telemetry->message(fmt::format("going on from step {}", *resumed));
  if (!resumed && !options.from.empty()) {
    const PromptUse use{options.backbone, weights_of(identity.backbone), ""};
    const Prompt from = read_prompt(options.from);
    for (const auto& note : from.notes) telemetry->message(fmt::format("note: '{}': {}", options.from, note));
    for (const auto& warning : prompt_warnings({options.from, from.origin}, use)) telemetry->warning(warning);
  }

  const auto end = train(options, inputs, run, state, *telemetry, ranks, session.device, signal);
  telemetry->finish();
  if (end == TrainEnd::stopped_by_signal) return exit_stopped;
  if (options.verify_frozen) verify_frozen(inputs, frozen);
  if (world.first()) print_report(options, folder, "Done.");
  return exit_done;
}

}  // namespace

Command pretrain_command() {
  return make_command<PretrainOptions>("pretrain", "pre-trains a soft prompt on a corpus; run again, it goes on",
                                       declare, run_pretrain);
}

}  // namespace prelude
