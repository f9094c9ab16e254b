#include "core/io/output_file.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include "core/error.h"
#include "core/io/atomic_file.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

// A file with bytes in it.
bool holds_bytes(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && fs::file_size(path, error) > 0 && !error;
}

bool begins_with(const std::string& path, const std::string& start) {
  std::string bytes(start.size(), '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return file.good() && bytes == start;
}

bool has_content(const std::string& path, std::string_view content) {
  std::error_code error;
  return fs::file_size(path, error) == content.size() && begins_with(path, std::string(content));
}

[[noreturn]] void fail_existing(const std::string& path, const std::string& option) {
  fail("{}: '{}' is there already and stays as it is; choose another name, or remove it first", option, path);
}

}  // namespace

void require_output_file(const std::string& path, const OutputFileRule& rule) {
  std::error_code error;
  require(!path.empty(), "{} is empty; give a file", rule.option);
  require(!fs::is_directory(path, error), "{}: '{}' is a folder; give a file", rule.option, path);
  for (const std::string& input : rule.inputs) {
    const bool same = fs::equivalent(path, input, error) || fs::equivalent(temporary_name(path), input, error);
    require(!same, "{}: '{}' is the input; choose another name", rule.option, path);
  }
  if (!holds_bytes(path)) return;
  if (rule.own_start.empty() || !begins_with(path, rule.own_start)) fail_existing(path, rule.option);
}

void write_new_file(const std::string& path, std::string_view content, const std::string& option) {
  std::error_code error;
  require(!fs::is_directory(path, error), "{}: '{}' is a folder; give a file", option, path);
  if (!holds_bytes(path)) {
    write_file_atomically(path, content);
  } else if (!has_content(path, content)) {
    fail_existing(path, option);
  }
}

}  // namespace prelude
