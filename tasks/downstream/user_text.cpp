#include "tasks/downstream/user_text.h"

#include <algorithm>
#include <limits>
#include <string>

namespace prelude {
namespace {

constexpr std::size_t kLongestName = 24;  // bytes of what Tokenizer::encode takes for a control piece's name

// Ids of padding, end of sequence and sentinels. A sentinel is looked for only where one can be: most ids are no such.
class Controls {
 public:
  explicit Controls(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {
    for (int k = 0; k < tokenizer.sentinels(); ++k) {
      lowest_ = std::min(lowest_, tokenizer.sentinel(k));
      highest_ = std::max(highest_, tokenizer.sentinel(k));
    }
  }

  bool hold(std::int32_t id) const {
    if (id == tokenizer_.pad() || id == tokenizer_.end_of_sequence()) return true;
    for (int k = 0; id >= lowest_ && id <= highest_ && k < tokenizer_.sentinels(); ++k) {
      if (id == tokenizer_.sentinel(k)) return true;
    }
    return false;
  }

 private:
  const Tokenizer& tokenizer_;
  std::int32_t lowest_ = std::numeric_limits<std::int32_t>::max();
  std::int32_t highest_ = -1;
};

}  // namespace

std::vector<std::int32_t> encode_user_text(const Tokenizer& tokenizer, std::string_view text) {
  const Controls controls(tokenizer);
  std::string harmless;
  harmless.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    harmless.push_back(text[at]);
    if (text[at] != '<') continue;
    const std::size_t close = text.substr(at, kLongestName).find('>');
    if (close == std::string_view::npos) continue;
    const std::int32_t id = tokenizer.id_of_piece(text.substr(at, close + 1));
    if (id == tokenizer.unknown() || controls.hold(id)) harmless.push_back(' ');
  }
  std::vector<std::int32_t> ids = tokenizer.encode(harmless);
  std::erase_if(ids, [&](std::int32_t id) { return controls.hold(id); });
  return ids;
}

}  // namespace prelude
