#include "core/text/added_tokens.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <utility>

#include "core/text/utf8.h"

namespace prelude {
namespace {

bool is_space(char32_t character) { return u_isUWhiteSpace(static_cast<UChar32>(character)) != 0; }

// A character of a word, as Unicode's regular expressions have it (UTS 18, \w).
bool is_word(char32_t character) {
  const auto c = static_cast<UChar32>(character);
  constexpr std::uint32_t kinds = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
  return u_hasBinaryProperty(c, UCHAR_ALPHABETIC) != 0 || (U_GET_GC_MASK(c) & kinds) != 0 ||
         u_hasBinaryProperty(c, UCHAR_JOIN_CONTROL) != 0;
}

std::size_t without_spaces_before(std::string_view text, std::size_t end, std::size_t least) {
  while (end > least) {
    std::size_t start = end;
    if (!is_space(character_before(text, start))) break;
    end = start;
  }
  return std::max(end, least);
}

std::size_t over_spaces(std::string_view text, std::size_t begin) {
  while (begin < text.size()) {
    std::size_t end = begin;
    if (!is_space(character_at(text, end))) break;
    begin = end;
  }
  return begin;
}

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  std::size_t before = begin;
  std::size_t behind = end;
  return (begin == 0 || !is_word(character_before(text, before))) &&
         (end == text.size() || !is_word(character_at(text, behind)));
}

}  // namespace

void AddedTokens::add(AddedToken token) {
  if (token.text.empty()) return;
  sizes_.insert(token.text.size());
  if (first_bytes_.find(token.text[0]) == std::string::npos) first_bytes_.push_back(token.text[0]);
  const auto [place, fresh] = by_text_.try_emplace(token.text, tokens_.size());
  by_id_[token.id] = place->second;
  if (fresh) {
    tokens_.push_back(std::move(token));
  } else {
    tokens_[place->second] = std::move(token);
  }
}

const AddedToken* AddedTokens::of_id(std::int32_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &tokens_[found->second];
}

const AddedToken* AddedTokens::of_text(std::string_view text) const {
  const auto found = by_text_.find(std::string(text));
  return found == by_text_.end() ? nullptr : &tokens_[found->second];
}

const AddedToken* AddedTokens::longest_at(std::string_view text) const {
  for (const std::size_t size : sizes_) {
    if (size > text.size()) continue;
    if (const AddedToken* token = of_text(text.substr(0, size))) return token;
  }
  return nullptr;
}

void AddedTokens::split(std::string_view text, const std::function<void(std::size_t, std::string_view)>& between,
                        const std::function<void(const AddedToken&)>& token) const {
  std::size_t plain = 0;  // start of the text that is not given yet
  for (std::size_t at = text.find_first_of(first_bytes_); at != std::string_view::npos;) {
    const AddedToken* found = longest_at(text.substr(at));
    if (found == nullptr) {
      at = text.find_first_of(first_bytes_, at + 1);
      continue;
    }
    std::size_t begin = at;
    std::size_t end = at + found->text.size();
    at = text.find_first_of(first_bytes_, end);
    if (found->only_whole_words && !stands_alone(text, begin, end)) continue;
    if (found->takes_space_before) begin = without_spaces_before(text, begin, plain);
    if (found->takes_space_behind) end = over_spaces(text, end);
    if (plain < begin) between(plain, text.substr(plain, begin - plain));
    token(*found);
    plain = std::max(plain, end);
  }
  if (plain < text.size()) between(plain, text.substr(plain));
}

}  // namespace prelude
