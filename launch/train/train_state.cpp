#include "launch/train/train_state.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace prelude {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t integer(const Json& object, const char* name, std::int64_t least) {
  require(object.contains(name) && object[name].is_number_integer(), "the training state has no whole number '{}'",
          name);
  const auto value = object[name].get<std::int64_t>();
  require(value >= least, "the training state's '{}' is {}", name, value);
  return value;
}

}  // namespace

std::string state_text(const TrainState& state) {
  Json object{{"step", state.step},
              {"skipped", state.skipped},
              {"skipped_in_row", state.skipped_in_row},
              {"validated_step", state.validated_step},
              {"best_step", state.best_step},
              {"validations_since_best", state.validations_since_best},
              {"out_of_patience", state.out_of_patience}};
  if (std::isfinite(state.best_loss)) object["best_loss"] = state.best_loss;
  return object.dump();
}

TrainState parse_state(const std::string& text) {
  const auto object = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  require(object.is_object(), "the training state is no JSON object");
  TrainState state;
  state.step = integer(object, "step", 0);
  state.skipped = integer(object, "skipped", 0);
  state.skipped_in_row = integer(object, "skipped_in_row", 0);
  state.validated_step = integer(object, "validated_step", -1);
  state.best_step = integer(object, "best_step", -1);
  state.validations_since_best = integer(object, "validations_since_best", 0);
  require(object.contains("out_of_patience") && object["out_of_patience"].is_boolean(),
          "the training state has no 'out_of_patience'");
  state.out_of_patience = object["out_of_patience"].get<bool>();
  if (object.contains("best_loss")) {
    require(object["best_loss"].is_number(), "the training state's 'best_loss' is no number");
    state.best_loss = object["best_loss"].get<double>();
  }
  return state;
}

}  // namespace prelude
