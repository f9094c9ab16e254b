#include "tests/launch/commands/lm_bench.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <thread>

#include "tests/launch/commands/run_metrics.h"

namespace prelude::test {
namespace {

void must(const std::vector<std::string>& arguments) {
  const ProgramResult result = run_program(arguments);
  if (result.code != 0) throw std::runtime_error(arguments.at(0) + ": " + result.errors);
}

}  // namespace

LmBench::LmBench() {
  write_text();
  must({"tokenizer", "train", "--input", path("text.jsonl"), "--vocabulary", "48", "--output", path("tokenizer")});
  must({"corpus", "build", "--input", path("text.jsonl"), "--tokenizer", tokenizer(), "--output", path("corpus"),
        "--workers", "1"});
  config("config.json", {});
}

// Sentences of few words: something to learn.
void LmBench::write_text() const {
  const std::vector<std::string> words{"the",   "a",    "good",  "bad",  "great", "film",  "book",
                                       "was",   "not",  "quite", "fine", "old",   "green", "king",
                                       "river", "over", "near",  "city", "bread", "water"};
  std::mt19937 random(3);
  std::string text;
  for (int document = 0; document < 60; ++document) {
    text += R"({"text": ")";
    for (int sentence = 0; sentence < 6; ++sentence) {
      text += sentence == 0 ? "The" : " The";
      for (std::size_t word = 5 + random() % 15; word > 0; --word) text += " " + words[random() % words.size()];
      text += ".";
    }
    text += "\"}\n";
  }
  write_file(path("text.jsonl"), text);
}

std::string LmBench::config(const std::string& name, const nlohmann::json& changes) const {
  nlohmann::json object{{"model_type", "t5"},
                        {"d_model", 16},
                        {"d_kv", 8},
                        {"d_ff", 32},
                        {"num_heads", 4},
                        {"num_layers", 2},
                        {"num_decoder_layers", 2},
                        {"vocab_size", 192},
                        {"feed_forward_proj", "gated-gelu"},
                        {"tie_word_embeddings", true},
                        {"scale_decoder_outputs", true},
                        {"pad_token_id", 0},
                        {"eos_token_id", 1},
                        {"decoder_start_token_id", 0}};
  if (!changes.is_null()) object.update(changes);
  write_file(path(name), object.dump());
  return path(name);
}

std::vector<std::string> LmBench::arguments(const std::string& run, const Options& more) const {
  Options options{{"--init", path("config.json")},
                  {"--tokenizer", tokenizer()},
                  {"--corpus", path("corpus")},
                  {"--output", path(run)},
                  {"--max-source", "32"},
                  {"--steps", "40"},
                  {"--global-batch", "6"},
                  {"--micro-tokens", "96"},
                  {"--learning-rate", "0.2"},
                  {"--warmup-steps", "10"},
                  {"--evaluate-every", "7"},
                  {"--validation-windows", "9"},
                  {"--validation-fraction", "0.2"},
                  {"--checkpoint-every", "4"},
                  {"--keep", "2"},
                  {"--samples", "0"},
                  {"--device", "cpu"},
                  {"--threads", "1"}};
  for (const auto& [name, value] : more) options[name] = value;
  std::vector<std::string> words{"lm"};
  for (const auto& [name, value] : options) {
    if (!value.empty()) words.insert(words.end(), {name, value});
  }
  return words;
}

ProgramResult LmBench::lm(const std::string& run, const Options& more) const {
  return run_program(arguments(run, more));
}

std::unique_ptr<RunningProgram> LmBench::start_until(const std::string& run, std::int64_t step,
                                                     const Options& more) const {
  auto program = std::make_unique<RunningProgram>(arguments(run, more));
  while (program->running() && last_step(path(run)) < step) std::this_thread::sleep_for(std::chrono::microseconds(200));
  return program;
}

std::vector<nlohmann::ordered_json> LmBench::metrics(const std::string& run) const {
  return lasting_metrics(path(run));
}

double LmBench::last_validation(const std::string& run) const {
  const auto lines = metrics(run);
  const auto last =
      std::find_if(lines.rbegin(), lines.rend(), [](const auto& line) { return line.contains("validation_loss"); });
  return last->at("validation_loss");
}

std::string LmBench::weights(const std::string& run) const {
  return read_file(path(run) + "/backbone/model.safetensors");
}

std::string LmBench::newest_checkpoint(const std::string& run) const {
  std::string newest;
  for (const auto& entry : std::filesystem::directory_iterator(path(run) + "/checkpoints")) {
    newest = std::max(newest, entry.path().string());
  }
  return newest;
}

}  // namespace prelude::test
