// The input files of a corpus build.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tasks/corpus/input_format.h"

namespace prelude {

struct InputFile {
  std::string path;
  FoundFormat format;
  std::int64_t bytes = 0;
  std::int64_t modified = 0;  // nanoseconds; of no meaning but equality
};

struct InputFiles {
  std::vector<InputFile> files;
  std::int64_t linked_again = 0;  // links to what is read under another name already: passed over
};

// The files as they are given; a folder stands for all files below it in the order of their paths, hidden ones left
// out. Links are followed; of several ways to a file or folder below them the first counts. `format`: the name of all
// files' format, or "auto". Throws UserError for a path that is missing or no file, a file that is given twice, or when
// there is no file at all.
InputFiles list_input_files(const std::vector<std::string>& paths, const std::string& format);

// "2 files are read as wiki by their content (wiki/AA/wiki_00, ...)": what was found by content, and links passed over;
// a line each.
std::vector<std::string> notes_on(const InputFiles& input);

}  // namespace prelude
