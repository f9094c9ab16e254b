// What a folder holds, told by the names of its files and the first line of its config.ini.
#pragma once

#include <cstdint>
#include <string>

namespace prelude {

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
  std::string text;  // for messages: "a run of `prelude pretrain`", "a corpus"; of a foreign one "'chapter.tex'"
};

// Throws UserError where `path` is no folder or cannot be listed.
FolderContent folder_content(const std::string& path);

// "'PATH' is a corpus, not a backbone; did you mean 'PATH/backbone'?", the question where that folder is `wanted`
// ("a backbone"), and otherwise "are two options swapped?". Empty where the folder is `wanted`, and where neither it
// nor the one inside is known.
std::string wrong_folder(const std::string& folder, const std::string& wanted, const std::string& inside);

}  // namespace prelude
