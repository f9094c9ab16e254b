// What `prelude experiment` and `prelude tune` are asked to do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "launch/experiment/measure.h"
#include "launch/options.h"
#include "launch/ranks.h"
#include "launch/session.h"

namespace prelude {

struct ExperimentOptions {
  std::string backbone;
  std::string output;
  std::vector<std::string> data;  // NAME=DIR
  std::vector<std::string> rows;  // files of own data sets
  std::vector<std::string> methods{"pt", "ppt", "ft"};
  std::vector<std::uint64_t> seeds{10, 20, 30, 40, 50};  // PPT's
  std::vector<std::string> shots;                        // empty: 32, or 8 per label
  std::string split = "auto";

  std::string prompt_nsp;
  std::string prompt_nss;
  std::string prompt_cls;
  std::string prompt_unified;
  bool one_prompt = false;  // they are one option, --prompt of `prelude tune`
  std::int64_t prompt_length = 100;
  std::string init = "vocabulary";
  std::string init_text;

  std::int64_t steps = 100;
  std::int64_t batch = 16;
  std::vector<double> prompt_rates{0.3};
  std::vector<double> weight_rates{1e-3};
  std::string schedule = "constant";
  std::int64_t warmup_steps = 0;
  double weight_decay = 0.01;
  double clip = 1;
  std::int64_t evaluate_every = 6;
  std::string select = "best";
  std::string measure = "words";
  bool ensembles = false;
  std::string reference;  // empty: pt, where it is among the methods

  std::int64_t max_source = 0;  // 0: the data set's
  std::string micro_tokens = "auto";
  SessionOptions session;
  RankOptions ranks;
};

void declare(OptionTable& table, ExperimentOptions& options);
// The rows that `prelude tune` has too: --prompt-length, --init and its text; and how a run of tuning goes.
void declare_first_prompt(OptionTable& table, ExperimentOptions& options);
void declare_tuning(OptionTable& table, ExperimentOptions& options);
// Current values as a config file.
std::string config_of(ExperimentOptions options);

// The same without what a cell's key says, and without places and how the ranks compute: what all cells depend on.
std::string config_of_all_cells(ExperimentOptions options);

// Examples for training; 0: the default of a data set's number of labels; whole_training_set: all.
inline constexpr std::int64_t whole_training_set = -1;
std::vector<std::int64_t> shots_of(const ExperimentOptions& options);
// Throws UserError for options that contradict each other or cannot be run.
void check(const ExperimentOptions& options);
Measure measure_of(const ExperimentOptions& options);

}  // namespace prelude
