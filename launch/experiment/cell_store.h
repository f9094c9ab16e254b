// The finished cells of an experiment on disk, one file each. One process writes and reads there.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "launch/experiment/cell.h"

namespace prelude {

// What a cell depends on beside its key.
struct CellIdentity {
  std::string common;  // backbone and options: the same for all cells of an experiment
  std::string whole;   // that, the prompt it starts from, the data set's row and examples
};

class CellStore {
 public:
  // `folder`: of the experiment; made when the first cell is saved.
  explicit CellStore(std::string folder) : folder_(std::move(folder)) {}

  // Puts the cell of this identity under its key's name, where there is one. A finished cell of another identity that
  // stood there stays beside it, as NAME.IDENTITY.json with its prompt, and comes back when it is chosen again.
  void choose(const CellKey& key, const std::string& identity) const;
  // A cell that was saved under the same identity; nothing where there is none, one of another identity, or one whose
  // prompt is not there as it was saved. Throws UserError where a file is damaged.
  std::optional<CellResult> load(const CellKey& key, const std::string& identity) const;
  // Finished cells of the same backbone and options that are none of `keys`: of other methods, data sets, shots, rates
  // or seeds, one of each key. In the order of their keys.
  std::vector<CellResult> others(const std::string& common, const std::vector<CellKey>& keys) const;
  // Whole or not at all. `prompt`: the hash of what was written to prompt_path before; empty: the cell has none.
  void save(const CellResult& cell, const CellIdentity& identity, const std::string& prompt) const;
  // The tuned prompt of a cell, before the cell itself: CELL.npy, which every command takes as a prompt.
  std::string prompt_path(const CellKey& key) const;

 private:
  std::string path(const CellKey& key) const;
  // Where a cell stands that is not the chosen one of its key.
  std::string path_beside(const CellKey& key, const std::string& identity) const;

  std::string folder_;
};

}  // namespace prelude
