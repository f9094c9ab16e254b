#include "core/t5/flat_layers.h"

#include <gtest/gtest.h>

#include "core/t5/load.h"
#include "tests/core/t5/small_backbone.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

// The oracle: each layer's matrices as they are named, joined end to end.
std::vector<at::Tensor> joined_layers(const T5Config& config, Weights weights) {
  std::vector<std::vector<at::Tensor>> parts(static_cast<std::size_t>(config.num_layers + config.num_decoder_layers));
  for (const WeightSlot& slot : weight_slots(config, weights)) {
    const bool matrix = slot.name.find("norm") == std::string::npos && slot.name.find(".block.") != std::string::npos &&
                        slot.name.find("relative") == std::string::npos;
    if (!matrix) continue;
    const bool decoder = slot.name.starts_with("decoder");
    const auto number = static_cast<std::size_t>(std::stoi(slot.name.substr(slot.name.find("block.") + 6)));
    parts[number + (decoder ? static_cast<std::size_t>(config.num_layers) : 0)].push_back(slot.tensor.get().flatten());
  }
  std::vector<at::Tensor> joined;
  for (const auto& layer : parts) joined.push_back(at::cat(layer));
  return joined;
}

TEST(FlatLayers, SlicesOfAllRanksAreTheLayersAndZeros) {
  const T5Config config = small_config();
  const Weights whole = spread_weights(config, 3, at::kFloat);
  const auto expected = joined_layers(config, whole);
  for (const int ranks : {1, 2, 3, 4, 7}) {
    std::vector<Weights> shares;
    for (int rank = 0; rank < ranks; ++rank) shares.push_back(share_weights(config, whole, {rank, ranks}));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      std::vector<at::Tensor> slices;
      for (const Weights& share : shares) slices.push_back(share.layer_slices.at(i));
      const at::Tensor all = at::cat(slices);
      const std::int64_t size = expected[i].numel();
      EXPECT_TRUE(at::equal(all.narrow(0, 0, size), expected[i])) << i << " over " << ranks;
      EXPECT_EQ(all.numel(), (size + ranks - 1) / ranks * ranks);
      EXPECT_TRUE(all.narrow(0, size, all.numel() - size).eq(0).all().item<bool>());
    }
  }
}

TEST(FlatLayers, TheLoaderReadsTheSameSlices) {
  const TemporaryFolder folder;
  const T5Config config = small_config();
  save_backbone(folder / "b", config, spread_weights(config, 4, at::kFloat), "");
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    const Weights whole = load_backbone(folder / "b", at::kCPU, dtype).weights;
    for (int rank = 0; rank < 3; ++rank) {
      const LayerShare share{rank, 3};
      const Weights expected = share_weights(config, whole, share);
      const Weights loaded = load_backbone(folder / "b", at::kCPU, dtype, whole_model(), share).weights;
      EXPECT_EQ(hash_weights(config, loaded), hash_weights(config, expected)) << rank;
      EXPECT_EQ(loaded.bytes(), expected.bytes());
      EXPECT_FALSE(loaded.encoder.layers[0].self_attention.q.defined());
    }
  }
}

TEST(FlatLayers, ViewsAreTheMatricesAndTheirProducts) {
  const T5Config config = small_config();
  Weights whole = spread_weights(config, 5, at::kFloat);
  const auto flats = joined_layers(config, whole);
  Weights views;
  const auto slots = weight_slots(config, views);
  const auto layers = flat_layers(slots);
  fuse_weights(whole);
  const auto last = static_cast<std::size_t>(config.num_layers);
  LayerWeights& layer = views.decoder.layers[0];
  view_layer(layers[last], flats[last], slots, layer);
  const LayerWeights& expected = whole.decoder.layers[0];
  EXPECT_TRUE(at::equal(layer.self_attention.o, expected.self_attention.o));
  EXPECT_TRUE(at::equal(layer.cross_attention.q, expected.cross_attention.q));
  EXPECT_TRUE(at::equal(layer.feed_forward.wo, expected.feed_forward.wo));
  EXPECT_TRUE(at::equal(layer.self_attention.fused, expected.self_attention.fused));
  EXPECT_TRUE(at::equal(layer.cross_attention.fused, expected.cross_attention.fused));
  EXPECT_TRUE(at::equal(layer.feed_forward.fused, expected.feed_forward.fused));
  forget_layer(layers[last], slots, layer);
  EXPECT_FALSE(layer.self_attention.o.defined() || layer.self_attention.fused.defined());
}

}  // namespace
}  // namespace prelude::test
