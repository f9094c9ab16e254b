#include "launch/commands/inspect.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "core/error.h"
#include "launch/inspect/describe.h"
#include "launch/standard_output.h"

namespace prelude {
namespace {

using Facts = nlohmann::ordered_json;

struct InspectOptions {
  std::string path;
  bool json = false;
  bool verify = false;
};

void declare(OptionTable& table, InspectOptions& options) {
  table.add("path", options.path, "PATH", "A backbone, corpus, checkpoint, run or prompt.").positional().required();
  table.add("json", options.json, "", "One JSON object instead of lines.");
  table.add("verify", options.verify, "",
            "Read every byte: weights and corpora too, whose headers alone are read else. Numbers that are not finite "
            "are counted; a tensor with one is not sound, exit code 2.");
}

std::string plain(const Facts& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

// One line a fact; lists, objects and texts of several lines go on below, indented.
void print_fact(const std::string& name, const Facts& value) {
  constexpr int column = 20;
  if (value.is_structured() && !value.empty()) {
    std::string label = name;
    for (const auto& [key, item] : value.items()) {
      print_out("{:<{}}{}{}\n", label, column, value.is_object() ? key + ": " : "", plain(item));
      label.clear();
    }
    return;
  }
  std::string text = value.is_structured() ? "none" : plain(value);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
    text.insert(at + 1, column, ' ');
  }
  print_out("{:<{}}{}\n", name, column, text);
}

int run(const InspectOptions& options) {
  const Facts facts = describe(options.path, options.verify);
  if (options.json) print_out("{}\n", facts.dump());
  for (const auto& [name, value] : facts.items()) {
    if (!options.json) print_fact(name, value);
  }
  if (facts.contains("not_finite")) {
    const Facts& tensors = facts["not_finite"];
    fail("'{}' is not sound: {}{}", options.path, tensors.front().get<std::string>(),
         tensors.size() > 1 ? fmt::format("; {} more tensors hold numbers that are not finite", tensors.size() - 1)
                            : "");
  }
  return exit_done;
}

}  // namespace

Command inspect_command() {
  return make_command<InspectOptions>("inspect", "what a backbone, corpus, checkpoint, run or prompt is", declare, run);
}

}  // namespace prelude
