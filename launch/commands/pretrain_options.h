#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/optim/schedule.h"
#include "launch/options.h"
#include "launch/ranks.h"
#include "launch/session.h"
#include "launch/train/step_sums.h"
#include "tasks/pretext/pretext_options.h"

namespace prelude {

struct PretrainOptions {
  std::string backbone;
  std::string corpus;
  std::string output;
  std::string task = "nsp";

  std::optional<std::int64_t> prompt_length;  // unset: 100, or the rows of --from
  std::string init = "vocabulary";
  std::string init_text;
  std::string from;

  std::int64_t steps = 1000;
  std::int64_t global_batch = 32;
  std::string micro_tokens = "auto";  // a number once the run is settled
  std::int64_t micro_batch = 1024;
  std::string recompute = "auto";
  double learning_rate = 0.3;
  std::string schedule = "constant";
  std::int64_t warmup_steps = 0;
  double weight_decay = 0.01;
  double clip = 1;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;

  std::int64_t max_source = 0;  // 0: the task's
  std::vector<std::string> label_words;
  std::vector<double> confidence;  // cls: five numbers; empty: PPT's
  std::string quirks;

  double validation_fraction = 0.05;
  std::int64_t validation_examples = 256;
  std::int64_t evaluate_every = 100;
  std::int64_t patience = 0;

  std::int64_t checkpoint_every = 100;
  double checkpoint_seconds = 60;
  std::int64_t keep = 3;
  bool restart = false;  // of this start alone: not kept in the configuration

  std::uint64_t seed = 1;
  bool verify_frozen = true;
  SessionOptions session;
  RankOptions ranks;
  std::string shard = "whole";
  std::string weights = "dtype";
  std::string reduction = "fast";
  bool cuda_graphs = false;
};

void declare(OptionTable& table, PretrainOptions& options);
// Current values as a config file.
std::string config_of(PretrainOptions options);

// Settles what was left open (prompt length, longest source, thresholds), in `options` too, so that a written
// configuration says what was used. Throws UserError for options that contradict each other.
void settle(PretrainOptions& options);

Schedule schedule_of(const PretrainOptions& options);
Reduction reduction_of(const PretrainOptions& options);
// Each data-parallel rank holds a part of every layer.
bool gathers_layers(const PretrainOptions& options);
// After settle(). start_id: the backbone's decoder_start_token_id.
PretextOptions pretext_of(const PretrainOptions& options, std::int64_t start_id);

}  // namespace prelude
