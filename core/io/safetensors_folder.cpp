// A model folder's safetensors files: one, or the shards of an index.
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/io/paths.h"
#include "core/io/safetensors.h"
#include "core/io/shallow_json.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t longest_index = 1U << 24U;

// name -> file name of its shard; every file name is checked to stay inside the folder.
std::map<std::string, std::string> read_index(const std::string& path) {
  const json index = read_json_file(path, longest_index, {.depth = 4});
  require(index.contains("weight_map") && index["weight_map"].is_object() && !index["weight_map"].empty(),
          "{}: no \"weight_map\" of tensor names to file names", path);
  std::map<std::string, std::string> shard_of;
  for (const auto& [name, value] : index["weight_map"].items()) {
    require(value.is_string(), "{}: the shard of tensor \"{}\" must be a file name", path, printable(name));
    const std::string shard = value.get<std::string>();
    require(fs::path(shard).filename() == shard && !shard.empty() && shard != ".." && shard != ".",
            "{}: shard \"{}\" must be a plain file name in the same folder", path, printable(shard));
    shard_of[name] = shard;
  }
  return shard_of;
}

std::vector<SafetensorsFile> open_shards(const fs::path& folder, const std::string& index) {
  const std::map<std::string, std::string> shard_of = read_index(index);
  std::set<std::string> shards;
  for (const auto& [name, shard] : shard_of) shards.insert(shard);
  std::vector<SafetensorsFile> files;
  for (const std::string& shard : shards) {
    const SafetensorsFile& file = files.emplace_back((folder / shard).string());
    for (const TensorBytes& tensor : file.tensors()) {
      const auto entry = shard_of.find(tensor.name);
      require(entry != shard_of.end() && entry->second == shard, "{}: tensor \"{}\" is not in {} for this file",
              file.path(), printable(tensor.name), index);
    }
  }
  for (const auto& [name, shard] : shard_of) {
    const auto at = static_cast<std::size_t>(std::distance(shards.begin(), shards.find(shard)));
    require(find_tensor({&files[at], 1}, name).bytes != nullptr,
            "{}: tensor \"{}\" is missing, though {} names this file for it", files[at].path(), printable(name), index);
  }
  return files;
}

// As a shell takes it for one word.
std::string shell_word(const std::string& text) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-+=:@%,";
  if (text.find_first_not_of(plain) == std::string::npos) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

}  // namespace

std::vector<SafetensorsFile> open_safetensors_folder(const std::string& folder) {
  require(is_folder(folder), "{}: no such folder", folder);
  const std::string whole = folder + "/model.safetensors";
  const std::string index = whole + ".index.json";
  if (path_exists(whole)) {
    std::vector<SafetensorsFile> files;
    files.emplace_back(whole);
    return files;
  }
  if (path_exists(index)) return open_shards(folder, index);
  const std::string bin = folder + "/pytorch_model.bin";
  require(
      !path_exists(bin) && !path_exists(bin + ".index.json"),
      "{}: holds only pytorch_model.bin, which is a program to execute; convert it once with: scripts/convert-bin {}",
      folder, shell_word(folder));
  fail("{}: neither model.safetensors nor model.safetensors.index.json is there", folder);
}

}  // namespace prelude
