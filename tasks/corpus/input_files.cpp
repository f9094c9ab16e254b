#include "tasks/corpus/input_files.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/io/paths.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

// The path without links: one name for one file or folder.
std::string real_path(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  require(!error, "cannot read '{}': {}", path, error.message());
  return real.string();
}

bool is_reached_by_link(const std::string& path, const std::string& real) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  return error || absolute.lexically_normal() != real;
}

std::int64_t time_of_change(const std::string& path) {
  std::error_code error;
  const auto time = fs::last_write_time(path, error);
  require(!error, "cannot read '{}': {}", path, error.message());
  return static_cast<std::int64_t>(time.time_since_epoch().count());
}

class Lister {
 public:
  explicit Lister(std::optional<InputFormat> format) : format_(format) {}

  void add_given(const std::string& path) {
    require(path_exists(path), "there is no file or folder '{}'", path);
    if (!is_folder(path)) return add_file(path);
    std::vector<std::string> files;
    std::set<std::string> visited;
    collect(path, visited, files);
    std::sort(files.begin(), files.end());
    require(!files.empty(), "the folder '{}' holds no files", path);
    for (const std::string& file : files) add_file(file);
  }

  InputFiles take() { return std::move(result_); }

 private:
  // The files below `folder`, each real folder visited once: links may lead back to one that they lie in.
  void collect(const std::string& folder, std::set<std::string>& visited, std::vector<std::string>& files) {
    if (!visited.insert(real_path(folder)).second) {
      ++result_.linked_again;
      return;
    }
    for (const std::string& name : names_in(folder)) {
      if (name.starts_with('.')) continue;
      const std::string path = (fs::path(folder) / name).string();
      require(path_exists(path), "'{}' is a link to nothing; remove it", path);
      if (is_folder(path)) {
        collect(path, visited, files);
      } else {
        files.push_back(path);
      }
    }
  }

  void add_file(const std::string& path) {
    require(is_regular_file(path), "'{}' is no regular file", path);
    const std::string real = real_path(path);
    const bool linked = is_reached_by_link(path, real);
    const auto [before, is_new] = seen_.emplace(real, linked);
    if (!is_new) {
      require(linked || before->second, "'{}' is given twice as input", path);
      ++result_.linked_again;
      return;
    }
    const FoundFormat format = format_ ? FoundFormat{true, *format_, false, ""} : find_format(path);
    result_.files.push_back({path, format, file_bytes(path), time_of_change(path)});
  }

  std::optional<InputFormat> format_;
  std::map<std::string, bool> seen_;  // real paths; whether the name that was read is a link
  InputFiles result_;
};

}  // namespace

InputFiles list_input_files(const std::vector<std::string>& paths, const std::string& format) {
  Lister lister(input_format_named(format));
  for (const std::string& path : paths) lister.add_given(path);
  InputFiles input = lister.take();
  require(!input.files.empty(), "no input is given; name files or folders of .txt or .jsonl (.gz, .zst)");
  return input;
}

std::vector<std::string> notes_on(const InputFiles& input) {
  std::vector<std::string> notes;
  for (const std::string& name : input_format_names()) {
    std::int64_t count = 0;
    const InputFile* first = nullptr;
    for (const InputFile& file : input.files) {
      if (!file.format.by_content || name_of(file.format.format) != name) continue;
      if (count++ == 0) first = &file;
    }
    if (count == 1) notes.push_back(fmt::format("'{}' is read as {} by its content", first->path, name));
    if (count > 1) {
      notes.push_back(
          fmt::format("{} files are read as {} by their content, '{}' the first", count, name, first->path));
    }
  }
  if (input.linked_again > 0) {
    notes.push_back(fmt::format("{} links lead to what is read already and are passed over", input.linked_again));
  }
  return notes;
}

}  // namespace prelude
