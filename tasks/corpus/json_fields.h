// Fields of a JSON object that a file holds, each checked as it is read; errors name the file and the field.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/io/shallow_json.h"

namespace prelude {

class JsonFields {
 public:
  // `value` must outlive this; `place` is "" for the whole file, "shards[3]." inside it. Throws unless it is an object.
  JsonFields(const nlohmann::json& value, std::string path, std::string place);

  bool has(const char* name) const { return value_->contains(name); }
  std::vector<std::string> names() const;  // of all fields, sorted
  std::string text(const char* name) const;
  std::int64_t integer(const char* name, std::int64_t least, std::int64_t most) const;
  bool boolean(const char* name) const;
  // The field as it stands, for a kind that has no reader here.
  const nlohmann::json& field(const char* name) const;
  JsonFields object(const char* name) const;
  std::vector<JsonFields> objects(const char* name) const;
  // Throws "PATH: field 'NAME' COMPLAINT" unless `good`.
  void check(bool good, const char* name, const std::string& complaint) const;

 private:
  const nlohmann::json* value_;
  std::string path_;
  std::string place_;
};

}  // namespace prelude
