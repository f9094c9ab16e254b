// The one guard of output files: a file that is there is not replaced, unless the command itself wrote it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace prelude {

struct OutputFileRule {
  std::string option = "--output";
  std::vector<std::string> inputs = {};  // what the command reads: never written, by whatever name
  std::string own_start = {};  // a file that begins so is the command's own and may be replaced; empty: none is
};

// Throws UserError where `path` is a folder, one of the inputs, or a file that holds bytes and is not the command's
// own. A device or a pipe may be written.
void require_output_file(const std::string& path, const OutputFileRule& rule);

// Writes the file, whole or not at all. Where one is there with the same bytes, nothing is done; with others,
// UserError.
void write_new_file(const std::string& path, std::string_view content, const std::string& option);

}  // namespace prelude
