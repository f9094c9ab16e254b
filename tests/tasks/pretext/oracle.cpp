#include "tests/tasks/pretext/oracle.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

namespace prelude::test {
namespace {

// Leaves the oracle, naming what does not hold.
#define HOLDS(condition) \
  if (!(condition)) return #condition

std::int64_t length(const Sentence& sentence) { return static_cast<std::int64_t>(sentence.size()); }

bool is_target(const Example& example, std::int32_t word) { return example.target == Sentence{0, sentinel_id, word}; }

std::vector<Place> neighbours(const TestText& text, Place anchor) {
  std::vector<Place> all;
  for (const std::int64_t step : {-1, 1}) {
    if (text.has({anchor.document, anchor.index + step})) all.push_back({anchor.document, anchor.index + step});
  }
  return all;
}

bool adjacent(Place a, Place b) { return a.document == b.document && std::abs(a.index - b.index) == 1; }

// docs/pretext.md, typed from its table: n -> query, option, same document, other documents.
struct Row {
  std::int64_t query;
  std::int64_t option;
  std::int64_t same;
  std::vector<int> others;
};
const std::map<std::size_t, Row> unified_rows{
    {2, {400, 50, 1, {0, 0, 0, 0}}},  {3, {400, 50, 1, {1, 0, 0, 0}}},  {4, {400, 50, 1, {1, 1, 0, 0}}},
    {5, {400, 40, 1, {1, 1, 1, 0}}},  {6, {300, 40, 1, {1, 1, 1, 1}}},  {7, {250, 30, 2, {1, 1, 1, 1}}},
    {8, {200, 30, 2, {2, 1, 1, 1}}},  {9, {200, 30, 2, {2, 2, 1, 1}}},  {10, {150, 20, 2, {2, 2, 2, 1}}},
    {11, {150, 20, 3, {2, 2, 2, 1}}}, {12, {150, 20, 3, {2, 2, 2, 2}}}, {13, {150, 20, 3, {3, 2, 2, 2}}},
    {14, {150, 20, 3, {3, 3, 2, 2}}}, {15, {150, 20, 3, {3, 3, 3, 2}}}, {16, {150, 20, 3, {3, 3, 3, 3}}},
};
const Row nss_row{389, 86, 1, {1, 1, 1, 1}};

}  // namespace

std::string nsp_fault(const Setting& setting, const Example& example, bool unique, NspFacts* facts) {
  const TestText& text = setting.text;
  const Place anchor = text.place_of(example.anchor);
  HOLDS(anchor.document >= setting.first_document && anchor.document < setting.last_document);
  HOLDS(text.document_size(anchor.document) >= 5);
  HOLDS(std::count(example.source.begin(), example.source.end(), sentinel_id) == 1);
  HOLDS(length(example.source) <= setting.room);
  const auto middle = std::find(example.source.begin(), example.source.end(), sentinel_id);
  const Sentence first(example.source.begin(), middle);
  const Sentence second(middle + 1, example.source.end());
  HOLDS(!first.empty() && !second.empty());
  HOLDS(begins_with(text.at(anchor), first));
  HOLDS(example.label >= 0 && example.label < 3);
  HOLDS(is_target(example, nsp_ids[static_cast<std::size_t>(example.label)]));

  // Where the second can be from: a place whose length explains what was kept.
  std::vector<Place> sources;
  for (const Place place : text.begin_with(second, setting.first_document, setting.last_document)) {
    const double whole1 = static_cast<double>(text.at(anchor).size());
    const double whole2 = static_cast<double>(text.at(place).size());
    if (whole1 / whole2 > 100 || whole2 / whole1 > 100) continue;
    const bool fits = whole1 + whole2 + 1 <= static_cast<double>(setting.room);
    const bool kept_all = first == text.at(anchor) && second == text.at(place);
    const double share = static_cast<double>(setting.room - 1) * whole1 / (whole1 + whole2);
    const bool in_proportion = length(example.source) == setting.room &&
                               (std::abs(share - static_cast<double>(first.size())) <= 1 || first.size() == 1);
    if (fits ? kept_all : in_proportion) sources.push_back(place);
  }
  HOLDS(!sources.empty());
  HOLDS(!unique || sources.size() == 1);
  const auto any = [&](auto condition) { return std::any_of(sources.begin(), sources.end(), condition); };
  const bool next = any([&](Place p) { return adjacent(p, anchor); });
  HOLDS(next == (example.label == 2));
  HOLDS(example.label != 1 ||
        any([&](Place p) { return p.document == anchor.document && std::abs(p.index - anchor.index) >= 2; }));
  HOLDS(example.label != 0 ||
        any([&](Place p) { return p.document != anchor.document && text.document_size(p.document) >= 5; }));
  if (facts != nullptr) *facts = {anchor, sources.front()};
  return "";
}

std::string take_apart(const Sentence& source, OptionSource& parts) {
  auto at = std::find(source.begin(), source.end(), question_id);
  HOLDS(at != source.end());
  parts.query.assign(source.begin(), at++);
  parts.options.clear();
  while (at != source.end() && *at != question_id) {
    HOLDS(parts.options.size() < letter_ids.size());
    HOLDS(*at == letter_ids[parts.options.size()]);
    HOLDS(++at != source.end() && *at == stop_id);
    const auto stop = std::find(++at, source.end(), stop_id);
    HOLDS(stop != source.end());
    parts.options.emplace_back(at, stop);
    at = stop + 1;
  }
  Sentence ending{question_id};
  ending.insert(ending.end(), ending_ids.begin(), ending_ids.end());
  ending.push_back(sentinel_id);
  HOLDS(Sentence(at, source.end()) == ending);
  return "";
}

namespace {

// The lengths that the parts must have: whole sentences up to their budgets, and where that is over the room, cut to
// the one longest length that fits, found here by trying all.
std::vector<std::int64_t> right_lengths(std::vector<std::int64_t> lengths, std::int64_t text_room) {
  for (std::int64_t limit = 400; limit > 0; --limit) {
    std::int64_t sum = 0;
    for (auto& part : lengths) sum += part = std::min(part, limit);
    if (sum <= text_room) return lengths;
  }
  return {};
}

// How the negatives must be spread over documents, for a text in which each option has one place only.
std::string spread_fault(const Setting& setting, const Row& row, const OptionFacts& facts) {
  std::map<std::int64_t, int> others;
  std::set<std::pair<std::int64_t, std::int64_t>> distinct;
  std::int64_t same = 0;
  std::int64_t right = 0;
  std::int64_t sum = 0;
  for (const int count : row.others) sum += count;
  for (const Place place : facts.options) {
    distinct.insert({place.document, place.index});
    if (place.document != facts.anchor.document) {
      ++others[place.document];
      HOLDS(setting.text.document_size(place.document) >= sum / 4 + 1);
    } else if (adjacent(place, facts.anchor)) {
      ++right;
    } else {
      HOLDS(place.index != facts.anchor.index);
      ++same;
    }
  }
  HOLDS(distinct.size() == facts.options.size());
  HOLDS(right == 1);
  HOLDS(same == row.same);
  std::vector<int> counts(4);
  HOLDS(others.size() <= 4);
  std::size_t k = 0;
  for (const auto& [document, count] : others) counts[k++] = count;
  std::sort(counts.rbegin(), counts.rend());
  HOLDS(counts == row.others);
  return "";
}

}  // namespace

std::string option_fault(const Setting& setting, const Example& example, bool unified, bool unique,
                         OptionFacts* facts) {
  const TestText& text = setting.text;
  const Place anchor = text.place_of(example.anchor);
  HOLDS(anchor.document >= setting.first_document && anchor.document < setting.last_document);
  HOLDS(text.document_size(anchor.document) >= (unified ? 6 : 5));
  HOLDS(length(example.source) <= setting.room);
  OptionSource parts;
  std::string layout = take_apart(example.source, parts);
  if (!layout.empty()) return layout;
  const std::size_t n = parts.options.size();
  HOLDS(unified ? n >= 2 && n <= 16 : n == 6);
  const Row& row = unified ? unified_rows.at(n) : nss_row;
  HOLDS(static_cast<std::size_t>(example.options) == n);
  HOLDS(example.label >= 0 && static_cast<std::size_t>(example.label) < n);
  HOLDS(is_target(example, letter_ids[static_cast<std::size_t>(example.label)]));
  HOLDS(!parts.query.empty() && begins_with(text.at(anchor), parts.query));

  // Right is what reads like a neighbour's beginning, as far as an option may show it.
  OptionFacts found{anchor, {}};
  std::vector<std::int64_t> whole{std::min(length(text.at(anchor)), row.query)};
  std::vector<std::int64_t> shown{length(parts.query)};
  for (std::size_t k = 0; k < n; ++k) {
    const Sentence& option = parts.options[k];
    HOLDS(!option.empty());
    bool reads_right = false;
    for (const Place near : neighbours(text, anchor)) {
      reads_right = reads_right || begins_with(text.at(near), option);
    }
    HOLDS(reads_right == (static_cast<std::int32_t>(k) == example.label));
    const std::vector<Place> places = text.begin_with(option, setting.first_document, setting.last_document);
    HOLDS(!places.empty());
    shown.push_back(length(option));
    if (!unique) continue;
    HOLDS(places.size() == 1);
    found.options.push_back(places.front());
    whole.push_back(std::min(length(text.at(places.front())), row.option));
  }
  if (unique) {
    const std::int64_t marks = 1 + 3 * static_cast<std::int64_t>(n) + 1 + 4 + 1;
    HOLDS(shown == right_lengths(whole, setting.room - marks));
    std::string spread = spread_fault(setting, row, found);
    if (!spread.empty()) return spread;
  }
  if (facts != nullptr) *facts = found;
  return "";
}

}  // namespace prelude::test
