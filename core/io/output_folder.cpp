#include "core/io/output_folder.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/error.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;

struct KindRow {
  FolderKind kind;
  std::string_view text;
  std::string_view in_use;  // by whom, where it is locked
  bool resumable;
};
constexpr std::array kKinds{
    KindRow{FolderKind::pretrain_run, "a run of `prelude pretrain`", "another prelude process on the same run", true},
    KindRow{FolderKind::lm_run, "a run of `prelude lm`", "another prelude process on the same run", true},
    KindRow{FolderKind::tune_run, "a run of `prelude tune`", "another prelude process on the same run", true},
    KindRow{FolderKind::experiment, "an experiment", "another experiment", true},
    KindRow{FolderKind::corpus_build, "a corpus of `prelude corpus build`", "another corpus build", true},
    KindRow{FolderKind::labelled_corpus, "a corpus of `prelude corpus label`", "another labelling", true},
    KindRow{FolderKind::corpus, "a corpus", "another corpus build", false},
    KindRow{FolderKind::backbone, "a backbone", "another prelude process", false},
    KindRow{FolderKind::backbone_checkpoint, "a checkpoint of `prelude lm`", "another prelude process", false},
    KindRow{FolderKind::prompt, "a prompt", "another prelude process", false},
    KindRow{FolderKind::tokenizer, "a tokenizer", "another prelude process", false},
};

const KindRow& row_of(FolderKind kind) {
  const auto* row = std::find_if(kKinds.begin(), kKinds.end(), [&](const KindRow& r) { return r.kind == kind; });
  ensure(row != kKinds.end(), "no output folder of kind {}", static_cast<int>(kind));
  return *row;
}

// The command that the first line of a run's configuration names: "# prelude lm". Empty where it names none.
std::string command_of_config(const std::string& path) {
  constexpr std::string_view mark = "# prelude ";
  constexpr std::streamsize longest_line = 200;
  std::string line(longest_line, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(line.data(), longest_line);
  line.resize(static_cast<std::size_t>(file.gcount()));
  line.resize(std::min(line.find('\n'), line.size()));
  return line.starts_with(mark) ? line.substr(mark.size()) : "";
}

FolderKind kind_of_run(const std::string& path) {
  const std::string command = command_of_config(path + "/config.ini");
  if (command == "pretrain") return FolderKind::pretrain_run;
  if (command == "lm") return FolderKind::lm_run;
  if (command == "tune") return FolderKind::tune_run;
  if (command == "experiment") return FolderKind::experiment;
  return FolderKind::foreign;
}

// Left by a command that was killed before its first file was whole.
bool is_trace(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  std::error_code error;
  if (name == "checkpoints" || name == "cells") return entry.is_directory(error) && fs::is_empty(entry.path(), error);
  return name.starts_with('.') || name == "config.ini.tmp" || name == "build.json.tmp" || name == "label.json.tmp";
}

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (auto entry = fs::directory_iterator(path, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (!is_trace(*entry)) names.push_back(entry->path().filename().string());
  }
  require(!error, "cannot list the folder '{}': {}", path, error.message());
  std::sort(names.begin(), names.end());
  return names;
}

FolderKind kind_of_names(const std::string& path, const std::vector<std::string>& names) {
  const auto holds = [&](std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  const auto holds_ending = [&](std::string_view ending) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return name.ends_with(ending); });
  };
  if (names.empty()) return FolderKind::empty;
  if (holds("config.ini")) return kind_of_run(path);
  if (holds("build.json")) return FolderKind::corpus_build;
  if (holds("label.json")) return FolderKind::labelled_corpus;
  if (holds("corpus.json")) return FolderKind::corpus;
  if (holds("adapter_config.json") || holds("adapter_model.safetensors")) return FolderKind::prompt;
  if (holds("manifest.json")) return FolderKind::backbone_checkpoint;
  if (holds("config.json") || holds_ending(".safetensors") || holds_ending(".safetensors.index.json"))
    return FolderKind::backbone;
  if (holds("spiece.model") || holds("tokenizer.json")) return FolderKind::tokenizer;
  return FolderKind::foreign;
}

bool is_missing(const std::string& path) {
  std::error_code error;
  return !fs::exists(fs::symlink_status(path, error));
}

}  // namespace

FolderContent folder_content(const std::string& path) {
  if (is_missing(path)) return {};
  std::error_code error;
  require(fs::is_directory(path, error), "'{}' is not a folder", path);
  const std::vector<std::string> names = names_in(path);
  const FolderKind kind = kind_of_names(path, names);
  if (kind == FolderKind::empty) return {};
  if (kind == FolderKind::foreign) return {kind, fmt::format("'{}'", names.front())};
  return {kind, std::string(row_of(kind).text)};
}

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
    : path_(path), resumable_(row_of(kind).resumable), made_(is_missing(path)) {
  require_output_folder(path, kind, option);
  lock_.emplace(path, std::string(row_of(kind).in_use));
  require_output_folder(path, kind, option);  // another process may have finished meanwhile
}

OutputFolder::~OutputFolder() {
  std::error_code error;
  if (!resumable_) fs::remove(path_ + "/.lock", error);
  if (!made_) return;
  // Only an empty folder can be removed so; whatever was written keeps it.
  fs::remove(path_ + "/checkpoints", error);
  if (!resumable_) fs::remove(path_, error);
  fs::directory_iterator entry(path_, error);
  const bool lock_alone = !error && entry != fs::directory_iterator() && entry->path().filename() == ".lock" &&
                          ++entry == fs::directory_iterator();
  if (!lock_alone) return;
  fs::remove(path_ + "/.lock", error);
  fs::remove(path_, error);
}

}  // namespace prelude
