#include "core/io/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/text/utf8.h"

namespace prelude {
namespace {

constexpr std::string_view gap = " ... ";

// What is shown of a text: pieces that are not cut, each a character or a \xNN of four.
struct Shown {
  std::string text;
  std::vector<std::size_t> starts;  // of the pieces, in bytes

  void add(std::string_view piece) {
    starts.push_back(text.size());
    text += piece;
  }
  void escape(std::string_view bytes) {
    for (const char byte : bytes) add(fmt::format("\\x{:02x}", static_cast<unsigned char>(byte)));
  }
};

// C0, DEL, and C1 (U+0080 to U+009F), which terminals obey too.
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  return first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

std::size_t bytes_of_character(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

Shown shown(std::string_view text) {
  Shown result;
  while (!text.empty()) {
    for (std::size_t valid = valid_utf8_bytes(text); valid > 0;) {
      const std::string_view character = text.substr(0, bytes_of_character(text[0]));
      is_control(character) ? result.escape(character) : result.add(character);
      text.remove_prefix(character.size());
      valid -= character.size();
    }
    if (text.empty()) break;
    result.escape(text.substr(0, 1));
    text.remove_prefix(1);
  }
  return result;
}

// The pieces [first, last) of `shown` that `most` characters hold, from the front or from the back.
std::string_view part(const Shown& shown, std::size_t most, bool from_front) {
  const auto end_of = [&](std::size_t i) {
    return i + 1 < shown.starts.size() ? shown.starts[i + 1] : shown.text.size();
  };
  const std::string_view text = shown.text;
  const std::size_t count = shown.starts.size();
  std::size_t characters = 0;
  std::size_t taken = 0;
  for (; taken < count; ++taken) {
    const std::size_t i = from_front ? taken : count - 1 - taken;
    characters += count_characters(text.substr(shown.starts[i], end_of(i) - shown.starts[i]));
    if (characters > most) break;
  }
  if (taken == 0) return {};
  if (from_front) return text.substr(0, end_of(taken - 1));
  return text.substr(shown.starts[count - taken]);
}

}  // namespace

std::string printable(std::string_view text, std::size_t longest) {
  // What cannot be shown is not looked at: a text may be as long as a file.
  std::string shortened;
  if (const std::size_t most = 4 * longest + 16; text.size() > 2 * most) {
    shortened = fmt::format("{}{}", text.substr(0, most), text.substr(text.size() - most));
    text = shortened;
  }
  const Shown all = shown(text);
  if (count_characters(all.text) <= longest) return all.text;
  const std::size_t room = longest - std::min(longest, gap.size());
  const std::size_t front = room - room / 3;
  return fmt::format("{}{}{}", part(all, front, true), gap, part(all, room - front, false));
}

std::string message_line(std::string_view message, std::size_t longest) {
  std::string flat;
  for (const char c : message) {
    const bool breaks = c == '\n' || c == '\r';
    if (!breaks) flat += c;
    if (breaks && !flat.empty() && flat.back() != ' ') flat += ' ';
  }
  while (flat.ends_with(' ')) flat.pop_back();
  return printable(flat, longest);
}

}  // namespace prelude
