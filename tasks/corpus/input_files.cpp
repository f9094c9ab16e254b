#include "tasks/corpus/input_files.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/error.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

std::vector<std::string> files_below(const std::string& folder) {
  std::vector<std::string> files;
  for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::recursive_directory_iterator(); ++entry) {
    if (is_hidden(entry->path())) {
      if (entry->is_directory()) entry.disable_recursion_pending();
    } else if (!entry->is_directory()) {
      files.push_back(entry->path().string());
    }
  }
  std::sort(files.begin(), files.end());
  require(!files.empty(), "the folder '{}' holds no files", folder);
  return files;
}

InputFile describe(const std::string& path) {
  InputFile file;
  file.path = path;
  file.format = format_of(path);
  file.bytes = static_cast<std::int64_t>(fs::file_size(path));
  file.modified = static_cast<std::int64_t>(fs::last_write_time(path).time_since_epoch().count());
  return file;
}

}  // namespace

InputFile::Format format_of(const std::string& path) {
  std::string_view name = path;
  for (const std::string_view packed : {".gz", ".zst"}) {
    if (name.ends_with(packed)) name.remove_suffix(packed.size());
  }
  if (name.ends_with(".txt")) return InputFile::Format::text;
  if (name.ends_with(".jsonl")) return InputFile::Format::json_lines;
  return InputFile::Format::unknown;
}

std::vector<InputFile> list_input_files(const std::vector<std::string>& paths) {
  std::vector<InputFile> files;
  std::set<std::string> seen;
  try {
    for (const std::string& path : paths) {
      require(fs::exists(path), "there is no file or folder '{}'", path);
      const std::vector<std::string> found = fs::is_directory(path) ? files_below(path) : std::vector{path};
      for (const std::string& file : found) {
        require(fs::is_regular_file(file), "'{}' is no regular file", file);
        require(seen.insert(fs::canonical(file).string()).second, "'{}' is given twice as input", file);
        files.push_back(describe(file));
      }
    }
  } catch (const fs::filesystem_error& error) {
    fail("cannot list the input '{}': {}", error.path1().string(), error.code().message());
  }
  require(!files.empty(), "no input is given; name files or folders of .txt or .jsonl (.gz, .zst)");
  return files;
}

}  // namespace prelude
