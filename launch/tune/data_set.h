#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "launch/experiment/results.h"
#include "tasks/downstream/downstream_example.h"
#include "tasks/downstream/task_row.h"

namespace prelude {

// What a run trains on and what chooses its best step; the indices are those in their files.
struct ExampleSplit {
  std::vector<DownstreamExample> train;
  std::vector<DownstreamExample> dev;
  std::vector<std::int64_t> train_indices;
  std::vector<std::int64_t> dev_indices;
};

// A downstream set with its examples in memory.
class DataSet {
 public:
  // Throws UserError for a file that is missing or wrong.
  DataSet(TaskRow row, const std::string& folder);

  const TaskRow& row() const { return row_; }
  const std::string& name() const { return row_.name; }
  const std::string& folder() const { return folder_; }
  const std::vector<DownstreamExample>& test() const { return test_; }
  std::int64_t classes() const { return classes_; }
  // What the user should know of the files, a line each: what reading them showed, and examples that stand in two of
  // them.
  const std::vector<std::string>& notes() const { return notes_; }

  // `shots`: training examples, as many for dev; 0: the default of the number of classes; whole_training_set
  // (launch/experiment/experiment_options.h): all, and the dev file. `mode`: --split. Throws UserError where the files
  // have too few.
  ExampleSplit split(std::int64_t shots, const std::string& mode, std::uint64_t seed) const;
  // Training examples that `shots` stands for, as results name them; 0: all.
  std::int64_t named_shots(std::int64_t shots, const std::string& mode) const;
  // One line: how many examples there are, and which train, choose and test.
  std::string description(std::int64_t shots, const std::string& mode) const;
  // Of all examples.
  std::string hash() const;
  // Majority and chance on the test examples.
  Baseline baseline() const;

 private:
  bool draws(std::int64_t shots, const std::string& mode) const;
  ExampleSplit given() const;
  void note_overlaps();

  TaskRow row_;
  std::string folder_;
  std::vector<DownstreamExample> train_;
  std::vector<DownstreamExample> dev_;  // of the row's dev file; empty: it has none
  std::vector<DownstreamExample> test_;
  std::int64_t classes_ = 0;
  std::vector<std::string> notes_;
};

}  // namespace prelude
