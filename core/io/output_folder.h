// The one guard of output folders: nothing is written over what another command, or somebody else, wrote.
#pragma once

#include <optional>
#include <string>

#include "core/io/folder_kind.h"
#include "core/io/folder_lock.h"

namespace prelude {

// The folder that a command writes, locked: one process at a time. A command that failed before it wrote anything into
// a folder that it had made leaves none, nor the folders above it that it had made; what is made in one go holds no
// lock afterwards.
class OutputFolder {
 public:
  // `kind`: what the command writes. A folder that holds this kind already is its own to resume, unless it is a kind
  // that is made in one go (backbone, prompt, tokenizer): those want an empty one. `option`: "--output". Throws
  // UserError naming what is there otherwise, where the folder cannot be made, or where another process writes in it.
  OutputFolder(const std::string& path, FolderKind kind, const std::string& option = "--output");
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;
  ~OutputFolder();

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool resumable_;
  std::string made_;  // the first folder of the path that this object made; empty: none
  std::optional<FolderLock> lock_;
};

// Throws UserError unless a command may write the folder; as OutputFolder, but makes nothing.
void require_output_folder(const std::string& path, FolderKind kind, const std::string& option = "--output");

}  // namespace prelude
