#include "core/delta/blind_end.h"

#include <gtest/gtest.h>

#include "tests/core/delta/slow_t5.h"
#include "tests/core/t5/small_backbone.h"

namespace prelude {
namespace {

using namespace test;

std::vector<std::int64_t> list(const at::Tensor& ids, std::int64_t length) {
  return {ids.data_ptr<std::int64_t>(), ids.data_ptr<std::int64_t>() + length};
}

class BlindEndTest : public testing::Test {
 protected:
  at::Tensor decode(const Delta& delta, const at::Tensor& decoder_ids) const {
    const DeltaSites sites(delta);
    return model_.decode(decoder_ids, model_.encode(batch_.source_ids, batch_.source_lengths, sites), sites);
  }

  T5Config config_ = small_config();
  Model model_ = small_model(config_, 3, at::kDouble);
  Batch batch_ = small_batch(config_, {6, 1, 4}, {3, 3, 3}, 5);
  at::Tensor rows_ = random_tensor({prompt_rows, config_.d_model}, 7);  // [P,D]
  SoftPrompt prompt_{rows_, at::kCPU};
  BlindEnd blind_{prompt_};
};

// The slow T5 sets the scores of the last query to 0 before it adds the bias.
TEST_F(BlindEndTest, LossAndGradientEqualTheSlowT5) {
  const at::Tensor leaf = rows_.clone().requires_grad_(true);
  SlowT5 slow(config_, model_.weights(), site_bit(Site::encoder_input), {{"prompt", leaf}});
  slow.blind_end();
  at::Tensor expected = at::zeros({}, at::kDouble);
  for (std::int64_t i = 0; i < 3; ++i) {
    expected = expected + slow.loss(list(batch_.source_ids[i], batch_.source_lengths[i].item<std::int64_t>()),
                                    list(batch_.decoder_ids[i], 3), list(batch_.labels[i], 3), 0);
  }
  expected.backward();
  const at::Tensor loss = model_.loss_sum(batch_, DeltaSites(blind_));
  loss.backward();
  EXPECT_NEAR(loss.item<double>(), expected.item<double>(), 1e-9 * expected.item<double>());
  EXPECT_LE(relative_difference(blind_.trainable().flat().grad(), leaf.grad().flatten()), 1e-9);
  EXPECT_GT(std::abs(loss.item<double>() - model_.loss_sum(batch_, DeltaSites(prompt_)).item<double>()), 1e-4);
}

TEST_F(BlindEndTest, OnlyTheLastPositionIsBlind) {
  const at::Tensor with = decode(blind_, batch_.decoder_ids);
  const at::Tensor without = decode(prompt_, batch_.decoder_ids);
  EXPECT_LE(relative_difference(with.slice(1, 0, 2), without.slice(1, 0, 2)), 1e-12);
  EXPECT_GT(relative_difference(with.select(1, 2), without.select(1, 2)), 1e-3);
}

TEST_F(BlindEndTest, TrainsThePromptItself) {
  EXPECT_EQ(blind_.trainable().flat().data_ptr(), prompt_.trainable().flat().data_ptr());
  const BlindEnd& constant = blind_;
  EXPECT_EQ(constant.trainable().flat().data_ptr(), prompt_.trainable().flat().data_ptr());
}

}  // namespace
}  // namespace prelude
