#include "core/text/tokenizer_settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/io/mapped_file.h"
#include "core/io/shallow_json.h"
#include "core/text/tokenizer_files.h"

namespace prelude {
namespace {

using nlohmann::json;

constexpr int kDeepest = 32;
constexpr int kMostExtraIds = 100'000;
constexpr std::array kNamed{"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};
constexpr std::array kClasses{"T5Tokenizer",      "T5TokenizerFast",         "MT5Tokenizer",
                              "MT5TokenizerFast", "PreTrainedTokenizerFast", "TokenizersBackend"};

void sort_by_id(TokenizerSettings& settings) {
  std::stable_sort(settings.numbered.begin(), settings.numbered.end(),
                   [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
}

bool is_there(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

bool flag(const std::string& place, const json& object, const char* key, bool otherwise) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return otherwise;
  require(found->is_boolean(), "{}: \"{}\" must be true or false", place, key);
  return found->get<bool>();
}

std::int32_t id_of(const std::string& place, const json& value) {
  const bool fits = value.is_number_unsigned() && value.get<std::uint64_t>() < std::numeric_limits<std::int32_t>::max();
  require(fits, "{}: its id must be a whole number from 0, but is {}", place, printable(value.dump()));
  return value.get<std::int32_t>();
}

std::int32_t id_of(const std::string& place, const std::string& text) {
  std::int32_t id = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  require(error == std::errc() && end == text.data() + text.size() && id >= 0, "{}: '{}' is no id", place,
          printable(text));
  return id;
}

// What would make other ids than those that are made here.
void refuse_unknown(const std::string& path, const json& config) {
  const auto kind = config.find("tokenizer_class");
  if (kind != config.end() && !kind->is_null()) {
    require(
        kind->is_string() && std::find(kClasses.begin(), kClasses.end(), kind->get<std::string>()) != kClasses.end(),
        "{}: tokenizer_class is {}, which is not T5's; only T5Tokenizer's folders can be read", path,
        printable(kind->dump()));
  }
  for (const char* key : {"do_lower_case", "split_special_tokens"}) {
    require(!flag(path, config, key, false), "{}: \"{}\" is true, which cannot be done here", path, key);
  }
  const auto sampling = config.find("sp_model_kwargs");
  if (sampling != config.end() && sampling->is_object()) {
    require(!flag(path, *sampling, "enable_sampling", false),
            "{}: sp_model_kwargs turns sampling on, so that a text has no ids of its own; turn it off", path);
  }
}

void read_decoder(const std::string& path, const json& rows, TokenizerSettings& settings) {
  require(rows.is_object(), "{}: \"added_tokens_decoder\" must be an object", path);
  for (const auto& [key, value] : rows.items()) {
    const std::string place = path + ": added_tokens_decoder";
    AddedToken token = read_added_token(place, value);
    token.id = id_of(place, key);
    settings.numbered.push_back(std::move(token));
  }
}

void read_added_tokens(const std::string& path, const json& rows, const std::set<std::string>& specials,
                       TokenizerSettings& settings) {
  for (const auto& [text, value] : rows.items()) {
    AddedToken token;
    token.text = text;
    token.id = id_of(fmt::format("{}: '{}'", path, printable(text)), value);
    token.special = specials.contains(text);
    token.in_normalised_text = !token.special;
    settings.numbered.push_back(std::move(token));
  }
}

// bos_token and the like, then the list (or the named list) of further special tokens.
std::vector<AddedToken> special_tokens(const std::string& folder, const json& config) {
  std::vector<AddedToken> tokens;
  const auto take = [&](const std::string& key, const json& value) {
    if (value.is_null()) return;
    AddedToken token = read_added_token(fmt::format("{}: special token {}", folder, printable(key)), value);
    token.special = true;
    if (value.is_string()) token.in_normalised_text = false;
    tokens.push_back(std::move(token));
  };
  for (const char* key : kNamed) {
    const auto found = config.find(key);
    if (found != config.end()) take(key, *found);
  }
  const auto extra = config.find("extra_special_tokens");
  const bool has_extra = extra != config.end() && !extra->is_null() && !extra->empty();
  const auto further = has_extra ? extra : config.find("additional_special_tokens");
  if (further == config.end() || further->is_null()) return tokens;
  require(further->is_array() || further->is_object(), "{}: the further special tokens must be a list", folder);
  for (const auto& [key, value] : further->items()) take(key, value);
  return tokens;
}

}  // namespace

AddedToken read_added_token(const std::string& place, const json& value) {
  AddedToken token;
  if (value.is_string()) {
    token.text = value.get<std::string>();
  } else {
    const bool has_text = value.is_object() && value.contains("content") && value["content"].is_string();
    require(has_text, "{}: an added token must be a text, or an object with \"content\"", place);
    token.text = value["content"].get<std::string>();
    token.special = flag(place, value, "special", false);
    token.takes_space_before = flag(place, value, "lstrip", false);
    token.takes_space_behind = flag(place, value, "rstrip", false);
    token.only_whole_words = flag(place, value, "single_word", false);
  }
  token.in_normalised_text = value.is_object() ? flag(place, value, "normalized", !token.special) : true;
  require(!token.text.empty(), "{}: an added token has no text", place);
  return token;
}

json read_tokenizer_json(const std::string& path) {
  return parse_shallow_object(path, open_tokenizer_file(path).text(), kDeepest);
}

void read_json_tokens(const std::string& path, TokenizerSettings& settings) {
  const json file = read_tokenizer_json(path);
  const auto rows = file.find("added_tokens");
  if (rows == file.end() || rows->is_null()) return;
  require(rows->is_array(), "{}: \"added_tokens\" must be a list", path);
  for (const json& row : *rows) {
    const std::string place = path + ": added_tokens";
    AddedToken token = read_added_token(place, row);
    require(row.is_object() && row.contains("id"), "{}: '{}' has no id", place, printable(token.text));
    token.id = id_of(place, row["id"]);
    std::erase_if(settings.numbered, [&](const AddedToken& other) { return other.text == token.text; });
    settings.numbered.push_back(std::move(token));
  }
  sort_by_id(settings);
}

TokenizerSettings read_tokenizer_settings(const std::string& folder) {
  TokenizerSettings settings;
  const std::string config_path = folder + "/tokenizer_config.json";
  const std::string map_path = folder + "/special_tokens_map.json";
  const std::string added_path = folder + "/added_tokens.json";
  json config = json::object();
  if (is_there(config_path)) {
    settings.given = true;
    config = read_tokenizer_json(config_path);
    refuse_unknown(config_path, config);
  }
  const auto decoder = config.find("added_tokens_decoder");
  const bool has_decoder = decoder != config.end() && !decoder->is_null();
  if (has_decoder) {
    read_decoder(config_path, *decoder, settings);
  } else if (is_there(map_path)) {
    settings.given = true;
    config.update(read_tokenizer_json(map_path));
  }
  settings.unnumbered = special_tokens(folder, config);
  if (!has_decoder) {
    std::set<std::string> names;
    for (const AddedToken& token : settings.unnumbered) names.insert(token.text);
    if (is_there(added_path)) {
      settings.given = true;
      read_added_tokens(added_path, read_tokenizer_json(added_path), names, settings);
    }
    if (is_there(folder + "/tokenizer.json")) {
      settings.given = true;
      read_json_tokens(folder + "/tokenizer.json", settings);
    }
  }
  sort_by_id(settings);
  const auto name_of = [&](const char* key, std::string& name) {
    const auto found = config.find(key);
    if (found != config.end() && !found->is_null()) name = read_added_token(folder, *found).text;
  };
  name_of("pad_token", settings.pad);
  name_of("eos_token", settings.end_of_sequence);
  const auto extra_ids = config.find("extra_ids");
  if (extra_ids != config.end() && !extra_ids->is_null()) {
    settings.extra_ids = id_of(config_path + ": extra_ids", *extra_ids);
    require(*settings.extra_ids <= kMostExtraIds, "{}: extra_ids is {}; at most {} can be", config_path,
            *settings.extra_ids, kMostExtraIds);
  }
  settings.cleans_spaces = flag(config_path, config, "clean_up_tokenization_spaces", false);
  return settings;
}

}  // namespace prelude
