// What is wrong with a text that is no JSON, in plain words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace prelude {

struct JsonProblem {
  std::size_t byte = 0;  // of the text, from 1: where it shows
  std::string reason;    // "NaN is no number of JSON; write null or leave the field out"
};

// `byte`: where nlohmann's parser stopped; `report`: what it says, of which the kind is taken and no word shown.
JsonProblem json_problem(std::string_view text, std::size_t byte, std::string_view report);

}  // namespace prelude
