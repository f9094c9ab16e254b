// A model folder's safetensors files: one, or the shards of an index.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/io/safetensors.h"
#include "core/io/shallow_json.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t longest_index = 1U << 24U;

// name -> file name of its shard; every file name is checked to stay inside the folder.
std::map<std::string, std::string> read_index(const std::string& path) {
  const MappedFile file = MappedFile::open(path);
  require(file.size() <= longest_index, "{}: {} bytes are too many for a safetensors index", path, file.size());
  const json index = parse_shallow_object(path, file.text(), 4);
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
  std::size_t found = 0;
  for (const std::string& shard : shards) {
    const SafetensorsFile& file = files.emplace_back((folder / shard).string());
    for (const TensorBytes& tensor : file.tensors()) {
      const auto entry = shard_of.find(tensor.name);
      require(entry != shard_of.end() && entry->second == shard, "{}: tensor \"{}\" is not in {} for this file",
              file.path(), printable(tensor.name), index);
      ++found;
    }
  }
  if (found == shard_of.size()) return files;
  for (const auto& [name, shard] : shard_of) {
    for (const SafetensorsFile& file : files) {
      require(file.path() != (folder / shard).string() || file.find(name) != nullptr,
              "{}: tensor \"{}\" is missing, though {} names this file for it", file.path(), printable(name), index);
    }
  }
  throw InternalError("an index names a tensor that no check found missing");
}

}  // namespace

std::vector<SafetensorsFile> open_safetensors_folder(const std::string& folder) {
  const fs::path base(folder);
  std::error_code error;
  require(fs::is_directory(base, error), "{}: no such folder", folder);
  const std::string whole = (base / "model.safetensors").string();
  const std::string index = whole + ".index.json";
  if (fs::exists(whole, error)) {
    std::vector<SafetensorsFile> files;
    files.emplace_back(whole);
    return files;
  }
  if (fs::exists(index, error)) return open_shards(base, index);
  require(
      !fs::exists(base / "pytorch_model.bin", error) && !fs::exists(base / "pytorch_model.bin.index.json", error),
      "{}: holds only pytorch_model.bin, which is a program to execute; convert it once with: scripts/convert-bin {}",
      folder, folder);
  fail("{}: neither model.safetensors nor model.safetensors.index.json is there", folder);
}

}  // namespace prelude
