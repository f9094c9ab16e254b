// The finished cells of an experiment on disk, one file each.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "launch/experiment/cell.h"

namespace prelude {

class CellStore {
 public:
  // `folder`: of the experiment; made when the first cell is saved.
  explicit CellStore(std::string folder) : folder_(std::move(folder)) {}

  // A cell that was saved under the same identity; nothing where there is none, or one of another identity. Throws
  // UserError where a file is damaged.
  std::optional<CellResult> load(const CellKey& key, const std::string& identity) const;
  // Whole or not at all.
  void save(const CellResult& cell, const std::string& identity) const;
  // The tuned prompt of a cell, before the cell itself: CELL.npy, which every command takes as a prompt.
  std::string prompt_path(const CellKey& key) const;

 private:
  std::string path(const CellKey& key) const;

  std::string folder_;
};

}  // namespace prelude
