// The ways to tune on few examples that PPT compares (docs/few-shot.md): a method is a row, not a class.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace prelude {

enum class FirstPrompt : std::uint8_t {
  none,     // no prompt: all weights of the backbone train
  fresh,    // as --init says
  pretext,  // pre-trained on the data set's own pretext task
  unified,  // pre-trained on unified multiple choice
};

struct Method {
  std::string name;
  std::string form;  // of the data set's templates
  FirstPrompt first;
  std::string summary;

  bool trains_backbone() const { return first == FirstPrompt::none; }
  bool pretrained() const { return first == FirstPrompt::pretext || first == FirstPrompt::unified; }
};

const std::vector<Method>& methods();
// Throws UserError that lists the names.
const Method& method_named(const std::string& name);
std::vector<std::string> method_names();
// "name: summary" lines for a help text.
std::string method_help();

}  // namespace prelude
