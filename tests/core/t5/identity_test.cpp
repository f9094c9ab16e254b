#include "core/t5/identity.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/t5/load.h"
#include "tests/core/t5/small_backbone.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

T5Config wide_config() {
  T5Config config = small_config();
  config.vocab_size = 40'000;  // an embedding of more than one piece
  config.d_model = 120;
  return config;
}

Backbone saved(const TemporaryFolder& folder, const std::string& name, const Weights& weights,
               at::ScalarType dtype = at::kFloat) {
  save_backbone(folder / name, wide_config(), weights, "");
  return load_backbone(folder / name, at::kCPU, dtype);
}

TEST(Identity, IsTheSameHoweverManyRanksHashIt) {
  const TemporaryFolder folder;
  const Backbone backbone = saved(folder, "a", spread_weights(wide_config(), 1, at::kFloat));
  const auto whole = piece_hashes(backbone.files, backbone.config);
  EXPECT_GT(whole.size(), 2 * backbone.files.front().tensors().size());
  for (const int parts : {2, 3, 7}) {
    auto together = std::vector<std::string>(whole.size());
    for (int part = 0; part < parts; ++part) {
      const auto mine = piece_hashes(backbone.files, backbone.config, part, parts);
      ASSERT_EQ(mine.size(), whole.size());
      for (std::size_t i = 0; i < mine.size(); ++i) {
        EXPECT_EQ(mine[i].empty(), static_cast<int>(i) % parts != part);
        if (!mine[i].empty()) together[i] = mine[i];
      }
    }
    EXPECT_EQ(together, whole);
  }
}

TEST(Identity, IsOfTheStoredNumbersAlone) {
  const TemporaryFolder folder;
  Weights weights = spread_weights(wide_config(), 1, at::kFloat);
  const auto of = [](const Backbone& backbone) { return identity_of(piece_hashes(backbone.files, backbone.config)); };
  const std::string one = of(saved(folder, "a", weights));
  EXPECT_EQ(of(saved(folder, "again", weights)), one);
  EXPECT_EQ(of(saved(folder, "half", weights, at::kBFloat16)), one);  // loaded in another type
  weights.encoder.final_norm = weights.encoder.final_norm.clone();
  weights.encoder.final_norm.data_ptr<float>()[3] += 1e-6F;
  EXPECT_NE(of(saved(folder, "other", weights)), one);
}

}  // namespace
}  // namespace prelude::test
