#include "core/text/sentencepiece_text.h"

#include <utility>

namespace prelude {
namespace {

constexpr std::string_view kWordMark = "\u2581";

}  // namespace

SentencePieceText::SentencePieceText(SentencePieceModel model, bool names_specials)
    : model_(std::move(model)), words_(ExactWords::of(model_)), names_specials_(names_specials) {}

void SentencePieceText::encode(std::string_view text, std::vector<std::int32_t>& ids) const {
  added_.split(
      text,
      [&](std::size_t, std::string_view part) {
        if (!words_ || !words_->encode(model_, part, ids)) model_.encode(part, ids);
      },
      [&](const AddedToken& token) { ids.push_back(token.id); });
}

// The token whose text stands for `id`; nullptr where the library makes the text.
const AddedToken* SentencePieceText::named(std::int32_t id) const {
  return names_specials_ || id >= model_.pieces() ? added_.of_id(id) : nullptr;
}

// The text of pieces of the model. The library takes the first space off, which is right at the text's start only.
std::string SentencePieceText::run(std::span<const std::int32_t> ids, bool at_start) const {
  const std::string text = model_.decode(ids);
  const bool space = !at_start && model_.drops_first_space() && model_.piece(ids.front()).starts_with(kWordMark);
  return space ? " " + text : text;
}

std::string SentencePieceText::decode(std::span<const std::int32_t> ids) const {
  std::string text;
  const auto is_piece = [&](std::int32_t id) { return id < model_.pieces() && named(id) == nullptr; };
  for (std::size_t at = 0; at < ids.size();) {
    std::size_t end = at;
    while (end < ids.size() && is_piece(ids[end])) ++end;
    if (end > at) {
      text += run(ids.subspan(at, end - at), at == 0);
      at = end;
    } else {
      if (const AddedToken* token = named(ids[at])) text += token->text;
      ++at;
    }
  }
  return text;
}

}  // namespace prelude
