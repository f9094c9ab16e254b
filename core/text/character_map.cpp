#include "core/text/character_map.h"

#include <bit>
#include <cstring>

#include "core/error.h"

namespace prelude {
namespace {

// Fields of a unit (Yata et al., "A compact static double-array keeping character codes", 2007, as darts-clone has
// them).
constexpr std::uint32_t kValueBit = 1U << 31;
bool ends_key(std::uint32_t unit) { return ((unit >> 8) & 1U) != 0; }
std::uint32_t label(std::uint32_t unit) { return unit & (kValueBit | 0xFFU); }
std::size_t offset(std::uint32_t unit) { return std::size_t{unit >> 10} << ((unit & (1U << 9)) >> 6); }

}  // namespace

CharacterMap::CharacterMap(std::string_view table, const std::string& path) {
  static_assert(std::endian::native == std::endian::little);
  std::uint32_t bytes = 0;
  constexpr const char* kMessage = "'{}': the table of normalisation rules is cut short";
  require(table.size() > sizeof bytes, kMessage, path);
  std::memcpy(&bytes, table.data(), sizeof bytes);
  table.remove_prefix(sizeof bytes);
  require(bytes > 0 && bytes % sizeof(std::uint32_t) == 0 && bytes <= table.size(), kMessage, path);
  units_.resize(bytes / sizeof(std::uint32_t));
  std::memcpy(units_.data(), table.data(), bytes);
  texts_ = table.substr(bytes);
}

std::optional<std::size_t> CharacterMap::next(std::size_t state, unsigned char byte, bool& is_key) const {
  const std::size_t at = state ^ byte;
  if (at >= units_.size() || label(units_[at]) != byte) return std::nullopt;
  is_key = ends_key(units_[at]);
  return at ^ offset(units_[at]);
}

std::optional<std::string_view> CharacterMap::replacement(std::string_view text) const {
  std::size_t state = offset(units_[0]);
  for (const char c : text) {
    bool is_key = false;
    const auto byte = static_cast<unsigned char>(c);
    const auto reached = byte == 0 ? std::nullopt : next(state, byte, is_key);
    if (!reached) return std::nullopt;
    state = *reached;
    if (!is_key) continue;
    if (state >= units_.size()) return std::nullopt;
    const std::size_t begin = units_[state] & ~kValueBit;
    if (begin >= texts_.size()) return std::nullopt;
    return std::string_view(texts_).substr(begin, std::strlen(texts_.c_str() + begin));
  }
  return std::nullopt;
}

bool CharacterMap::has_key_with(unsigned char byte) const {
  std::vector<std::size_t> open{offset(units_[0])};
  std::vector<bool> seen(units_.size());
  while (!open.empty()) {
    const std::size_t state = open.back();
    open.pop_back();
    for (int c = 1; c < 256; ++c) {
      bool is_key = false;
      const auto reached = next(state, static_cast<unsigned char>(c), is_key);
      if (!reached) continue;
      if (c == byte) return true;
      const std::size_t unit = state ^ static_cast<std::size_t>(c);
      if (!seen[unit]) open.push_back(*reached);
      seen[unit] = true;
    }
  }
  return false;
}

}  // namespace prelude
