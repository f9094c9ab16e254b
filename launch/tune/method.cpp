#include "launch/tune/method.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"

namespace prelude {

const std::vector<Method>& methods() {
  static const std::vector<Method> table{
      {"pt", "pt", FirstPrompt::fresh, "a new prompt"},
      {"hybrid-pt", "hybrid", FirstPrompt::fresh, "a new prompt and a template of words"},
      {"ppt", "pt", FirstPrompt::pretext, "a prompt pre-trained on the pretext task of the data set's kind"},
      {"hybrid-ppt", "hybrid", FirstPrompt::pretext, "the same and a template of words"},
      {"unified-ppt", "unified", FirstPrompt::unified, "a prompt pre-trained on multiple choice, as is the data set"},
      {"lm-pt", "lm", FirstPrompt::fresh, "a new prompt, no sentinel: for an LM-adapted backbone"},
      {"ft", "ft", FirstPrompt::none, "no prompt, all weights train"},
  };
  return table;
}

const Method& method_named(const std::string& name) {
  const auto found = std::find_if(methods().begin(), methods().end(), [&](const Method& m) { return m.name == name; });
  require(found != methods().end(), "there is no method '{}'; choose from {}", name, fmt::join(method_names(), ", "));
  return *found;
}

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const Method& method : methods()) names.push_back(method.name);
  return names;
}

std::string method_help() {
  std::vector<std::string> lines;
  for (const Method& method : methods()) lines.push_back(fmt::format("{}: {}", method.name, method.summary));
  return fmt::format("{}", fmt::join(lines, "; "));
}

}  // namespace prelude
