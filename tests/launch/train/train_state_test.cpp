#include "launch/train/train_state.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace prelude {
namespace {

TrainState some_state() {
  TrainState state;
  state.step = 120;
  state.skipped = 3;
  state.skipped_in_row = 1;
  state.validated_step = 100;
  state.best_loss = 1.0 / 3.0;
  state.best_step = 50;
  state.validations_since_best = 2;
  state.out_of_patience = true;
  return state;
}

TEST(TrainState, ReadsBackExactly) {
  const auto state = some_state();
  const auto again = parse_state(state_text(state));
  EXPECT_EQ(again.step, 120);
  EXPECT_EQ(again.skipped, 3);
  EXPECT_EQ(again.skipped_in_row, 1);
  EXPECT_EQ(again.validated_step, 100);
  EXPECT_EQ(again.best_loss, 1.0 / 3.0);
  EXPECT_EQ(again.best_step, 50);
  EXPECT_EQ(again.validations_since_best, 2);
  EXPECT_TRUE(again.out_of_patience);
  EXPECT_TRUE(std::isinf(parse_state(state_text(TrainState())).best_loss));
}

TEST(TrainState, EveryFieldIsChecked) {
  EXPECT_THROW(parse_state("no json"), UserError);
  EXPECT_THROW(parse_state("[]"), UserError);
  const auto whole = nlohmann::json::parse(state_text(some_state()));
  for (const auto& [name, value] : whole.items()) {
    auto wrong = whole;
    wrong[name] = "text";
    EXPECT_THROW(parse_state(wrong.dump()), UserError) << name;
    if (name == "best_loss") continue;  // absent: none yet
    wrong.erase(name);
    EXPECT_THROW(parse_state(wrong.dump()), UserError) << name;
  }
  auto negative = whole;
  negative["step"] = -1;
  EXPECT_THROW(parse_state(negative.dump()), UserError);
}

}  // namespace
}  // namespace prelude
