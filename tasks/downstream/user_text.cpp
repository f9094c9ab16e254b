#include "tasks/downstream/user_text.h"

#include <string>

namespace prelude {
namespace {

constexpr std::size_t kLongestName = 24;  // bytes of what Tokenizer::encode takes for a control piece's name

bool is_control(const Tokenizer& tokenizer, std::int32_t id) {
  if (id == tokenizer.pad() || id == tokenizer.end_of_sequence()) return true;
  for (int k = 0; k < tokenizer.sentinels(); ++k) {
    if (id == tokenizer.sentinel(k)) return true;
  }
  return false;
}

}  // namespace

std::vector<std::int32_t> encode_user_text(const Tokenizer& tokenizer, std::string_view text) {
  std::string harmless;
  harmless.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    harmless.push_back(text[at]);
    if (text[at] != '<') continue;
    const std::size_t close = text.substr(at, kLongestName).find('>');
    if (close == std::string_view::npos) continue;
    const std::int32_t id = tokenizer.id_of_piece(text.substr(at, close + 1));
    if (id == tokenizer.unknown() || is_control(tokenizer, id)) harmless.push_back(' ');
  }
  std::vector<std::int32_t> ids = tokenizer.encode(harmless);
  std::erase_if(ids, [&](std::int32_t id) { return is_control(tokenizer, id); });
  return ids;
}

}  // namespace prelude
