#include "launch/experiment/results.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/io/shallow_json.h"
#include "launch/experiment/cell_json.h"

namespace prelude {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t schema = 1;
constexpr std::size_t most_bytes = std::size_t{1} << 28;
constexpr int depth = 10;

Json baseline_json(const Baseline& baseline) {
  return {{"data", baseline.data},
          {"metric", baseline.metric},
          {"majority", checked_share(baseline.majority, "majority")},
          {"random", checked_share(baseline.random, "random")},
          {"majority_f1", checked_share(baseline.majority_f1, "majority_f1")},
          {"random_f1", checked_share(baseline.random_f1, "random_f1")}};
}

// On one line.
std::string dumped(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

Baseline read_baseline(const JsonFields& fields) {
  Baseline baseline;
  baseline.data = fields.text("data");
  baseline.metric = fields.text("metric");
  baseline.majority = read_share(fields, "majority");
  baseline.random = read_share(fields, "random");
  baseline.majority_f1 = read_share(fields, "majority_f1");
  baseline.random_f1 = read_share(fields, "random_f1");
  return baseline;
}

}  // namespace

const Baseline* Results::baseline(std::string_view data) const {
  const auto found =
      std::find_if(baselines.begin(), baselines.end(), [&](const Baseline& one) { return one.data == data; });
  return found == baselines.end() ? nullptr : &*found;
}

bool Results::shows_f1(std::string_view data) const {
  const Baseline* found = baseline(data);
  return found != nullptr && found->metric.find("f1") != std::string::npos;
}

std::string results_text(const Results& results) {
  std::vector<std::string> baselines;
  std::vector<std::string> cells;
  for (const Baseline& baseline : results.baselines) baselines.push_back(dumped(baseline_json(baseline)));
  for (const CellResult& cell : results.cells) cells.push_back(dumped(to_json(cell)));
  return fmt::format(
      "{{\"schema_version\": {},\n\"version\": {},\n\"configuration\": {},\n\"baselines\": [\n{}\n],\n\"cells\": "
      "[\n{}\n]}}\n",
      schema, dumped(results.version), dumped(results.configuration), fmt::join(baselines, ",\n"),
      fmt::join(cells, ",\n"));
}

Results parse_results(const std::string& path, std::string_view text) {
  require(text.size() <= most_bytes, "'{}' has {} bytes; at most {} are believed", path, text.size(), most_bytes);
  const nlohmann::json object = parse_shallow_object(path, text, depth);
  const JsonFields fields(object, path, "");
  fields.integer("schema_version", schema, schema);
  Results results;
  results.version = fields.text("version");
  results.configuration = fields.text("configuration");
  for (const JsonFields& one : fields.objects("baselines")) results.baselines.push_back(read_baseline(one));
  for (const JsonFields& one : fields.objects("cells")) results.cells.push_back(read_cell(one));
  require_distinct(path, results);
  return results;
}

void require_distinct(const std::string& path, const Results& results) {
  std::set<CellKey> keys;
  for (const CellResult& cell : results.cells) {
    require(keys.insert(cell.key).second, "'{}': the cell {} stands twice; keep one", path, cell.key.name());
  }
  std::set<std::string> data;
  for (const Baseline& baseline : results.baselines) {
    require(data.insert(baseline.data).second, "'{}': the baseline of '{}' stands twice; keep one", path,
            printable(baseline.data));
  }
}

}  // namespace prelude
