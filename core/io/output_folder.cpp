#include "core/io/output_folder.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "core/error.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

struct OwnerRow {
  FolderKind kind;
  std::string_view in_use;  // by whom, where it is locked
  bool resumable;
};
constexpr std::array kOwners{
    OwnerRow{FolderKind::pretrain_run, "another prelude process on the same run", true},
    OwnerRow{FolderKind::lm_run, "another prelude process on the same run", true},
    OwnerRow{FolderKind::tune_run, "another prelude process on the same run", true},
    OwnerRow{FolderKind::experiment, "another experiment", true},
    OwnerRow{FolderKind::corpus_build, "another corpus build", true},
    OwnerRow{FolderKind::labelled_corpus, "another labelling", true},
    OwnerRow{FolderKind::backbone, "another prelude process", false},
    OwnerRow{FolderKind::prompt, "another prelude process", false},
    OwnerRow{FolderKind::tokenizer, "another prelude process", false},
};

const OwnerRow& row_of(FolderKind kind) {
  const auto* row = std::find_if(kOwners.begin(), kOwners.end(), [&](const OwnerRow& r) { return r.kind == kind; });
  ensure(row != kOwners.end(), "no command writes a folder of kind {}", static_cast<int>(kind));
  return *row;
}

bool is_missing(const std::string& path) {
  std::error_code error;
  return !fs::exists(fs::symlink_status(path, error));
}

// The first folder of `path` that is not there; empty where all are.
std::string first_missing(const std::string& path) {
  fs::path part;
  for (const fs::path& name : fs::path(path)) {
    part /= name;
    if (is_missing(part.string())) return part.string();
  }
  return {};
}

// Removes `folder` and those above it up to `top`, while they are empty.
void remove_empty(fs::path folder, const fs::path& top) {
  std::error_code error;
  if (!folder.has_filename()) folder = folder.parent_path();  // "out/"
  while (fs::remove(folder, error) && !error && folder != top) folder = folder.parent_path();
}

}  // namespace

void require_output_folder(const std::string& path, FolderKind kind, const std::string& option) {
  require(!path.empty(), "{} is empty; give a folder", option);
  std::error_code error;
  require(is_missing(path) || fs::is_directory(path, error), "{}: '{}' is not a folder", option, path);
  const FolderContent content = folder_content(path);
  if (content.kind == FolderKind::empty) return;
  require(content.kind == kind && row_of(kind).resumable,
          "{}: '{}' holds {}, which stays as it is; choose a new folder", option, path, content.text);
}

OutputFolder::OutputFolder(const std::string& path, FolderKind kind, const std::string& option)
    : path_(path), resumable_(row_of(kind).resumable), made_(first_missing(path)) {
  require_output_folder(path, kind, option);
  lock_.emplace(path, std::string(row_of(kind).in_use));
  require_output_folder(path, kind, option);  // another process may have finished meanwhile
}

OutputFolder::~OutputFolder() {
  std::error_code error;
  if (!resumable_) fs::remove(path_ + "/.lock", error);
  if (made_.empty()) return;
  // Only an empty folder can be removed so; whatever was written keeps it.
  fs::remove(path_ + "/checkpoints", error);
  fs::directory_iterator entry(path_, error);
  const bool lock_alone = !error && entry != fs::directory_iterator() && entry->path().filename() == ".lock" &&
                          ++entry == fs::directory_iterator();
  if (lock_alone) fs::remove(path_ + "/.lock", error);
  remove_empty(path_, made_);
}

}  // namespace prelude
