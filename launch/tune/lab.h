// What the cells of an experiment share, loaded once: the frozen backbone, its tokenizer, the data sets and the
// pre-trained prompts.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/t5/load.h"
#include "core/text/tokenizer.h"
#include "launch/experiment/cell_store.h"
#include "launch/experiment/experiment_options.h"
#include "launch/prompt_match.h"
#include "launch/tune/data_set.h"
#include "launch/tune/method.h"
#include "launch/tune/tuned.h"
#include "launch/tune/tuning.h"
#include "tasks/downstream/task_form.h"
#include "tasks/micro_batch_cut.h"

namespace prelude {

class Lab {
 public:
  // `ranks` outlives this. Throws UserError for what is missing or does not fit, before any cell runs: also a method
  // without its pre-trained prompt, or without a form in a data set.
  Lab(const ExperimentOptions& options, const Session& session, const Ranks& ranks);

  const std::vector<DataSet>& data_sets() const { return data_sets_; }
  const std::string& tokenizer_path() const { return tokenizer_path_; }
  std::int64_t d_model() const { return model_->config().d_model; }
  const std::string& backbone() const { return backbone_; }  // BackboneIdentity::text()
  // What the user should know of the data sets and methods, one line each.
  const std::vector<std::string>& notes() const { return notes_; }
  // Hashes of what a cell's result depends on beside its key: backbone, options, the prompt it starts from, files.
  CellIdentity identity(const CellKey& key) const;
  // Why examples cannot be drawn for some of the cells, one line each.
  std::vector<std::string> draw_problems() const;

  std::int64_t prompt_length(const CellKey& key) const {
    return prompt_length(method_named(key.method), data_set(key.data));
  }
  // In the order of data sets, methods, shots, rates, seeds.
  std::vector<CellKey> cells() const;
  // Tunes and tests. Nothing comes back where `watch` stopped it. Throws what makes the cell fail. `kept`: where it is
  // not null, it becomes what was tuned, in the chosen state.
  std::optional<CellResult> run(const CellKey& key, const TuningWatch& watch,
                                std::unique_ptr<Tuned>* kept = nullptr) const;
  // Test scores of the majority of tuned prompts [K,P,D] of one data set, method and number of shots: accuracy and
  // macro-F1 among the label words alone.
  Scores ensemble(const CellKey& key, const at::Tensor& prompts) const;

 private:
  void open_data();
  std::string common_identity() const;
  void read_prompts();
  void note_prompts();
  void check_forms();
  void note_prompt_lengths();
  void settle_limits();
  const DataSet& data_set(const std::string& name) const;
  std::string prompt_name(const Method& method, const DataSet& data) const;  // a key of prompts_; empty: none
  std::int64_t prompt_length(const Method& method, const DataSet& data) const;
  TaskForm form(const Method& method, const DataSet& data) const;
  std::unique_ptr<Tuned> start(const Method& method, const DataSet& data, const CellKey& key,
                               const std::vector<std::int32_t>& words) const;

  ExperimentOptions options_;
  Session session_;
  const Ranks& ranks_;
  std::string backbone_;  // BackboneIdentity::text()
  std::string tokenizer_path_;
  std::optional<Model> model_;
  std::optional<Tokenizer> tokenizer_;
  std::vector<DataSet> data_sets_;
  std::map<std::string, std::string> hashes_;  // of the data sets' examples
  std::vector<Method> methods_;
  std::map<std::string, at::Tensor> prompts_;    // pretext task, or "unified" -> [P,D]
  std::map<std::string, PromptOrigin> origins_;  // of the same
  MicroBatchLimits limits_;
  std::vector<std::string> notes_;
};

}  // namespace prelude
