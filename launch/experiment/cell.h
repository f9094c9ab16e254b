// One cell of an experiment: a method tuned on one few-shot sample with one rate and one seed, and what came of it.
#pragma once

#include <compare>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace prelude {

// Ordered by its members, in their order. `rate` is a finite number above 0, or 0 where the method has none.
struct CellKey {
  std::string data;
  std::string method;
  std::int64_t shots = 0;  // training examples; 0: all
  double rate = 0;
  std::uint64_t seed = 0;

  // A relative path below an experiment's folder: "sst2/ppt/shots-32/rate-0.3/seed-10". Bytes of data and method that
  // are neither letter, digit, '-', '_' nor an inner '.' stand as %XX, so that two keys never share a name.
  std::string name() const;

  auto operator<=>(const CellKey&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 sees a 0 in it
};

// One evaluation on the dev examples while tuning.
struct DevPoint {
  std::int64_t step = 0;
  double accuracy = 0;  // in [0,1]
  double loss = 0;      // not finite where tuning diverged
};

struct Scores {
  double vocabulary_accuracy = 0;  // in [0,1]: the likeliest of the whole vocabulary is the right word, as PPT counts
  double accuracy = 0;             // in [0,1]: the likeliest of the label words is the right one
  double macro_f1 = 0;             // in [0,1]
  double loss = 0;                 // an example's mean; not finite where tuning diverged
  std::int64_t examples = 0;
  std::vector<std::vector<std::int64_t>> confusion;  // [gold][predicted] among the label words, or empty
};

struct CellResult {
  CellKey key;
  bool failed = false;
  std::string error;  // why, where it failed
  std::vector<DevPoint> curve;
  std::int64_t best_step = 0;  // whose prompt `dev` and `test` are of
  Scores dev;                  // dev and test mean nothing where the cell failed
  Scores test;
  double seconds = 0;
  std::vector<std::int64_t> train_indices;  // of the data set's training examples
  std::vector<std::int64_t> dev_indices;
  std::string revision;  // of the program that computed it; empty: not recorded
};

// A loss that is not finite becomes null, so that every reader of JSON can read it; a share that is not in [0,1] is a
// defect of ours (InternalError).
nlohmann::ordered_json to_json(const CellResult& cell);

// What to_json wrote, as text. Throws UserError "'PATH': field 'test.accuracy' ..." for whatever does not hold.
CellResult parse_cell(const std::string& path, std::string_view text);

}  // namespace prelude
