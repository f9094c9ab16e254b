#include "tasks/corpus/label_record.h"

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/paths.h"
#include "core/io/shallow_json.h"
#include "tasks/corpus/json_fields.h"

namespace prelude {

void write_label_record(const std::string& path, const LabelRecord& record) {
  nlohmann::ordered_json document = {
      {"schema_version", 1}, {"options", to_json(record.options)}, {"shards", nlohmann::ordered_json::array()}};
  for (const ShardEntry& shard : record.shards) document["shards"].push_back(to_json(shard));
  write_file_atomically(path, document.dump(2) + "\n");
}

std::optional<LabelRecord> read_label_record(const std::string& path) {
  if (!path_exists(path)) return {};
  const nlohmann::json document = read_json_file(path, std::size_t{256} << 20);
  const JsonFields fields(document, path, "");
  fields.check(fields.integer("schema_version", 0, 1) == 1, "schema_version", "must be 1");
  LabelRecord record;
  record.options = read_named_values(fields.object("options"));
  for (const JsonFields& shard : fields.objects("shards")) {
    record.shards.push_back(read_shard_entry(shard, record.shards.size()));
  }
  return record;
}

void require_same_labelling(const LabelRecord& found, const NamedValues& wanted, const std::string& output) {
  for (const auto& [name, value] : wanted) {
    const std::string other = value_of(found.options, name);
    if (name == "revision") continue;                                  // told, not compared
    if (other == "absent" && name.starts_with("backbone-")) continue;  // earlier versions recorded the weights alone
    require(value == other,
            "'{}' holds labels made with another {} ({}, now {}); use the same, give another --output, or delete the "
            "folder to start afresh",
            output, name, other, value);
  }
}

}  // namespace prelude
