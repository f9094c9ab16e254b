#include "launch/plan/plan_lines.h"

#include <fmt/format.h>

#include <cmath>

#include "launch/plan/prediction.h"

namespace prelude {

std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return text;
}

std::string grouped(double number) { return grouped(std::lround(number)); }

std::string bytes_line(const char* name, std::int64_t bytes, const std::string& note) {
  return fmt::format("  {:<18}{:>18} bytes {:>9.3f} GiB{}{}\n", name, grouped(bytes), gib(bytes),
                     note.empty() ? "" : "  ", note);
}

}  // namespace prelude
