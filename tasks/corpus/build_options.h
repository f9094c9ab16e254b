// What `prelude corpus build` is asked to do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/text/sentence_splitter.h"

namespace prelude {

struct BuildOptions {
  std::vector<std::string> inputs;  // files and folders
  std::string tokenizer;            // path of a SentencePiece model
  std::string output;               // the corpus folder

  Splitting sentences = Splitting::icu;
  std::int64_t min_sentence_tokens = 5;
  std::int64_t min_sentence_chars = 10;     // Unicode code points
  std::int64_t min_document_sentences = 1;  // after the filters on sentences
  // A shard ends with the document that brings it to this many tokens.
  std::int64_t shard_tokens = std::int64_t{64} << 20;

  std::string format = "auto";      // of all input files: input_format_names()
  std::string text_field = "text";  // of JSON, or the column of a table
  bool labels = false;              // read `label` and `confidence` of JSON and tables
  std::int64_t max_line_bytes = std::int64_t{64} << 20;
  std::int64_t max_document_bytes = std::int64_t{256} << 20;
  bool skip_errors = false;  // leave out what is wrong, counted; else the first problem is a UserError

  int workers = 0;  // threads that tokenize; 0: as many as cores. Never changes a byte of the corpus.
};

}  // namespace prelude
