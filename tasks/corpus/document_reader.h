// Reads documents, one after the other, out of the input files of a corpus build; neither parsed nor checked yet.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/io/line_reader.h"
#include "tasks/corpus/build_options.h"
#include "tasks/corpus/input_files.h"
#include "tasks/corpus/input_problem.h"

namespace prelude {

// A document as it stands in the file, or a problem that stands in its place.
struct RawDocument {
  std::string text;  // a block of .txt, or a line of .jsonl
  bool is_json = false;
  std::string path;
  std::int64_t line = 0;  // the first, from 1
  std::optional<InputProblem> problem;
  std::int64_t bytes_read = 0;  // of all input files up to here: for a progress bar
};

class DocumentReader {
 public:
  // `options` and `files` must outlive this.
  DocumentReader(const BuildOptions& options, const std::vector<InputFile>& files);

  // The next document or problem; none at the end. The sequence depends on the files and the two limits alone.
  std::optional<RawDocument> next();

 private:
  std::optional<RawDocument> next_block();
  std::optional<RawDocument> next_json_line();
  RawDocument document(std::int64_t line, bool is_json) const;
  RawDocument problem(ProblemKind kind, std::int64_t line, const std::string& what) const;
  RawDocument end_by_damage();
  void skip_block();

  const BuildOptions& options_;
  const std::vector<InputFile>& files_;
  std::size_t next_file_ = 0;
  const InputFile* file_ = nullptr;  // the one being read
  std::unique_ptr<LineReader> lines_;
  bool file_had_document_ = false;
  std::int64_t bytes_before_ = 0;  // of the files before
  std::string line_;
};

}  // namespace prelude
