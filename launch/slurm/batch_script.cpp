#include "launch/slurm/batch_script.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "core/error.h"
#include "launch/pretrain_sbatch.h"  // generated

namespace prelude {

BatchScript::BatchScript() {
  std::istringstream text(pretrain_sbatch);
  for (std::string line; std::getline(text, line);) lines_.push_back(line);
}

void BatchScript::set_directive(const std::string& name, const std::string& value) {
  require(value.find('\n') == std::string::npos, "--{}: a line break cannot stand in a directive", name);
  const std::string start = fmt::format("#SBATCH --{}=", name);
  const auto starts = [&](const std::string& with) {
    return std::find_if(lines_.begin(), lines_.end(), [&](const std::string& line) { return line.starts_with(with); });
  };
  if (const auto found = starts(start); found != lines_.end()) {
    *found = start + value;
    return;
  }
  auto after = starts("#SBATCH ");
  while (after != lines_.end() && after->starts_with("#SBATCH ")) ++after;
  lines_.insert(after, start + value);
}

void BatchScript::set_parameter(const std::string& name, const std::string& value) {
  const std::string start = fmt::format("{0}=${{{0}-", name);
  const auto found =
      std::find_if(lines_.begin(), lines_.end(), [&](const std::string& line) { return line.starts_with(start); });
  ensure(found != lines_.end(), "pretrain.sbatch has no parameter {}", name);
  *found = start + shell_quoted(value) + "}";
}

std::string BatchScript::text() const { return fmt::format("{}\n", fmt::join(lines_, "\n")); }

std::string shell_quoted(const std::string& word) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("_-+=/.,:@%").find(c) != std::string_view::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace prelude
