// Slow oracles: each takes an example apart by the layout's definition (docs/pretext.md), looks its pieces up in
// the text by brute force, and says what is wrong with it, or nothing. The ids are those of T5's tokenizer, as PPT's
// code has them in numbers.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tasks/pretext/pretext_task.h"
#include "tests/tasks/pretext/test_text.h"

namespace prelude::test {

constexpr std::int32_t sentinel_id = 32099;
constexpr std::int32_t stop_id = 5;
constexpr std::int32_t question_id = 58;
constexpr std::array<std::int32_t, 3> nsp_ids{150, 2087, 4273};
constexpr std::array<std::int32_t, 5> cls_ids{9412, 1282, 2087, 207, 248};
constexpr std::array<std::int32_t, 16> letter_ids{188, 279, 254, 308, 427, 371, 517, 566,
                                                  196, 683, 439, 434, 329, 567, 667, 345};
constexpr std::array<std::int32_t, 4> ending_ids{37, 2024, 80, 19};  // "The correct one is"

// Which documents an example may come from, and how many source ids it may have.
struct Setting {
  const TestText& text;
  std::int64_t first_document;
  std::int64_t last_document;
  std::int64_t room;
};

// What an oracle found out, for statistics.
struct NspFacts {
  Place anchor;
  Place second;
};
struct OptionFacts {
  Place anchor;
  std::vector<Place> options;  // one an option, in order; only where the text has no sentence twice
};

// `unique`: no two sentences of the text begin alike, so each option has one place only, and more can be checked.
std::string nsp_fault(const Setting& setting, const Example& example, bool unique, NspFacts* facts = nullptr);
// `unified`: unified NSS, else NSS.
std::string option_fault(const Setting& setting, const Example& example, bool unified, bool unique,
                         OptionFacts* facts = nullptr);

// A multiple-choice source, taken apart.
struct OptionSource {
  Sentence query;
  std::vector<Sentence> options;
};
// Empty fault and the parts, or what is wrong with the layout.
std::string take_apart(const Sentence& source, OptionSource& parts);

}  // namespace prelude::test
