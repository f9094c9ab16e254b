#include "core/text/unigram.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/text/utf8.h"

namespace prelude {
namespace {

constexpr double kUnknownPenalty = 10.0;  // below the worst piece, as in SentencePiece
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The best way to reach a byte of the word.
struct Arrival {
  double score = -kInfinity;
  double second = -kInfinity;  // of the best rival
  std::size_t from = 0;
  std::int32_t id = -1;  // -1: not reached
};

}  // namespace

Unigram::Unigram(const std::vector<Piece>& pieces, std::int32_t unknown) : unknown_(unknown) {
  double worst = std::numeric_limits<double>::max();
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    if (pieces[id].text.empty()) continue;
    worst = std::min(worst, pieces[id].score);
    greatest_score_ = std::max(greatest_score_, std::abs(pieces[id].score));
    sorted_.push_back({pieces[id].text, pieces[id].score, static_cast<std::int32_t>(id)});
  }
  unknown_score_ = worst - kUnknownPenalty;
  greatest_score_ = std::max(greatest_score_, std::abs(unknown_score_));
  std::sort(sorted_.begin(), sorted_.end(), [](const Entry& a, const Entry& b) {
    const int order = a.text.compare(b.text);
    return order != 0 ? order < 0 : a.id > b.id;
  });
  const auto same = [](const Entry& a, const Entry& b) { return a.text == b.text; };
  sorted_.erase(std::unique(sorted_.begin(), sorted_.end(), same), sorted_.end());
}

Unigram::Best Unigram::segment(std::string_view word, std::vector<Segment>& segments) const {
  std::vector<Arrival> best(word.size() + 1);
  best[0].score = 0;
  const auto arrive = [&](std::size_t from, std::size_t to, double score, std::int32_t id) {
    const double total = score + best[from].score;
    Arrival& arrival = best[to];
    if (arrival.id < 0 || total > arrival.score) {
      arrival = {total, arrival.score, from, id};
    } else {
      arrival.second = std::max(arrival.second, total);
    }
  };
  const auto byte_at = [](const Entry& entry, std::size_t depth) {
    return static_cast<unsigned char>(entry.text[depth]);
  };
  for (std::size_t start = 0; start < word.size();) {
    const std::size_t character = std::min(character_bytes(word[start]), word.size() - start);
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

  const auto old_size = static_cast<std::ptrdiff_t>(segments.size());
  Best result{best.back().score, kInfinity};
  for (std::size_t end = word.size(); end > 0; end = best[end].from) {
    const Arrival& arrival = best[end];
    result.gap = std::min(result.gap, arrival.score - arrival.second);
    if (arrival.id == unknown_ && end < word.size() && segments.back().id == unknown_) {
      segments.back().size += segments.back().begin - arrival.from;
      segments.back().begin = arrival.from;
    } else {
      segments.push_back({arrival.from, end - arrival.from, arrival.id});
    }
  }
  std::reverse(segments.begin() + old_size, segments.end());
  return result;
}

}  // namespace prelude
