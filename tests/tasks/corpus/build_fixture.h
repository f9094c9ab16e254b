// What the tests of corpus builds share.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "core/error.h"
#include "tasks/corpus/build.h"
#include "tests/temporary_folder.h"

namespace prelude::test {

inline const std::string kTokenizerModel = PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model";
inline const std::string kBooks = PRELUDE_SOURCE_DIR "/data/text/books-small.jsonl.gz";

// Every file of a folder but the lock, by name.
inline std::map<std::string, std::string> contents_of(const std::string& folder) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name != ".lock") contents[name] = read_file(entry.path().string());
  }
  return contents;
}

// A build of `input` into `folder`/out with small shards and no filters.
inline BuildOptions small_build(const TemporaryFolder& folder, const std::string& input) {
  BuildOptions options;
  options.inputs = {input};
  options.tokenizer = kTokenizerModel;
  options.output = folder / "out";
  options.min_sentence_tokens = 0;
  options.min_sentence_chars = 0;
  options.workers = 2;
  return options;
}

// The message of the UserError that a build ends with.
inline std::string error_of(const BuildOptions& options, const BuildHooks& hooks = {}) {
  try {
    build_corpus(options, hooks);
  } catch (const UserError& error) {
    return error.what();
  }
  return "nothing thrown";
}

}  // namespace prelude::test
