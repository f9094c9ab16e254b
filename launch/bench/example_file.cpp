#include "launch/bench/example_file.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/io/output_file.h"
#include "launch/predict/request.h"
#include "tasks/loader.h"

namespace prelude {
namespace {

// Its stream is a given list, so that the loader's own code cuts it.
class ListedExamples final : public PretextTask {
 public:
  explicit ListedExamples(const std::vector<Example>& examples) : examples_(examples) {}
  Example training_sample(std::uint64_t /*seed*/, std::uint64_t index) const override { return examples_.at(index); }
  Example validation_sample(std::uint64_t index) const override { return examples_.at(index); }
  std::uint64_t training_anchors() const override { return examples_.size(); }
  std::uint64_t validation_anchors() const override { return examples_.size(); }
  const std::vector<std::int32_t>& label_ids() const override { return no_labels_; }

 private:
  const std::vector<Example>& examples_;
  std::vector<std::int32_t> no_labels_;
};

}  // namespace

std::vector<Example> read_examples(const std::string& path, const T5Config& config) {
  RequestFormat format;
  format.vocab_size = config.vocab_size;
  format.has_prompt = true;
  RequestReader reader(path, format);
  std::vector<Example> examples;
  while (std::optional<Request> request = reader.next()) {
    require(request->target.has_value(), "{}: it has no target_ids, but a training step needs them", request->place);
    Example& example = examples.emplace_back();
    example.source = std::move(request->source);
    example.target = *std::move(request->target);
    example.target.insert(example.target.begin(), static_cast<std::int32_t>(config.decoder_start_token_id));
  }
  require(!examples.empty(), "'{}' holds no examples; a line is one, with source_ids and target_ids", path);
  return examples;
}

void write_examples(const std::string& path, const std::vector<Example>& examples) {
  std::string text;
  for (const Example& example : examples) {
    const Ids target(example.target.begin() + 1, example.target.end());
    const nlohmann::ordered_json line{{"source_ids", example.source}, {"target_ids", target}};
    text += fmt::format("{}\n", line.dump());
  }
  write_new_file(path, text, "--write-examples");
}

std::vector<std::vector<Example>> cut_step(const std::vector<Example>& examples, const MicroBatchLimits& limits) {
  LoaderOptions options;
  options.global_batch = static_cast<std::int64_t>(examples.size());
  options.limits = limits;
  return load_step(ListedExamples(examples), options, 0).micro_batches;
}

}  // namespace prelude
