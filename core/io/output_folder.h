// The one guard of output folders: what a folder holds, and whether a command may write into it. Nothing is written
// over what another command, or somebody else, wrote.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/io/folder_lock.h"

namespace prelude {

// What a folder holds, told by the names of its files and the first line of its config.ini.
enum class FolderKind : std::uint8_t {
  empty,  // missing, or with nothing but hidden files and what a command leaves that was killed before its first file
  pretrain_run,
  lm_run,
  tune_run,
  experiment,
  corpus_build,
  labelled_corpus,
  corpus,  // without the record of how it was made
  backbone,
  backbone_checkpoint,
  prompt,
  tokenizer,
  foreign,  // something else
};

struct FolderContent {
  FolderKind kind = FolderKind::empty;
  std::string text;  // for messages: "a run of `prelude pretrain`"; of a foreign one "'chapter.tex'"
};

// Throws UserError where `path` is no folder or cannot be listed.
FolderContent folder_content(const std::string& path);

// The folder that a command writes, locked: one process at a time. A command that failed before it wrote anything into
// a folder that it had made leaves none; what is made in one go holds no lock afterwards.
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
  bool made_;  // by this object
  std::optional<FolderLock> lock_;
};

// Throws UserError unless a command may write the folder; as OutputFolder, but makes nothing.
void require_output_folder(const std::string& path, FolderKind kind, const std::string& option = "--output");

}  // namespace prelude
