#include "launch/prompt_match.h"

#include <fmt/format.h>

#include "core/io/shallow_json.h"

namespace prelude {

std::string PromptOrigin::fact(const std::string& name) const {
  const auto found = facts.find(name);
  return found == facts.end() ? "" : found->second;
}

std::vector<std::string> prompt_warnings(const PromptOrigin& origin, const PromptUse& use) {
  std::vector<std::string> warnings;
  const auto differs = [](const std::string& was, const std::string& is) {
    return !was.empty() && !is.empty() && was != is;
  };
  const std::string hash = origin.fact("backbone_hash");
  if (differs(hash, use.backbone_hash)) {
    warnings.push_back(fmt::format(
        "the prompt '{}' was trained in front of the backbone {}, but '{}' is {}; in front of other weights "
        "it may be worth nothing",
        origin.path, printable(hash), use.backbone, use.backbone_hash));
  }
  const std::string task = origin.fact("task");
  if (differs(task, use.task)) {
    warnings.push_back(fmt::format("the prompt '{}' was pre-trained on task {}, but is used for {}", origin.path,
                                   printable(task), use.task));
  }
  return warnings;
}

}  // namespace prelude
