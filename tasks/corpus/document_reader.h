// Reads documents, one after the other, out of the input files of a corpus build; neither parsed nor checked yet.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tasks/corpus/build_options.h"
#include "tasks/corpus/input_files.h"
#include "tasks/corpus/input_problem.h"

namespace prelude {

// A document as it stands in the file, or a problem that stands in its place.
struct RawDocument {
  std::string text;  // a block or line of text, or a line of JSON
  bool is_json = false;
  std::string path;
  std::int64_t line = 0;  // the first, from 1
  std::optional<InputProblem> problem;
  std::int64_t bytes_read = 0;  // of all input files up to here: for a progress bar
};

// The documents of one file in one format.
class FormatReader {
 public:
  virtual ~FormatReader() = default;
  // The next document or problem, with text, is_json, line and problem set; none at the end. Behind damage comes no
  // more.
  virtual std::optional<RawDocument> next() = 0;
  virtual std::int64_t file_bytes_read() const = 0;
};

// `options` must outlive it. Throws UserError where the file cannot be opened.
std::unique_ptr<FormatReader> open_text(const BuildOptions& options, const std::string& path, InputFormat format);
std::unique_ptr<FormatReader> open_table(const BuildOptions& options, const std::string& path, InputFormat format);

// What stands in place of a document: "PATH:LINE: WHAT" (line 0: of the whole file).
RawDocument problem_at(ProblemKind kind, const std::string& path, std::int64_t line, const std::string& what);

class DocumentReader {
 public:
  // `options` and `files` must outlive this.
  DocumentReader(const BuildOptions& options, const std::vector<InputFile>& files);

  // The next document or problem; none at the end. The sequence depends on the files and the options alone.
  std::optional<RawDocument> next();

 private:
  const BuildOptions& options_;
  const std::vector<InputFile>& files_;
  std::size_t next_file_ = 0;
  const InputFile* file_ = nullptr;  // the one being read
  std::unique_ptr<FormatReader> reader_;
  bool file_had_document_ = false;
  std::int64_t bytes_before_ = 0;  // of the files before
};

}  // namespace prelude
