// Against what Hugging Face transformers and PEFT computed in float64 (scripts/make-golden).
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/delta/soft_prompt.h"
#include "core/t5/model.h"
#include "tests/core/random_tensor.h"
#include "tests/core/t5/golden_case.h"

namespace prelude {
namespace {

using namespace test;

// scripts/parity gives another folder of the same form, with larger backbones.
std::string golden_folder() {
  const char* given = std::getenv("PRELUDE_GOLDEN");
  return given != nullptr ? std::string(given) + "/" : std::string(PRELUDE_SOURCE_DIR) + "/tests/data/golden/";
}

constexpr double tolerance = 1e-4;

struct Case {
  Batch batch;
  at::Tensor logits_bare;      // [B,T,V]
  at::Tensor logits;           // [B,T,V]
  at::Tensor loss_sum;         // []
  at::Tensor prompt_gradient;  // [P,D]
  at::Tensor prompt;           // [P,D]
};

Case read_case(const std::string& folder) {
  const SafetensorsFile file(folder + "/case.safetensors");
  Case c;
  c.batch = read_golden_batch(folder);
  c.logits_bare = read_tensor(file, "logits_bare");
  c.logits = read_tensor(file, "logits");
  c.loss_sum = read_tensor(file, "loss_sum");
  c.prompt_gradient = read_tensor(file, "prompt_gradient");
  c.prompt = read_tensor(SafetensorsFile(folder + "/prompt/adapter_model.safetensors"), "prompt_embeddings");
  return c;
}

at::Tensor logits_of(const Model& model, const Batch& batch, const DeltaSites& sites) {
  const EncoderOutput encoded = model.encode(batch.source_ids, batch.source_lengths, sites);
  return model.logits(model.decode(batch.decoder_ids, encoded, sites));
}

class Golden : public testing::TestWithParam<std::string> {
 protected:
  void check(at::ScalarType dtype, double limit) {
    const std::string folder = golden_folder() + GetParam();
    const Case c = read_case(folder);
    Backbone backbone = load_backbone(folder, at::kCPU, dtype);
    const Model model(backbone.config, backbone.weights);
    SoftPrompt prompt(c.prompt.to(dtype), at::kCPU);
    const DeltaSites sites(prompt);
    const at::Tensor real = c.batch.labels.ne(Batch::ignored_label);  // [B,T]; transformers' padded rows mean nothing
    double greatest = 0;
    const auto expect_close = [&](const char* what, const at::Tensor& got, const at::Tensor& expected) {
      const double difference = relative_difference(got, expected);
      EXPECT_LT(difference, limit) << what;
      greatest = std::max(greatest, difference);
    };
    expect_close("bare logits", logits_of(model, c.batch, {}).index({real}), c.logits_bare.index({real}));
    expect_close("logits", logits_of(model, c.batch, sites).index({real}), c.logits.index({real}));
    const at::Tensor loss = model.loss_sum(c.batch, sites);
    loss.backward();
    expect_close("loss", loss, c.loss_sum);
    expect_close("gradient", prompt.trainable().flat().grad().view(c.prompt.sizes()), c.prompt_gradient);
    RecordProperty("greatest_difference", fmt::format("{:.3e}", greatest));
  }
};

TEST_P(Golden, LogitsLossAndPromptGradientInFloat32) { check(at::kFloat, tolerance); }

// Stored as float32, hence not closer.
TEST_P(Golden, LogitsLossAndPromptGradientInFloat64) { check(at::kDouble, 2e-6); }

std::vector<std::string> names_of_cases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(golden_folder())) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Shapes, Golden, testing::ValuesIn(names_of_cases()),
                         [](const auto& name) { return name.param; });

TEST(GoldenFiles, AreAllThere) { EXPECT_GE(names_of_cases().size(), 12U); }

}  // namespace
}  // namespace prelude
