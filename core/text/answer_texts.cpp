#include "core/text/answer_texts.h"

#include <algorithm>

#include "core/error.h"
#include "core/io/shallow_json.h"

namespace prelude {

void require_told_apart(const std::string& place, const Tokenizer& tokenizer, const std::vector<std::string>& texts,
                        const std::vector<std::vector<std::int32_t>>& ids) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    require(std::find(ids[i].begin(), ids[i].end(), tokenizer.unknown()) == ids[i].end(),
            "{}: the tokenizer has no piece for a part of '{}', which becomes <unk>; give a word of its own language",
            place, printable(texts[i]));
    const auto same = std::find(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(i), ids[i]);
    const auto first = static_cast<std::size_t>(same - ids.begin());
    require(first == i, "{}: '{}' and '{}' have the same pieces, so that no answer tells them apart; give others",
            place, printable(texts[first]), printable(texts[i]));
  }
}

}  // namespace prelude
