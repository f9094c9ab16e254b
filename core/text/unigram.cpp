#include "core/text/unigram.h"

#include <algorithm>
#include <limits>

namespace prelude {
namespace {

constexpr double kUnknownPenalty = 10.0;  // below the worst piece, as in SentencePiece

std::size_t bytes_of_character(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

// The best way to reach a byte of the word.
struct Arrival {
  double score = 0;
  std::size_t from = 0;
  std::int32_t id = -1;  // -1: not reached
};

}  // namespace

Unigram::Unigram(const std::vector<Piece>& pieces, std::int32_t unknown) : unknown_(unknown) {
  double worst = std::numeric_limits<double>::max();
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    worst = std::min(worst, static_cast<double>(pieces[id].score));
    if (pieces[id].text.empty()) continue;
    sorted_.push_back({pieces[id].text, static_cast<double>(pieces[id].score), static_cast<std::int32_t>(id)});
  }
  unknown_score_ = worst - kUnknownPenalty;
  std::sort(sorted_.begin(), sorted_.end(), [](const Entry& a, const Entry& b) { return a.text < b.text; });
}

void Unigram::encode(std::string_view word, std::vector<std::int32_t>& ids) const {
  std::vector<Arrival> best(word.size() + 1);
  const auto arrive = [&](std::size_t from, std::size_t to, double score, std::int32_t id) {
    const double total = score + best[from].score;
    if (best[to].id < 0 || total > best[to].score) best[to] = {total, from, id};
  };
  const auto byte_at = [](const Entry& entry, std::size_t depth) {
    return static_cast<unsigned char>(entry.text[depth]);
  };
  for (std::size_t start = 0; start < word.size();) {
    const std::size_t character = std::min(bytes_of_character(word[start]), word.size() - start);
    bool covered = false;
    // All pieces that start with word[start..start+depth]: the range narrows by one byte at a time, and the piece that
    // ends there comes first in it.
    auto first = sorted_.begin();
    auto last = sorted_.end();
    for (std::size_t depth = 0; start + depth < word.size(); ++depth) {
      const auto wanted = static_cast<unsigned char>(word[start + depth]);
      first = std::partition_point(
          first, last, [&](const Entry& e) { return e.text.size() <= depth || byte_at(e, depth) < wanted; });
      last = std::partition_point(first, last, [&](const Entry& e) { return byte_at(e, depth) == wanted; });
      if (first == last) break;
      if (first->text.size() != depth + 1) continue;
      arrive(start, start + depth + 1, first->score, first->id);
      covered = covered || depth + 1 == character;
    }
    if (!covered) arrive(start, start + character, unknown_score_, unknown_);
    start += character;
  }

  const auto old_size = static_cast<std::ptrdiff_t>(ids.size());
  for (std::size_t end = word.size(); end > 0; end = best[end].from) {
    const bool joins = best[end].id == unknown_ && end < word.size() && ids.back() == unknown_;
    if (!joins) ids.push_back(best[end].id);
  }
  std::reverse(ids.begin() + old_size, ids.end());
}

}  // namespace prelude
