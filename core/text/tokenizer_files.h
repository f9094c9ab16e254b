// The files of a tokenizer as bytes.
#pragma once

#include <string>
#include <vector>

#include "core/io/mapped_file.h"

namespace prelude {

// Throws UserError naming the path where it is missing, empty, no regular file, larger than any tokenizer, or a Git LFS
// pointer instead of the file.
MappedFile open_tokenizer_file(const std::string& path);

// The files at `path` that make a tokenizer: the file itself, or those of a folder that are there. Empty where a folder
// holds neither spiece.model nor tokenizer.json.
std::vector<std::string> tokenizer_files(const std::string& path);

// Copies them into `folder`, which is there; a file alone becomes spiece.model, or tokenizer.json if it is JSON.
void copy_tokenizer(const std::string& path, const std::string& folder);

}  // namespace prelude
