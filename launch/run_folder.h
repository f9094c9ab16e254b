#pragma once

#include <optional>
#include <string>

#include "core/io/output_folder.h"
#include "dist/world.h"

namespace prelude {

// A run's folder (docs/formats.md, "Run folder"), locked: one job at a time. The first rank alone writes in it; the
// others must see the same folder, for any of them may be the first when the run goes on.
class RunFolder {
 public:
  // Makes the folder where it is missing. `kind`: of the command's runs. Throws UserError where OutputFolder does, or
  // where a rank sees another folder under this path.
  RunFolder(const std::string& path, FolderKind kind, const World& world);

  const std::string& path() const { return path_; }
  std::string config() const { return path_ + "/config.ini"; }
  std::string metrics() const { return path_ + "/metrics.jsonl"; }
  std::string log() const { return path_ + "/log.txt"; }
  std::string checkpoints() const { return path_ + "/checkpoints"; }
  std::string prompt() const { return path_ + "/prompt"; }
  std::string best_prompt() const { return path_ + "/prompt-best"; }
  std::string backbone() const { return path_ + "/backbone"; }
  // A run was started here before.
  bool used() const;

 private:
  std::string path_;
  std::optional<OutputFolder> folder_;  // the first rank's
};

}  // namespace prelude
