#pragma once

#include <string>

#include "core/io/folder_lock.h"

namespace prelude {

// A run's folder (docs/formats.md, "Run folder"), locked: one process at a time.
class RunFolder {
 public:
  // Makes the folder where it is missing. Throws UserError where it cannot, where another process runs in it, or where
  // it holds something that is not a run.
  explicit RunFolder(const std::string& path);

  const std::string& path() const { return path_; }
  std::string config() const { return path_ + "/config.ini"; }
  std::string metrics() const { return path_ + "/metrics.jsonl"; }
  std::string log() const { return path_ + "/log.txt"; }
  std::string checkpoints() const { return path_ + "/checkpoints"; }
  std::string prompt() const { return path_ + "/prompt"; }
  std::string best_prompt() const { return path_ + "/prompt-best"; }
  // A run was started here before.
  bool used() const;

 private:
  std::string path_;
  FolderLock lock_;
};

}  // namespace prelude
