#include "core/text/tokenizer_files.h"

#include <array>
#include <filesystem>
#include <string_view>

#include "core/error.h"
#include "core/io/atomic_file.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = std::size_t{128} << 20;
constexpr std::string_view kPointer = "version https://git-lfs";
constexpr std::array kModels{"spiece.model", "tokenizer.json"};
constexpr std::array kSettings{"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"};

}  // namespace

MappedFile open_tokenizer_file(const std::string& path) {
  MappedFile file = MappedFile::open(path);
  require(file.size() <= kMostBytes, "'{}' has {} bytes: that is no tokenizer, and no SentencePiece model", path,
          file.size());
  require(!file.text().starts_with(kPointer),
          "'{}' is a Git LFS pointer, not the file that it stands for; fetch that with `git lfs pull`", path);
  return file;
}

std::vector<std::string> tokenizer_files(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  for (const char* name : kModels) {
    if (const fs::path file = fs::path(path) / name; fs::exists(file, error)) files.push_back(file.string());
  }
  if (files.empty()) return files;
  for (const char* name : kSettings) {
    if (const fs::path file = fs::path(path) / name; fs::exists(file, error)) files.push_back(file.string());
  }
  return files;
}

void copy_tokenizer(const std::string& path, const std::string& folder) {
  std::error_code error;
  const bool alone = !fs::is_directory(path, error);
  for (const std::string& file : tokenizer_files(path)) {
    const bool is_json = open_tokenizer_file(file).text().starts_with('{');
    const std::string name = alone ? (is_json ? kModels[1] : kModels[0]) : fs::path(file).filename().string();
    copy_file_atomically(file, (fs::path(folder) / name).string());
  }
}

}  // namespace prelude
