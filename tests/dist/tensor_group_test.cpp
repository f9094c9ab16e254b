// A T5 cut over ranks against the whole one, computed by every rank for itself: logits, loss and prompt gradient.
#include "dist/tensor_group.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/delta/soft_prompt.h"
#include "dist/mesh.h"
#include "tests/core/t5/small_backbone.h"
#include "tests/dist/ranks.h"
#include "tests/dist/recording_communicator.h"
#include "tests/dist/variants.h"
#include "tests/message_of.h"

namespace prelude {
namespace {

using test::group;
using test::on_all;
using test::random_tensor;
using test::relative_difference;
using test::variants;

constexpr double allowed = 1e-5;  // relative, float32

struct Outcome {
  at::Tensor logits;    // [B,T,V]
  at::Tensor loss;      // []
  at::Tensor gradient;  // [P*D]
};

Outcome outcome_of(const Model& model, const Batch& batch) {
  const SoftPrompt prompt(random_tensor({3, model.config().d_model}, 5).to(at::kFloat), at::kCPU);
  const DeltaSites sites(prompt);
  const at::Tensor loss = model.loss_sum(batch, sites);
  loss.backward();
  const at::NoGradGuard no_graph;
  const auto encoded = model.encode(batch.source_ids, batch.source_lengths, sites);
  return {model.logits(model.decode(batch.decoder_ids, encoded, sites)), loss.detach(),
          prompt.trainable().flat().grad()};
}

// The tensor groups that divide the world.
std::vector<int> degrees() {
  std::vector<int> list;
  for (int n = 1; n <= group().size(); ++n) {
    if (group().size() % n == 0) list.push_back(n);
  }
  return list;
}

Mesh mesh_of(int tensor) { return make_mesh(group(), mesh_place(group().rank(), tensor, test::world().hosts(), true)); }

TEST(TensorGroup, EveryVariantIsTheWholeModel) {
  for (const int degree : degrees()) {
    const Mesh mesh = mesh_of(degree);
    const TensorGroup parallel(*mesh.tensor);
    for (const auto& [name, config] : variants()) {
      const Weights whole = test::spread_weights(config, 11, at::kFloat);
      const Batch batch = test::small_batch(config, {9, 4, 17}, {3, 1, 2}, 3);
      const Outcome expected = outcome_of(Model(config, whole), batch);
      const Outcome got = outcome_of(Model(config, slice_weights(config, whole, parallel), parallel), batch);
      EXPECT_LT(relative_difference(got.logits, expected.logits), allowed) << name << " over " << degree;
      EXPECT_LT(relative_difference(got.loss, expected.loss), allowed) << name << " over " << degree;
      EXPECT_LT(relative_difference(got.gradient, expected.gradient), allowed) << name << " over " << degree;
    }
  }
}

// Before the world's sum, which would hide a missing reduce.
TEST(TensorGroup, CopiesOfThePromptGradientAgreeToTheBit) {
  const Mesh mesh = mesh_of(group().size());
  const TensorGroup parallel(*mesh.tensor);
  for (const auto& [name, config] : variants()) {
    const Weights whole = test::spread_weights(config, 12, at::kFloat);
    const Batch batch = test::small_batch(config, {8, 13}, {2, 3}, 4);
    const Outcome got = outcome_of(Model(config, slice_weights(config, whole, parallel), parallel), batch);
    const at::Tensor all = group().all_gather(got.gradient);
    for (std::int64_t rank = 0; rank < group().size(); ++rank) EXPECT_TRUE(at::equal(all[rank], got.gradient)) << name;
  }
}

// Leaves one of the two reductions out.
class Forgetful final : public TensorParallel {
 public:
  Forgetful(Communicator& ranks, bool forward) : whole_(ranks), forward_(forward) {}
  int rank() const override { return whole_.rank(); }
  int size() const override { return whole_.size(); }
  at::Tensor copy_to(const at::Tensor& x) const override { return forward_ ? whole_.copy_to(x) : x; }
  at::Tensor reduce_from(at::Tensor y) const override { return forward_ ? y : whole_.reduce_from(std::move(y)); }

 private:
  TensorGroup whole_;
  bool forward_;
};

TEST(TensorGroup, AReduceThatIsLeftOutIsSeen) {
  if (group().size() == 1) return;  // nothing to leave out
  const auto config = test::variants()[1].config;
  const Weights whole = test::spread_weights(config, 13, at::kFloat);
  const Batch batch = test::small_batch(config, {8, 13}, {2, 3}, 4);
  const Outcome expected = outcome_of(Model(config, whole), batch);
  for (const bool forward : {true, false}) {
    const Forgetful parallel(group(), forward);
    const Outcome got = outcome_of(Model(config, slice_weights(config, whole, parallel), parallel), batch);
    EXPECT_GT(relative_difference(got.gradient, expected.gradient), 100 * allowed) << forward;
    const at::Tensor all = group().all_gather(got.gradient);
    const bool copies_differ = !at::equal(all[0], all[1]);
    EXPECT_TRUE(on_all(copies_differ)) << forward;
  }
}

TEST(TensorGroup, ARankHoldsItsShareOfTheBytes) {
  const Mesh mesh = mesh_of(group().size());
  const TensorGroup parallel(*mesh.tensor);
  for (const auto& [name, config] : variants()) {
    Weights whole = test::spread_weights(config, 14, at::kFloat);
    std::int64_t cut = 0;
    std::int64_t kept = 0;
    for (const WeightSlot& slot : weight_slots(config, whole)) {
      (slot.cut == Cut::none ? kept : cut) += static_cast<std::int64_t>(slot.tensor.get().nbytes());
    }
    EXPECT_EQ(slice_weights(config, whole, parallel).bytes(), cut / group().size() + kept) << name;
  }
}

TEST(TensorGroup, DegreesThatDoNotDivideAreRefused) {
  T5Config config = test::variants()[0].config;
  config.num_heads = 6;
  const Weights whole = test::spread_weights(config, 15, at::kFloat);
  const auto four = std::make_unique<test::RecordingCommunicator>(0, 4);
  EXPECT_EQ(test::message_of([&] { slice_weights(config, whole, TensorGroup(*four)); }),
            "tensor parallel 4 does not divide 6 heads; use 1, 2, 3, 6");
}

}  // namespace
}  // namespace prelude
