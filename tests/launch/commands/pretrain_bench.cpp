#include "tests/launch/commands/pretrain_bench.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <limits>
#include <map>
#include <random>
#include <thread>

#include "core/t5/initialise.h"
#include "core/t5/load.h"
#include "core/text/tokenizer.h"
#include "tests/launch/commands/run_metrics.h"
#include "tests/tasks/corpus/make_corpus.h"

namespace prelude::test {
namespace {

const std::string tokenizer_path = PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model";

T5Config backbone_config() {
  T5Config config;
  config.d_model = 24;
  config.d_kv = 8;
  config.d_ff = 32;
  config.num_layers = 2;
  config.num_decoder_layers = 2;
  config.num_heads = 4;
  return config;
}

std::vector<Document> random_documents() {
  std::mt19937 generator(5);
  const auto between = [&](std::size_t low, std::size_t high) { return low + generator() % (high - low + 1); };
  std::vector<Document> documents(40);
  for (auto& document : documents) {
    document.resize(between(6, 12));
    for (auto& sentence : document) {
      for (std::size_t i = between(5, 20); i > 0; --i) sentence.push_back(static_cast<std::int32_t>(between(3, 31999)));
    }
  }
  return documents;
}

}  // namespace

PretrainBench::PretrainBench() {
  write_backbone(1);
  std::filesystem::create_directory(path("corpus"));
  CorpusOptions options;
  options.tokenizer_sha256 = Tokenizer::load(tokenizer_path).sha256();
  make_corpus(path("corpus"), random_documents(), options);
}

void PretrainBench::write_backbone(std::uint64_t seed, bool broken) const {
  std::filesystem::remove_all(path("backbone"));
  auto weights = initialise_weights(backbone_config(), seed, at::Device(at::kCPU), at::kFloat);
  if (broken) weights.decoder.final_norm.fill_(std::numeric_limits<double>::quiet_NaN());
  save_backbone(path("backbone"), backbone_config(), weights, tokenizer_path);
}

std::vector<std::string> PretrainBench::arguments(const std::string& run, const std::vector<std::string>& more) const {
  std::map<std::string, std::string> options{{"--backbone", path("backbone")},
                                             {"--corpus", path("corpus")},
                                             {"--output", path(run)},
                                             {"--prompt-length", "5"},
                                             {"--steps", "40"},
                                             {"--global-batch", "6"},
                                             {"--micro-batch", "4"},
                                             {"--evaluate-every", "7"},
                                             {"--validation-examples", "9"},
                                             {"--validation-fraction", "0.2"},
                                             {"--checkpoint-every", "4"},
                                             {"--keep", "2"},
                                             {"--device", "cpu"},
                                             {"--threads", "1"}};
  for (std::size_t i = 0; i + 1 < more.size(); i += 2) options[more[i]] = more[i + 1];
  std::vector<std::string> words{"pretrain"};
  for (const auto& [name, value] : options) {
    words.push_back(name);
    words.push_back(value);
  }
  return words;
}

ProgramResult PretrainBench::pretrain(const std::string& run, const std::vector<std::string>& more) const {
  return run_program(arguments(run, more));
}

std::unique_ptr<RunningProgram> PretrainBench::start_until(const std::string& run, std::int64_t step,
                                                           const std::vector<std::string>& more) const {
  auto program = std::make_unique<RunningProgram>(arguments(run, more));
  while (program->running() && last_step(run) < step) std::this_thread::sleep_for(std::chrono::microseconds(200));
  return program;
}

std::vector<std::string> PretrainBench::metrics(const std::string& run) const {
  std::vector<std::string> lines;
  for (const auto& line : lasting_metrics(path(run))) lines.push_back(line.dump());
  return lines;
}

std::int64_t PretrainBench::last_step(const std::string& run) const { return test::last_step(path(run)); }

std::string PretrainBench::prompt_bytes(const std::string& run, const std::string& which) const {
  return read_file(path(run) + "/" + which + "/adapter_model.safetensors");
}

}  // namespace prelude::test
