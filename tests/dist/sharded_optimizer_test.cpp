// The optimiser that is shared out against the same optimiser whole on every rank.
#include "dist/sharded_optimizer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/optim/adafactor.h"
#include "core/optim/adamw.h"
#include "core/optim/master_weights.h"
#include "tests/core/random_tensor.h"
#include "tests/dist/ranks.h"

namespace prelude {
namespace {

using test::group;
using test::random_tensor;

// T5's: a large table, matrices, norms.
const std::vector<NamedShape>& parts() {
  static const std::vector<NamedShape> parts{{"shared", {47, 12}}, {"norm", {12}},   {"q", {24, 12}},  {"o", {12, 24}},
                                             {"bias", {8, 4}},     {"wi", {36, 12}}, {"wo", {12, 36}}, {"last", {12}}};
  return parts;
}

std::int64_t elements_of(const std::vector<NamedShape>& parts) {
  std::int64_t elements = 0;
  for (const NamedShape& part : parts) elements += c10::multiply_integers(part.shape);
  return elements;
}

std::vector<NamedShape> parts_of(const Shard& shard) {
  return {parts().begin() + static_cast<std::ptrdiff_t>(shard.first_part),
          parts().begin() + static_cast<std::ptrdiff_t>(shard.end_part)};
}

AdafactorOptions with_average() {
  AdafactorOptions options;
  options.beta1 = 0.9;
  return options;
}

// An optimiser in the two ways, and how it is shared out.
struct Way {
  std::string name;
  at::ScalarType type;
  std::int64_t elements;
  std::vector<Shard> shards;
  ShardedOptimizer::Factory make;
};

std::unique_ptr<Optimizer> adamw(const at::Tensor& parameter, const Shard& /*shard*/) {
  return std::make_unique<AdamW>(parameter);
}

std::unique_ptr<Optimizer> adafactor(const at::Tensor& parameter, const Shard& shard) {
  return std::make_unique<Adafactor>(parameter, parts_of(shard), with_average());
}

ShardedOptimizer::Factory with_master(const ShardedOptimizer::Factory& make) {
  return [make](const at::Tensor& parameter, const Shard& shard) {
    return std::make_unique<MasterWeights>(parameter, [&](const at::Tensor& master) { return make(master, shard); });
  };
}

std::vector<Way> ways(int ranks) {
  std::vector<Way> ways;
  for (const std::int64_t elements : {1, 65, 1000, 20011}) {
    ways.push_back({"AdamW", at::kFloat, elements, shards_of_elements(elements, ranks), adamw});
  }
  ways.push_back({"AdamW and master", at::kBFloat16, 1000, shards_of_elements(1000, ranks), with_master(adamw)});
  const std::int64_t elements = elements_of(parts());
  ways.push_back({"Adafactor", at::kFloat, elements, shards_of_parts(parts(), ranks), adafactor});
  ways.push_back(
      {"Adafactor and master", at::kBFloat16, elements, shards_of_parts(parts(), ranks), with_master(adafactor)});
  return ways;
}

at::Tensor start_of(const Way& way) { return random_tensor({way.elements}, 3).to(way.type); }

at::Tensor gradient(const Way& way, std::uint64_t step) {
  return random_tensor({way.elements}, 50 + step).to(at::kFloat);
}

std::unique_ptr<Optimizer> make_whole(const Way& way, const at::Tensor& parameter) {
  return way.make(parameter, {0, way.elements, 0, parts().size()});
}

void expect_same(const std::vector<NamedTensor>& got, const std::vector<NamedTensor>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    const auto found =
        std::find_if(expected.begin(), expected.end(), [&](const auto& one) { return one.name == got[i].name; });
    ASSERT_NE(found, expected.end()) << got[i].name;
    EXPECT_TRUE(at::equal(got[i].value, found->value)) << got[i].name;
  }
}

TEST(ShardedOptimizer, GivesTheBitsOfTheWholeOne) {
  for (const Way& way : ways(group().size())) {
    SCOPED_TRACE(way.name + std::to_string(way.elements));
    // In one piece, and in many.
    for (const std::int64_t most_bytes : {std::int64_t{1} << 20, std::int64_t{500}}) {
      at::Tensor whole = start_of(way).requires_grad_();
      at::Tensor mine = start_of(way).requires_grad_();
      const std::unique_ptr<Optimizer> one = make_whole(way, whole);
      ShardedOptimizer sharded(group(), mine, way.shards, way.make, most_bytes);
      for (std::uint64_t step = 0; step < 5; ++step) {
        one->step(gradient(way, step), 0.01);
        sharded.step(gradient(way, step), 0.01);
        EXPECT_TRUE(at::equal(mine, whole)) << step;
      }
      EXPECT_EQ(sharded.steps(), 5);
    }
  }
}

TEST(ShardedOptimizer, DoesNotReadTheGradientOfOthers) {
  const Way way = ways(group().size())[2];
  at::Tensor whole = start_of(way);
  at::Tensor mine = start_of(way);
  const std::unique_ptr<Optimizer> one = make_whole(way, whole);
  ShardedOptimizer sharded(group(), mine, way.shards, way.make);
  at::Tensor own = at::full({way.elements}, std::nan(""));
  const Shard& shard = sharded.shard();
  own.narrow(0, shard.begin, shard.size()).copy_(gradient(way, 0).narrow(0, shard.begin, shard.size()));
  one->step(gradient(way, 0), 0.01);
  sharded.step(own, 0.01);
  EXPECT_TRUE(at::equal(mine, whole));
}

TEST(ShardedOptimizer, KeepsItsShareOfTheState) {
  constexpr std::int64_t elements = 64000;
  at::Tensor parameter = at::zeros({elements});
  const ShardedOptimizer sharded(group(), parameter, shards_of_elements(elements, group().size()), adamw);
  std::int64_t held = 0;
  for (const NamedTensor& one : sharded.state()) held += one.value.numel();
  EXPECT_EQ(held, 2 * elements / group().size());
}

// Whole state does not depend on the number of ranks, so what one number of them wrote another may read.
TEST(ShardedOptimizer, ContinuesFromTheStateOfTheWholeOne) {
  for (const Way& way : ways(group().size())) {
    SCOPED_TRACE(way.name + std::to_string(way.elements));
    at::Tensor whole = start_of(way);
    at::Tensor mine = start_of(way);
    const std::unique_ptr<Optimizer> one = make_whole(way, whole);
    ShardedOptimizer before(group(), mine, way.shards, way.make);
    for (std::uint64_t step = 0; step < 3; ++step) {
      one->step(gradient(way, step), 0.01);
      before.step(gradient(way, step), 0.01);
    }
    at::Tensor again = mine.clone();
    ShardedOptimizer after(group(), again, way.shards, way.make);
    after.set_whole_state(group(), one->state(), one->steps());
    expect_same(after.state(), before.state());
    for (std::uint64_t step = 3; step < 6; ++step) {
      one->step(gradient(way, step), 0.01);
      after.step(gradient(way, step), 0.01);
    }
    EXPECT_TRUE(at::equal(again, whole));
    EXPECT_EQ(after.steps(), 6);
  }
}

TEST(ShardedOptimizer, RefusesTheStateOfAnotherOnEveryRank) {
  for (const Way& way : ways(group().size())) {
    SCOPED_TRACE(way.name + std::to_string(way.elements));
    at::Tensor parameter = start_of(way);
    const std::vector<NamedTensor> good = make_whole(way, parameter)->state();
    ShardedOptimizer sharded(group(), parameter, way.shards, way.make);
    auto too_few = good;
    too_few.pop_back();
    EXPECT_THROW(sharded.set_whole_state(group(), too_few, 1), UserError);
    auto too_many = good;
    too_many.push_back({"more", at::zeros({way.elements})});
    EXPECT_THROW(sharded.set_whole_state(group(), too_many, 1), UserError);
    auto reshaped = good;
    reshaped.front().value = at::zeros({way.elements + 1});
    EXPECT_THROW(sharded.set_whole_state(group(), reshaped, 1), UserError);
    EXPECT_EQ(sharded.steps(), 0);
  }
}

TEST(ShardedOptimizer, RefusesShardsThatAreNotTheLeaf) {
  const auto shards = shards_of_elements(1000, group().size());
  EXPECT_THROW(ShardedOptimizer(group(), at::zeros({1001}), shards, adamw), InternalError);
  EXPECT_THROW(ShardedOptimizer(group(), at::zeros({1000}), shards_of_elements(1000, group().size() + 1), adamw),
               InternalError);
}

}  // namespace
}  // namespace prelude
