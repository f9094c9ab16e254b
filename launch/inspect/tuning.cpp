#include "launch/inspect/tuning.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "core/delta/prompt_file.h"
#include "core/io/paths.h"
#include "launch/experiment/cell_json.h"

namespace prelude {
namespace {

namespace fs = std::filesystem;
using Facts = nlohmann::ordered_json;

constexpr std::size_t largest_file = std::size_t{1} << 28;

void add_cell(Facts& facts, const CellResult& cell) {
  facts["data"] = cell.key.data;
  facts["method"] = cell.key.method;
  facts["shots"] = cell.key.shots;
  facts["learning_rate"] = cell.key.rate;
  facts["seed"] = cell.key.seed;
  facts["best_step"] = cell.best_step;
  facts["dev_accuracy"] = cell.dev.accuracy;
  facts["test_accuracy"] = cell.test.accuracy;
  facts["test_examples"] = cell.test.examples;
  if (!cell.revision.empty()) facts["revision"] = cell.revision;
}

}  // namespace

Facts describe_tune_run(const std::string& path) {
  Facts facts{{"kind", "tune run"}};
  const std::string result = path + "/result.json";
  facts["finished"] = path_exists(result);
  if (!path_exists(result)) {
    facts["validity"] = "not finished: the same command begins it again";
    return facts;
  }
  add_cell(facts, read_cell(JsonFields(read_json_file(result, largest_file), result, "")));
  for (const char* name : {"prompt", "backbone"}) {
    const std::string folder = fmt::format("{}/{}", path, name);
    if (path_exists(folder)) facts[name] = folder;
  }
  if (facts.contains("prompt")) static_cast<void>(read_prompt(facts["prompt"].get<std::string>()));
  facts["validity"] = "sound";
  return facts;
}

Facts describe_experiment(const std::string& path) {
  std::set<std::string> data;
  std::set<std::string> methods;
  std::set<std::uint64_t> seeds;
  std::int64_t finished = 0;
  std::int64_t failed = 0;
  const std::string cells = path + "/cells";
  if (path_exists(cells)) {
    for (const auto& entry : fs::recursive_directory_iterator(cells)) {
      if (!entry.is_regular_file() || entry.path().extension() != ".json") continue;
      const std::string file = entry.path().string();
      const nlohmann::json json = read_json_file(file, largest_file);
      const CellResult cell = read_cell(JsonFields(json, file, "").object("cell"));
      ++(cell.failed ? failed : finished);
      data.insert(cell.key.data);
      methods.insert(cell.key.method);
      seeds.insert(cell.key.seed);
    }
  }
  Facts facts{{"kind", "experiment"}, {"cells", finished}, {"failed_cells", failed}};
  facts["data"] = data;
  facts["methods"] = methods;
  facts["seeds"] = seeds;
  for (const char* name : {"table.md", "results.json", "ensembles.json"}) {
    const std::string file = fmt::format("{}/{}", path, name);
    if (path_exists(file)) facts[name] = file;
  }
  facts["validity"] = "sound";
  return facts;
}

}  // namespace prelude
