// What a line of predict's or evaluate's input lacks that its prompt was trained with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "launch/predict/loaded_model.h"
#include "launch/predict/request.h"

namespace prelude {

// Gives each note once, at the first line that is a cause.
class RequestNotes {
 public:
  explicit RequestNotes(const LoadedModel& loaded);

  // One line each, without an end, beginning with the line's place.
  std::vector<std::string> of(const Request& request);

 private:
  bool lacks_sentinel(const Request& request) const;
  bool lacks_end(const Request& request) const;

  std::optional<std::int32_t> sentinel_;  // <extra_id_0>; nothing: not known, or said
  std::optional<std::int32_t> end_;       // </s>, where the prompt comes from a library that adds it; or said
  std::string trained_on_;                // what taught the prompt to answer by the sentinel; empty: not known
};

// On standard error.
void print_notes(const std::vector<std::string>& notes);

}  // namespace prelude
