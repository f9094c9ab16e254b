#include "tasks/pretext/neighbourhood.h"

#include <algorithm>

namespace prelude {

Neighbourhood::Neighbourhood(const Corpus& corpus, std::int64_t anchor)
    : corpus_(corpus),
      anchor_(anchor),
      document_(corpus.document_of(anchor)),
      range_(corpus.document(document_)),
      near_{std::max(range_.first, anchor - 1), std::min(range_.last, anchor + 2)} {}

std::int64_t Neighbourhood::neighbour(RandomStream& stream) const {
  if (anchor_ == range_.first) return anchor_ + 1;
  if (anchor_ == range_.last - 1) return anchor_ - 1;
  return stream.below(2) == 0 ? anchor_ + 1 : anchor_ - 1;
}

std::int64_t Neighbourhood::distant_sentences() const { return range_.size() - near_.size(); }

std::int64_t Neighbourhood::distant(RandomStream& stream) const {
  const auto step = static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(distant_sentences())));
  const std::int64_t sentence = range_.first + step;
  return sentence < near_.first ? sentence : sentence + near_.size();
}

bool Neighbourhood::reads_like_neighbour(const Tokens& shown) const {
  const auto length = static_cast<std::int64_t>(shown.size());
  for (std::int64_t sentence = near_.first; sentence < near_.last; ++sentence) {
    if (sentence != anchor_ && corpus_.sentence(sentence).take(length) == shown) return true;
  }
  return false;
}

}  // namespace prelude
