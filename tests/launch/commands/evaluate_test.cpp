#include "launch/commands/evaluate.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "core/delta/prompt_file.h"
#include "core/error.h"
#include "core/t5/initialise.h"
#include "core/t5/load.h"
#include "launch/predict/loaded_model.h"
#include "tasks/pretext/make_pretext_task.h"
#include "tests/launch/one_rank.h"
#include "tests/launch/predict/golden_requests.h"
#include "tests/tasks/corpus/make_corpus.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

nlohmann::json evaluate(const std::vector<std::string>& arguments) {
  ::testing::internal::CaptureStdout();
  const int code = test::run_alone(evaluate_command(), arguments);
  std::fflush(stdout);
  const std::string text = ::testing::internal::GetCapturedStdout();
  EXPECT_EQ(code, exit_done);
  return nlohmann::json::parse(text);
}

// Lines with candidates out of the golden requests; what transformers says of them is in the same file.
TEST(Evaluate, CountsWhatTransformersPredicts) {
  for (const GoldenFile& golden : golden_files()) {
    const TemporaryFolder folder;
    std::string content;
    double right = 0;
    double loss = 0;
    double tokens = 0;
    double examples = 0;
    std::vector<std::vector<int>> confusion(6, std::vector<int>(6));
    std::size_t classes = 0;
    for (const auto& line : golden.lines()) {
      if (!line.contains("candidate_ids")) continue;
      content += line.dump() + "\n";
      ++examples;
      const std::size_t label = line["label"];
      const std::size_t prediction = line["expected"]["prediction"];
      right += label == prediction ? 1 : 0;
      ++confusion[label][prediction];
      classes = std::max(classes, line["candidate_ids"].size());
      for (const auto& value : line["expected"]["label_logprobs"]) {
        loss -= value.get<double>();
        ++tokens;
      }
    }
    confusion.resize(classes);
    for (auto& row : confusion) row.resize(classes);
    write_file(folder / "in", content);
    std::vector<std::string> arguments{
        "--backbone", golden.backbone_folder(), "--input", folder / "in", "--batch-size", "5", "--device", "cpu"};
    if (golden.prompt) arguments.insert(arguments.end(), {"--prompt", golden.prompt_folder()});
    const nlohmann::json result = evaluate(arguments);
    EXPECT_EQ(result["examples"], examples);
    EXPECT_NEAR(result["accuracy"], right / examples, 1e-12);
    EXPECT_NEAR(result["loss"], loss / tokens, 1e-4);
    EXPECT_EQ(result["confusion"], nlohmann::json(confusion));
    EXPECT_TRUE(result["macro_f1"].is_number());
  }
}

TEST(Evaluate, SaysWhatALineLacks) {
  const GoldenFile golden{"v1_1", false};
  const TemporaryFolder folder;
  const std::vector<std::pair<const char*, const char*>> mistakes{
      {"{\"source_ids\": [1], \"label\": 0}", "line 1: it has neither candidates nor candidate_ids"},
      {"{\"source_ids\": [1], \"candidate_ids\": [[1], [2]]}", "line 1: it has no label"},
      {"", "holds no example"},
  };
  for (const auto& [content, expected] : mistakes) {
    write_file(folder / "in", content);
    try {
      (void)test::run_alone(evaluate_command(),
                            {"--backbone", golden.backbone_folder(), "--input", folder / "in", "--device", "cpu"});
      ADD_FAILURE() << "no UserError for " << content;
    } catch (const UserError& error) {
      EXPECT_NE(std::string(error.what()).find(expected), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW((void)test::run_alone(evaluate_command(), {"--backbone", golden.backbone_folder()}), UserError);
}

// A small backbone with T5's tokenizer, a prompt, and a corpus of random ids.
class EvaluatePretext : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    T5Config config = named_t5_config("tiny");
    config.d_model = 16;
    config.d_kv = 8;
    config.num_heads = 2;
    config.d_ff = 24;
    save_backbone(folder_ / "backbone", config, initialise_weights(config, 1, at::kCPU, at::kFloat), tokenizer_path_);
    Prompt prompt;
    prompt.rows = at::ones({7, 16}, at::kFloat) * at::arange(16).unsqueeze(0) * 0.1;
    write_prompt_folder(folder_ / "prompt", prompt);
    std::filesystem::create_directory(folder_ / "corpus");
    CorpusOptions options;
    options.tokenizer_sha256 = Tokenizer::load(tokenizer_path_).sha256();
    std::vector<Document> documents(40, Document(9, Sentence(6)));
    std::int32_t id = 0;
    for (auto& document : documents) {
      for (auto& sentence : document) {
        for (auto& token : sentence) token = 3000 + (id = (id * 31 + 17) % 20'011);
      }
    }
    make_corpus(folder_ / "corpus", documents, options);
  }

  // The words that answer it: of a unified task, the letters in its source (the corpus holds none).
  static std::vector<std::int32_t> offered(const PretextTask& task, const Example& example) {
    std::vector<std::int32_t> ids;
    for (const std::int32_t id : task.label_ids()) {
      const bool shown = std::find(example.source.begin(), example.source.end(), id) != example.source.end();
      if (shown || std::string(GetParam()) == "nsp") ids.push_back(id);
    }
    return ids;
  }

  TemporaryFolder folder_;
  std::string tokenizer_path_ = PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model";
};

// Against one example at a time, with the model's whole logits.
TEST_P(EvaluatePretext, AgreesWithOneExampleAtATime) {
  const nlohmann::json result = evaluate({"--backbone", folder_ / "backbone", "--prompt", folder_ / "prompt",
                                          "--corpus", folder_ / "corpus", "--task", GetParam(), "--examples", "20",
                                          "--batch-size", "8", "--validation-fraction", "0.2", "--device", "cpu"});

  const test::OneRank one;
  const LoadedModel loaded = LoadedModel::load(folder_ / "backbone", folder_ / "prompt", one.session, one.ranks);
  const Corpus corpus = Corpus::open(folder_ / "corpus");
  PretextOptions options;
  options.prompt_length = 7;
  options.validation_fraction = 0.2;
  const auto task = make_pretext_task(GetParam(), corpus, *loaded.tokenizer(), options);
  const at::NoGradGuard no_graph;
  double loss = 0;
  double tokens = 0;
  int right = 0;
  int likeliest = 0;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const Example example = task->validation_sample(i);
    const std::vector<std::int64_t> source(example.source.begin(), example.source.end());
    const std::vector<std::int64_t> decoder(example.target.begin(), example.target.end() - 1);
    const auto length = at::tensor({static_cast<std::int64_t>(source.size())}, at::kLong);
    const auto encoded = loaded.model().encode(at::tensor(source, at::kLong).unsqueeze(0), length, loaded.sites());
    const at::Tensor hidden =
        loaded.model().decode(at::tensor(decoder, at::kLong).unsqueeze(0), encoded, loaded.sites());
    const at::Tensor logs = loaded.model().logits(hidden)[0].log_softmax(1);  // [T,V]
    for (std::size_t t = 0; t < decoder.size(); ++t) {
      loss -= logs[static_cast<std::int64_t>(t)][example.target[t + 1]].item<double>();
      ++tokens;
    }
    const at::Tensor words = logs[1];  // position 1 answers: target is start, sentinel, word
    std::vector<double> scores;
    for (const std::int32_t id : offered(*task, example)) scores.push_back(words[id].item<double>());
    right += std::max_element(scores.begin(), scores.end()) - scores.begin() == example.label ? 1 : 0;
    likeliest += words.argmax().item<std::int64_t>() == example.target[2] ? 1 : 0;
  }
  EXPECT_EQ(result["examples"], 20);
  EXPECT_NEAR(result["loss"], loss / tokens, 1e-4);
  EXPECT_NEAR(result["accuracy"], right / 20.0, 1e-12);
  EXPECT_NEAR(result["vocabulary_accuracy"], likeliest / 20.0, 1e-12);
  EXPECT_EQ(result["confusion"].size(), task->label_ids().size());
}

INSTANTIATE_TEST_SUITE_P(Tasks, EvaluatePretext, ::testing::Values("nsp", "unified"));

}  // namespace
}  // namespace prelude::test
