// How well predicted classes agree with the right ones.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace prelude {

// Counts of (right class, predicted class). Classes are integers from 0.
class Confusion {
 public:
  void add(std::int64_t right, std::int64_t predicted) { ++counts_[{right, predicted}]; }

  std::int64_t examples() const;
  // Share of examples whose prediction is right; 0 without examples.
  double accuracy() const;
  // Mean over the classes, those that occur as right or as predicted, of F1 = 2 TP / (2 TP + FP + FN): what
  // scikit-learn's f1_score(average="macro", zero_division=0) gives. 0 without examples.
  double macro_f1() const;
  // Rows: right, columns: predicted, both 0 ... `classes` - 1 (at least as many as occurred).
  std::vector<std::vector<std::int64_t>> table(std::int64_t classes = 0) const;

 private:
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> counts_;
};

}  // namespace prelude
