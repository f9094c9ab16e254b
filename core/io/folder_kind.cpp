#include "core/io/folder_kind.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/line_reader.h"
#include "core/io/paths.h"
#include "core/io/printable.h"

namespace prelude {
namespace {

struct KindText {
  FolderKind kind;
  std::string_view text;
};
constexpr std::array kTexts{
    KindText{FolderKind::pretrain_run, "a run of `prelude pretrain`"},
    KindText{FolderKind::lm_run, "a run of `prelude lm`"},
    KindText{FolderKind::tune_run, "a run of `prelude tune`"},
    KindText{FolderKind::experiment, "an experiment"},
    KindText{FolderKind::corpus_build, "a corpus"},
    KindText{FolderKind::labelled_corpus, "a corpus"},
    KindText{FolderKind::corpus, "a corpus"},
    KindText{FolderKind::backbone, "a backbone"},
    KindText{FolderKind::backbone_checkpoint, "a checkpoint of `prelude lm`"},
    KindText{FolderKind::prompt, "a prompt"},
    KindText{FolderKind::tokenizer, "a tokenizer"},
};

// By the command that a run's configuration names in its first line: "# prelude lm".
FolderKind kind_of_run(const std::string& config) {
  constexpr std::string_view mark = "# prelude ";
  constexpr std::int64_t longest_line = 200;
  LineReader lines(config, longest_line);
  std::string line;
  if (lines.next(line) != LineReader::Status::line || !line.starts_with(mark)) return FolderKind::foreign;
  const std::string command = line.substr(mark.size());
  if (command == "pretrain") return FolderKind::pretrain_run;
  if (command == "lm") return FolderKind::lm_run;
  if (command == "tune") return FolderKind::tune_run;
  return command == "experiment" ? FolderKind::experiment : FolderKind::foreign;
}

// Left by a command that was killed before its first file was whole.
bool is_trace(const std::string& folder, const std::string& name) {
  const std::string path = folder + "/" + name;
  if (name == "checkpoints" || name == "cells") return is_folder(path) && names_in(path).empty();
  // Other hidden names are somebody's: ".git".
  return name == ".lock" || name == ".ranks" || (name.starts_with('.') && name.ends_with(unfinished_ending));
}

FolderKind kind_of_names(const std::string& folder, const std::vector<std::string>& names) {
  const auto holds = [&](std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  const auto holds_ending = [&](std::string_view ending) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return name.ends_with(ending); });
  };
  if (names.empty()) return FolderKind::empty;
  if (holds("config.ini")) return kind_of_run(folder + "/config.ini");
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

// The text of the folder's kind; empty where it is none of ours or cannot be looked at.
std::string known_text(const std::string& folder) {
  try {
    const FolderContent content = folder_content(folder);
    return content.kind == FolderKind::foreign ? "" : content.text;
  } catch (const UserError&) {
    return {};  // who asks has a message of its own
  }
}

}  // namespace

FolderContent folder_content(const std::string& path) {
  if (!path_exists(path)) return {};
  require(is_folder(path), "'{}' is not a folder", path);
  std::vector<std::string> names = names_in(path);
  std::erase_if(names, [&](const std::string& name) { return is_trace(path, name); });
  std::sort(names.begin(), names.end());
  const FolderKind kind = kind_of_names(path, names);
  if (kind == FolderKind::empty) return {};
  if (kind == FolderKind::foreign) return {kind, fmt::format("'{}'", printable(names.front(), 100))};
  const auto* row = std::find_if(kTexts.begin(), kTexts.end(), [&](const KindText& r) { return r.kind == kind; });
  return {kind, std::string(row->text)};
}

std::string wrong_folder(const std::string& folder, const std::string& wanted, const std::string& inside) {
  const std::string kind = known_text(folder);
  if (kind == wanted) return {};
  const std::string better = folder + "/" + inside;
  if (known_text(better) == wanted) {
    const std::string is = kind.empty() ? "" : fmt::format("{}, ", kind);
    return fmt::format("'{}' is {}not {}; did you mean '{}'?", folder, is, wanted, better);
  }
  return kind.empty() ? "" : fmt::format("'{}' is {}, not {}; are two options swapped?", folder, kind, wanted);
}

}  // namespace prelude
