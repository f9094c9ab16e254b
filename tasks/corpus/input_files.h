// The input files of a corpus build.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace prelude {

struct InputFile {
  enum class Format { text, json_lines, unknown };
  std::string path;
  Format format = Format::unknown;
  std::int64_t bytes = 0;
  std::int64_t modified = 0;  // nanoseconds; of no meaning but equality
  bool operator==(const InputFile&) const = default;
};

// By the name: .txt, .jsonl, each perhaps with .gz or .zst.
InputFile::Format format_of(const std::string& path);

// The files as they are given; a folder stands for all files below it in the order of their paths, hidden ones left
// out. Throws UserError for a path that is missing, a file that is given twice, or when there is no file at all.
std::vector<InputFile> list_input_files(const std::vector<std::string>& paths);

}  // namespace prelude
