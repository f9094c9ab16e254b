#include "tasks/pretext/option_layout.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace prelude {
namespace {

std::int32_t punctuation(const Tokenizer& tokenizer, const char* piece) {
  const std::int32_t id = tokenizer.id_of_piece(piece);
  require(
      id >= 0,
      "the tokenizer has no piece '{}', which the multiple-choice layout needs; train one on text that holds it, or "
      "use --task nsp",
      piece);
  return id;
}

}  // namespace

OptionLayout::OptionLayout(const Tokenizer& tokenizer, std::vector<std::int32_t> letters)
    : letters_(std::move(letters)),
      stop_(punctuation(tokenizer, ".")),
      question_(punctuation(tokenizer, "?")),
      ending_(tokenizer.encode("The correct one is")) {
  ending_.push_back(tokenizer.sentinel(0));
}

std::int64_t OptionLayout::fixed_ids(std::int64_t options) const {
  return 1 + 3 * options + 1 + static_cast<std::int64_t>(ending_.size());
}

std::int64_t OptionLayout::text_limit(const std::vector<std::int32_t>& query,
                                      const std::vector<std::vector<std::int32_t>>& options, std::int64_t room) const {
  std::vector<std::int64_t> lengths{static_cast<std::int64_t>(query.size())};
  for (const auto& option : options) lengths.push_back(static_cast<std::int64_t>(option.size()));
  return common_length(lengths, room - fixed_ids(static_cast<std::int64_t>(options.size())));
}

std::vector<std::int32_t> OptionLayout::source(const std::vector<std::int32_t>& query,
                                               const std::vector<std::vector<std::int32_t>>& options) const {
  ensure(options.size() <= letters_.size(), "{} options, but {} letters", options.size(), letters_.size());
  std::vector<std::int32_t> ids = query;
  ids.push_back(question_);
  for (std::size_t k = 0; k < options.size(); ++k) {
    ids.insert(ids.end(), {letters_[k], stop_});
    ids.insert(ids.end(), options[k].begin(), options[k].end());
    ids.push_back(stop_);
  }
  ids.push_back(question_);
  ids.insert(ids.end(), ending_.begin(), ending_.end());
  return ids;
}

std::int64_t common_length(const std::vector<std::int64_t>& lengths, std::int64_t room) {
  std::vector<std::int64_t> sorted = lengths;
  std::sort(sorted.begin(), sorted.end());
  // Shortest first: each either fits whole, or all that are left share the room evenly.
  std::int64_t left = room;
  for (std::size_t k = 0; k < sorted.size(); ++k) {
    const std::int64_t share = left / static_cast<std::int64_t>(sorted.size() - k);
    if (sorted[k] > share) return std::max<std::int64_t>(share, 1);
    left -= sorted[k];
  }
  return sorted.empty() ? 1 : std::max<std::int64_t>(sorted.back(), 1);
}

}  // namespace prelude
