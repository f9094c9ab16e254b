#include "tasks/pretext/sentence_template.h"

#include <algorithm>

#include "core/error.h"
#include "core/text/utf8.h"

namespace prelude {
namespace {

const std::string kPlace = "{sentence}";

std::size_t place_in(const std::string& text) {
  require(valid_utf8_bytes(text) == text.size(), "--template is no UTF-8");
  const std::size_t place = text.find(kPlace);
  require(place != std::string::npos && text.find(kPlace, place + 1) == std::string::npos,
          "--template: '{}' must hold {{sentence}} once", text);
  return place;
}

}  // namespace

SentenceTemplate::SentenceTemplate(const Tokenizer& tokenizer, const std::string& text, std::int64_t room)
    : sentinel_(tokenizer.sentinel(0)) {
  const std::size_t place = place_in(text);
  before_ = tokenizer.encode(text.substr(0, place));
  after_ = tokenizer.encode(text.substr(place + kPlace.size()));
  const auto sentinels =
      std::count(before_.begin(), before_.end(), sentinel_) + std::count(after_.begin(), after_.end(), sentinel_);
  require(sentinels == 1, "--template: '{}' must hold <extra_id_0> once, where the label word belongs", text);
  const auto own = static_cast<std::int64_t>(before_.size() + after_.size());
  most_ = room - own;
  require(most_ >= 1,
          "--max-source: beside the prompt it leaves {} positions, of which the template takes {}; give {} more", room,
          own, 1 - most_);
}

std::optional<std::vector<std::int32_t>> SentenceTemplate::source(const TokenSpan& sentence) const {
  std::vector<std::int32_t> ids = before_;
  sentence.append_to(ids, most_);
  ids.insert(ids.end(), after_.begin(), after_.end());
  if (std::count(ids.begin(), ids.end(), sentinel_) > 1) return {};
  return ids;
}

}  // namespace prelude
