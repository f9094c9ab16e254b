#include "launch/tune/lab.h"

#include <ATen/ATen.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <tuple>

#include "core/delta/prompt_file.h"
#include "core/error.h"
#include "core/io/checksum.h"
#include "launch/backbone_identity.h"
#include "launch/first_prompt.h"
#include "launch/micro_tokens.h"
#include "launch/tune/ensemble.h"
#include "launch/tune/task_rows.h"
#include "launch/tune/tuning.h"
#include "launch/version.h"
#include "tasks/metrics.h"

namespace prelude {
namespace {

std::vector<Question> questions_of(const TaskForm& form, const std::vector<DownstreamExample>& examples) {
  std::vector<Question> questions;
  questions.reserve(examples.size());
  for (const DownstreamExample& example : examples) questions.push_back(form.question(example));
  return questions;
}

std::string hash_of(const std::string& text) { return xxh3_128(text.data(), text.size()); }

// What a new prompt of label words repeats.
std::vector<std::int32_t> answer_ids(const Question& question, std::size_t word_start) {
  std::vector<std::int32_t> ids;
  for (const auto& target : question.targets) {
    ids.insert(ids.end(), target.begin() + static_cast<std::ptrdiff_t>(word_start), target.end());
  }
  return ids;
}

// The option that gave the prompt of a pretext task: `prelude tune` has one for all.
std::string prompt_option(const ExperimentOptions& options, const std::string& task) {
  return options.one_prompt ? "--prompt" : fmt::format("--prompt-{}", task);
}

TuningSettings settings_of(const ExperimentOptions& options, const CellKey& key, const MicroBatchLimits& limits) {
  TuningSettings settings;
  settings.steps = options.steps;
  settings.batch = options.batch;
  settings.schedule = {schedule_kind(options.schedule), key.rate, options.warmup_steps, options.steps};
  settings.clip = options.clip;
  settings.evaluate_every = options.evaluate_every;
  settings.measure = measure_of(options);
  settings.keep_last = options.select == "last";
  settings.seed = key.seed;
  settings.limits = limits;
  return settings;
}

}  // namespace

Lab::Lab(const ExperimentOptions& options, const Session& session, const Ranks& ranks)
    : options_(options), session_(session), ranks_(ranks) {
  for (const std::string& name : options.methods) methods_.push_back(method_named(name));
  open_data();
  read_prompts();
  Backbone backbone = load_backbone(options.backbone, session.device, session.dtype, ranks.tensor());
  require(!backbone.tokenizer_path.empty(),
          "--backbone: '{}' has no spiece.model or tokenizer.json; copy the model's own into it", options.backbone);
  tokenizer_path_ = backbone.tokenizer_path;
  tokenizer_ = Tokenizer::load(backbone.tokenizer_path, backbone.config.vocab_size);
  backbone_ =
      backbone_identity(options.backbone, backbone.files, backbone.config, tokenizer_->sha256(), ranks.world()).text();
  model_ = take_model(backbone, ranks.tensor());
  for (const auto& [task, rows] : prompts_) {
    require(rows.size(1) == model_->config().d_model,
            "{}: the rows of the prompt are {} wide, but the backbone '{}' is {}; give a prompt that was made for it",
            prompt_option(options, task), rows.size(1), options.backbone, model_->config().d_model);
  }
  note_prompts();
  check_forms();
  note_prompt_lengths();
  const std::string warmup = warmup_warning(
      {schedule_kind(options.schedule), options.prompt_rates.front(), options.warmup_steps, options.steps});
  if (!warmup.empty() && options.steps > 0) notes_.push_back("warning: " + warmup);
  settle_limits();
}

void Lab::open_data() {
  std::vector<TaskRow> own;
  for (const std::string& path : options_.rows) own.push_back(read_task_row(path));
  std::set<std::string> names;
  for (const std::string& element : options_.data) {
    const std::size_t equals = element.find('=');
    require(equals != std::string::npos && equals > 0 && equals + 1 < element.size(),
            "--data: '{}' is not NAME=DIR, a data set and the folder with its files", element);
    const std::string name = element.substr(0, equals);
    require(names.insert(name).second, "--data: '{}' is given twice", name);
    data_sets_.emplace_back(find_task_row(name, own), element.substr(equals + 1));
    hashes_[name] = data_sets_.back().hash();
    for (const std::int64_t shots : shots_of(options_)) {
      notes_.push_back(data_sets_.back().description(shots, options_.split));
    }
    for (const std::string& note : data_sets_.back().notes()) notes_.push_back(note);
  }
}

void Lab::read_prompts() {
  const std::vector<std::pair<std::string, std::string>> given{{"nsp", options_.prompt_nsp},
                                                               {"nss", options_.prompt_nss},
                                                               {"cls", options_.prompt_cls},
                                                               {"unified", options_.prompt_unified}};
  for (const auto& [task, path] : given) {
    if (path.empty()) continue;
    Prompt prompt = read_prompt(path);
    prompts_[task] = prompt.rows;
    for (const std::string& note : prompt.notes) {
      const std::string line = fmt::format("note: '{}': {}", path, note);
      if (std::find(notes_.begin(), notes_.end(), line) == notes_.end()) notes_.push_back(line);
    }
    origins_[task] = {path, std::move(prompt.origin)};
  }
  std::set<std::string> used;
  for (const Method& method : methods_) {
    for (const DataSet& data : data_sets_) {
      if (!method.pretrained()) continue;
      const std::string name = prompt_name(method, data);
      used.insert(name);
      require(!name.empty(), "method {}: the row of {} names no pretext task", method.name, data.name());
      require(prompts_.contains(name), "method {} on {} starts from a pre-trained prompt; give it with --prompt-{}",
              method.name, data.name(), name);
    }
  }
  for (const auto& [task, path] : given) {
    if (path.empty() || options_.one_prompt || used.contains(task)) continue;
    notes_.push_back(
        fmt::format("note: --prompt-{} does nothing here: no method starts from it on these data sets", task));
  }
}

void Lab::note_prompts() {
  std::set<std::string> warnings;
  for (const Method& method : methods_) {
    for (const DataSet& data : data_sets_) {
      if (!method.pretrained()) continue;
      const std::string name = prompt_name(method, data);
      for (std::string& warning :
           prompt_warnings(origins_.at(name), {options_.backbone, weights_of(backbone_), name})) {
        warnings.insert(std::move(warning));
      }
    }
  }
  for (const std::string& warning : warnings) notes_.push_back(fmt::format("warning: {}", warning));
}

std::string Lab::prompt_name(const Method& method, const DataSet& data) const {
  if (method.first == FirstPrompt::unified) return "unified";
  return method.first == FirstPrompt::pretext ? data.row().pretext : "";
}

std::int64_t Lab::prompt_length(const Method& method, const DataSet& data) const {
  if (method.trains_backbone()) return 0;
  return method.pretrained() ? prompts_.at(prompt_name(method, data)).size(0) : options_.prompt_length;
}

TaskForm Lab::form(const Method& method, const DataSet& data) const {
  return TaskForm(data.row(), method.form, *tokenizer_,
                  static_cast<std::int32_t>(model_->config().decoder_start_token_id), prompt_length(method, data),
                  options_.max_source);
}

void Lab::check_forms() {
  for (const DataSet& data : data_sets_) {
    for (const Method& method : methods_) {
      const TaskForm made = form(method, data);
      static_cast<void>(made.question(data.test().front()));
      for (const std::string& note : made.notes()) {
        if (std::find(notes_.begin(), notes_.end(), note) == notes_.end()) notes_.push_back(note);
      }
    }
  }
}

// Prompts of unequal length are no even comparison.
void Lab::note_prompt_lengths() {
  std::map<std::int64_t, std::set<std::string>> methods_of;
  for (const DataSet& data : data_sets_) {
    for (const Method& method : methods_) {
      if (!method.trains_backbone()) methods_of[prompt_length(method, data)].insert(method.name);
    }
  }
  if (methods_of.size() < 2) return;
  std::vector<std::string> texts;
  texts.reserve(methods_of.size());
  for (const auto& [rows, names] : methods_of)
    texts.push_back(fmt::format("{} rows: {}", rows, fmt::join(names, ", ")));
  notes_.push_back(
      fmt::format("the prompts differ in length ({}); --prompt-length sets that of a new one", fmt::join(texts, "; ")));
}

void Lab::settle_limits() {
  const bool trains =
      std::any_of(methods_.begin(), methods_.end(), [](const Method& m) { return m.trains_backbone(); });
  // A copy of the weights, their gradient and AdamW's two moments, in float32.
  constexpr std::int64_t copies = 4;
  constexpr std::int64_t float_bytes = 4;
  const std::int64_t weights = model_->weights().bytes() / model_->weights().embedding.element_size();
  const std::int64_t state = trains ? copies * float_bytes * weights : 0;
  const ExampleShape shape{options_.prompt_length, usual_longest_source, 3};
  const std::string micro_tokens = settled_micro_tokens(options_.micro_tokens, *model_, shape, session_, ranks_, state);
  limits_ =
      micro_batch_limits(micro_tokens, /*micro_batch=*/1024, options_.prompt_length, model_->config(), session_.device);
}

const DataSet& Lab::data_set(const std::string& name) const {
  const auto found =
      std::find_if(data_sets_.begin(), data_sets_.end(), [&](const DataSet& data) { return data.name() == name; });
  ensure(found != data_sets_.end(), "no data set {}", name);
  return *found;
}

std::string Lab::common_identity() const { return hash_of(config_of_all_cells(options_) + backbone_); }

CellIdentity Lab::identity(const CellKey& key) const {
  CellIdentity identity;
  identity.common = common_identity();
  std::string text = identity.common;
  const DataSet& set = data_set(key.data);
  const Method& method = method_named(key.method);
  if (method.pretrained()) {
    const at::Tensor rows = prompts_.at(prompt_name(method, set)).contiguous();
    text += fmt::format("{}\n", xxh3_128(rows.const_data_ptr(), rows.nbytes()));
  }
  OptionTable table("task row", "");
  TaskRow row = set.row();
  declare(table, row);
  identity.whole = hash_of(text + table.config_text() + hashes_.at(key.data));
  return identity;
}

std::vector<std::string> Lab::draw_problems() const {
  std::vector<std::string> problems;
  std::set<std::tuple<std::string, std::int64_t, std::uint64_t>> drawn;
  for (const CellKey& key : cells()) {
    if (!drawn.insert({key.data, key.shots, key.seed}).second) continue;
    try {
      static_cast<void>(
          data_set(key.data).split(key.shots == 0 ? whole_training_set : key.shots, options_.split, key.seed));
    } catch (const UserError& error) {
      problems.push_back(fmt::format("seed {}: {}", key.seed, error.what()));
    }
  }
  return problems;
}

std::vector<CellKey> Lab::cells() const {
  std::vector<CellKey> cells;
  for (const DataSet& data : data_sets_) {
    for (const Method& method : methods_) {
      const auto& rates = method.trains_backbone() ? options_.weight_rates : options_.prompt_rates;
      for (const std::int64_t shots : shots_of(options_)) {
        for (const double rate : rates) {
          for (const std::uint64_t seed : options_.seeds) {
            cells.push_back({data.name(), method.name, data.named_shots(shots, options_.split), rate, seed});
          }
        }
      }
    }
  }
  return cells;
}

std::unique_ptr<Tuned> Lab::start(const Method& method, const DataSet& data, const CellKey& key,
                                  const std::vector<std::int32_t>& words) const {
  const TunedOptions tuned{options_.weight_decay};
  if (method.trains_backbone()) return tune_weights(*model_, ranks_.tensor(), *ranks_.mesh().tensor, tuned);
  if (method.pretrained()) {
    return tune_prompt(*model_, prompts_.at(prompt_name(method, data)), session_.device, tuned);
  }
  const PromptStart fresh{options_.init, options_.init_text, options_.prompt_length, key.seed};
  return tune_prompt(*model_, first_prompt(fresh, model_->weights().embedding, *tokenizer_, words), session_.device,
                     tuned);
}

std::optional<CellResult> Lab::run(const CellKey& key, const TuningWatch& watch, std::unique_ptr<Tuned>* kept) const {
  const auto begin = std::chrono::steady_clock::now();
  const Method& method = method_named(key.method);
  const DataSet& data = data_set(key.data);
  const std::int64_t shots = key.shots == 0 ? whole_training_set : key.shots;
  const ExampleSplit split = data.split(shots, options_.split, key.seed);
  const TaskForm asked = form(method, data);
  const std::vector<Question> train = questions_of(asked, split.train);
  const std::vector<Question> dev = questions_of(asked, split.dev);

  std::unique_ptr<Tuned> tuned = start(method, data, key, answer_ids(train.front(), asked.word_start()));
  MicroBatchLimits limits = limits_;
  limits.prompt_rows = prompt_length(method, data);
  const TuningEnd end = tune(*tuned, settings_of(options_, key, limits), {train, dev, asked.word_start()},
                             *ranks_.mesh().tensor, session_.device, watch);
  if (!end.finished) return {};
  const std::vector<Question> test = questions_of(asked, data.test());
  const auto scores =
      score_questions(tuned->model(), tuned->sites(), test, asked.word_start(), limits, session_.device);

  CellResult result;
  result.key = key;
  result.curve = end.curve;
  result.best_step = end.best_step;
  result.dev = end.dev;
  result.test = summarise(test, scores, end.best_step > 0 ? NotFiniteCause::training : NotFiniteCause::model);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  result.train_indices = split.train_indices;
  result.dev_indices = split.dev_indices;
  result.revision = revision();
  if (kept != nullptr) *kept = std::move(tuned);
  return result;
}

Scores Lab::ensemble(const CellKey& key, const at::Tensor& prompts) const {
  const DataSet& data = data_set(key.data);
  const TaskForm asked = form(method_named(key.method), data);
  const std::vector<Question> test = questions_of(asked, data.test());
  MicroBatchLimits limits = limits_;
  limits.prompt_rows = prompts.size(1);
  const auto voted = vote(*model_, prompts, test, asked.word_start(), limits, session_.device);
  Confusion confusion;
  for (std::size_t i = 0; i < test.size(); ++i) confusion.add(test[i].label, voted[i]);
  Scores scores;
  scores.accuracy = confusion.accuracy();
  scores.macro_f1 = confusion.macro_f1();
  scores.examples = confusion.examples();
  scores.confusion = confusion.table(data.classes());
  return scores;
}

}  // namespace prelude
