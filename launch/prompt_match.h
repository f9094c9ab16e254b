// Does a prompt belong to this backbone and this task? Its prelude.json says what it was trained with; a prompt without
// one is taken as it is. Another backbone or task is no mistake by itself, so these are warnings.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace prelude {

struct PromptOrigin {
  std::string path;
  std::map<std::string, std::string> facts;  // core/delta/prompt_file.h, Prompt::origin

  // The fact of this name; empty where there is none.
  std::string fact(const std::string& name) const;
};

// What the prompt is put to now; an empty one is not compared.
struct PromptUse {
  std::string backbone;       // its folder, for the message
  std::string backbone_hash;  // of its weights (launch/backbone_identity.h)
  std::string task;           // pretext task
};

// One line each, without an end.
std::vector<std::string> prompt_warnings(const PromptOrigin& origin, const PromptUse& use);

}  // namespace prelude
