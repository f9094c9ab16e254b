#include "launch/experiment/cell.h"

#include <fmt/format.h>

#include <iterator>

namespace prelude {
namespace {

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

std::string file_name(const std::string& text) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (plain(c) || (c == '.' && i > 0)) {  // "." and ".." are folders, and ".x" is hidden
      name.push_back(c);
    } else {
      fmt::format_to(std::back_inserter(name), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return name.empty() ? "%" : name;
}

}  // namespace

std::string CellKey::name() const {
  return fmt::format("{}/{}/shots-{}/rate-{}/seed-{}", file_name(data), file_name(method),
                     shots == 0 ? "all" : fmt::to_string(shots), rate, seed);
}

}  // namespace prelude
