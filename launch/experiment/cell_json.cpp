#include "launch/experiment/cell_json.h"

#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/io/shallow_json.h"

namespace prelude {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t most = std::int64_t{1} << 53;  // whole numbers up to here survive every reader of JSON
constexpr std::size_t most_bytes = std::size_t{64} << 20;
constexpr int depth = 8;

Json finite_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json scores_json(const Scores& scores) {
  return {{"vocabulary_accuracy", checked_share(scores.vocabulary_accuracy, "vocabulary accuracy")},
          {"accuracy", checked_share(scores.accuracy, "accuracy")},
          {"macro_f1", checked_share(scores.macro_f1, "macro F1")},
          {"loss", finite_or_null(scores.loss)},
          {"examples", scores.examples},
          {"confusion", scores.confusion}};
}

double read_loss(const JsonFields& fields) {
  const nlohmann::json& value = fields.field("loss");
  if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
  fields.check(value.is_number(), "loss", "must be a number or null");
  return value.get<double>();
}

double read_amount(const JsonFields& fields, const char* name) {
  const nlohmann::json& value = fields.field(name);
  fields.check(value.is_number() && value.get<double>() >= 0, name, "must be a number of at least 0");
  return value.get<double>();
}

std::vector<std::int64_t> whole_numbers(const JsonFields& fields, const char* name, const nlohmann::json& list) {
  fields.check(list.is_array(), name, "must be a list");
  const std::string complaint = fmt::format("must hold whole numbers from 0 to {} only", most);
  std::vector<std::int64_t> numbers;
  for (const auto& value : list) {
    const bool good = value.is_number_unsigned() && value.get<std::uint64_t>() <= static_cast<std::uint64_t>(most);
    fields.check(good, name, complaint);
    numbers.push_back(value.get<std::int64_t>());
  }
  return numbers;
}

std::vector<std::vector<std::int64_t>> read_confusion(const JsonFields& fields, std::int64_t examples) {
  const nlohmann::json& rows = fields.field("confusion");
  fields.check(rows.is_array(), "confusion", "must be a list of lists");
  std::vector<std::vector<std::int64_t>> confusion;
  std::int64_t sum = 0;
  for (const auto& row : rows) {
    confusion.push_back(whole_numbers(fields, "confusion", row));
    fields.check(confusion.back().size() == rows.size(), "confusion", "must have as many columns as rows");
    for (const std::int64_t count : confusion.back()) {
      fields.check(count <= examples - sum, "confusion", "counts more than 'examples'");
      sum += count;
    }
  }
  fields.check(rows.empty() || sum == examples, "confusion", "counts fewer than 'examples'");
  return confusion;
}

Scores read_scores(const JsonFields& fields) {
  Scores scores;
  scores.vocabulary_accuracy = read_share(fields, "vocabulary_accuracy");
  scores.accuracy = read_share(fields, "accuracy");
  scores.macro_f1 = read_share(fields, "macro_f1");
  scores.loss = read_loss(fields);
  scores.examples = fields.integer("examples", 0, most);
  scores.confusion = read_confusion(fields, scores.examples);
  return scores;
}

CellKey read_key(const JsonFields& fields) {
  CellKey key;
  key.data = fields.text("data");
  fields.check(!key.data.empty(), "data", "must not be empty");
  key.method = fields.text("method");
  fields.check(!key.method.empty(), "method", "must not be empty");
  key.shots = fields.integer("shots", 0, most);
  key.rate = read_amount(fields, "rate");
  const nlohmann::json& seed = fields.field("seed");  // all 64 bits are in use
  fields.check(seed.is_number_unsigned(), "seed", "must be a whole number of at least 0");
  key.seed = seed.get<std::uint64_t>();
  return key;
}

std::vector<DevPoint> read_curve(const JsonFields& fields) {
  std::vector<DevPoint> curve;
  for (const JsonFields& point : fields.objects("curve")) {
    curve.push_back({point.integer("step", 0, most), read_share(point, "accuracy"), read_loss(point)});
    point.check(curve.size() < 2 || curve[curve.size() - 2].step < curve.back().step, "step",
                "must be above the step before it");
  }
  return curve;
}

}  // namespace

double checked_share(double value, const char* what) {
  ensure(value >= 0 && value <= 1, "{} is {}, not a share in [0,1]", what, value);
  return value;
}

double read_share(const JsonFields& fields, const char* name) {
  const double value = read_amount(fields, name);
  fields.check(value <= 1, name, fmt::format("must be a share from 0 to 1, not {}", value));
  return value;
}

Json to_json(const CellResult& cell) {
  ensure(std::isfinite(cell.key.rate) && std::isfinite(cell.seconds), "cell {}: rate and seconds must be finite",
         cell.key.name());
  Json object{{"data", cell.key.data}, {"method", cell.key.method}, {"shots", cell.key.shots}, {"rate", cell.key.rate},
              {"seed", cell.key.seed}, {"failed", cell.failed},     {"seconds", cell.seconds}};
  if (cell.failed) {
    object["error"] = cell.error;
  } else {
    object["best_step"] = cell.best_step;
    object["dev"] = scores_json(cell.dev);
    object["test"] = scores_json(cell.test);
  }
  object["curve"] = Json::array();
  for (const DevPoint& point : cell.curve) {
    object["curve"].push_back({{"step", point.step},
                               {"accuracy", checked_share(point.accuracy, "dev accuracy")},
                               {"loss", finite_or_null(point.loss)}});
  }
  object["train_indices"] = cell.train_indices;
  object["dev_indices"] = cell.dev_indices;
  if (!cell.revision.empty()) object["revision"] = cell.revision;
  return object;
}

CellResult read_cell(const JsonFields& fields) {
  CellResult cell;
  cell.key = read_key(fields);
  cell.failed = fields.boolean("failed");
  cell.seconds = read_amount(fields, "seconds");
  if (cell.failed) {
    cell.error = fields.text("error");
  } else {
    cell.best_step = fields.integer("best_step", 0, most);
    cell.dev = read_scores(fields.object("dev"));
    cell.test = read_scores(fields.object("test"));
  }
  cell.curve = read_curve(fields);
  cell.train_indices = whole_numbers(fields, "train_indices", fields.field("train_indices"));
  cell.dev_indices = whole_numbers(fields, "dev_indices", fields.field("dev_indices"));
  if (fields.has("revision")) cell.revision = fields.text("revision");
  return cell;
}

CellResult parse_cell(const std::string& path, std::string_view text) {
  require(text.size() <= most_bytes, "'{}' has {} bytes; a cell has at most {}", path, text.size(), most_bytes);
  const nlohmann::json object = parse_shallow_object(path, text, depth);
  return read_cell(JsonFields(object, path, ""));
}

}  // namespace prelude
