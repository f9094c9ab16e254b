// A document as it stands in a file -> its text, checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tasks/corpus/build_options.h"
#include "tasks/corpus/document_reader.h"

namespace prelude {

struct DocumentText {
  std::string text;  // valid UTF-8
  std::int8_t label = -1;
  float confidence = 0;
  std::optional<InputProblem> problem;  // in place of all that
};

// Checks the UTF-8, and takes the fields out of a JSON row: the text, and label and confidence where `options` asks for
// them. A problem that `raw` already has is passed on.
DocumentText document_text(RawDocument raw, const BuildOptions& options);

}  // namespace prelude
