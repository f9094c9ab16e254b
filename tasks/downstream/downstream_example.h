// One example of a downstream set, as its file has it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace prelude {

struct DownstreamExample {
  std::map<std::string, std::string> fields;  // of the row's fields; valid UTF-8
  std::vector<std::string> options;           // of a choice row; valid UTF-8
  std::int32_t label = 0;                     // the class, or the right option, from 0
  std::string place;                          // for messages: "train.jsonl:7"
};

}  // namespace prelude
