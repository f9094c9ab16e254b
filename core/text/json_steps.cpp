#include "core/text/json_steps.h"

#include <openssl/evp.h>
#include <unicode/brkiter.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/io/shallow_json.h"
#include "core/text/character_map.h"
#include "core/text/utf8.h"

namespace prelude {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestMapped = 6;  // bytes: a longer cluster of characters is mapped character by character

std::string text_field(const std::string& path, const json& step, const char* key) {
  const auto found = step.find(key);
  require(found != step.end() && found->is_string(), "{}: \"{}\" must be a text", path, key);
  return found->get<std::string>();
}

bool flag_field(const std::string& path, const json& step, const char* key, bool otherwise) {
  const auto found = step.find(key);
  if (found == step.end() || found->is_null()) return otherwise;
  require(found->is_boolean(), "{}: \"{}\" must be true or false", path, key);
  return found->get<bool>();
}

std::string type_of(const std::string& path, const json& step, const char* what) {
  require(step.is_object() && step.contains("type") && step["type"].is_string(), "{}: its {} has no type", path, what);
  return step["type"].get<std::string>();
}

const json& list_field(const std::string& path, const json& step, const char* key) {
  const auto found = step.find(key);
  require(found != step.end() && found->is_array(), "{}: \"{}\" must be a list", path, key);
  return *found;
}

std::string bytes_of_base64(const std::string& path, const std::string& text) {
  const std::string place = path + ": the table of normalisation rules";
  require(text.size() % 4 == 0 && text.size() < std::size_t{1} << 28, "{} is no Base64", place);
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  require(size >= 0, "{} is no Base64", place);
  bytes.resize(static_cast<std::size_t>(size));
  for (std::size_t at = text.size(); at > 0 && text[at - 1] == '=' && !bytes.empty(); --at) bytes.pop_back();
  return bytes;
}

bool is_space(char32_t character) { return u_isUWhiteSpace(static_cast<UChar32>(character)) != 0; }

// Maps each cluster of characters, or else each character, by the shortest rule that it starts with.
void map_characters(const CharacterMap& map, TextPart& part) {
  std::string mapped;
  const auto one = [&](std::string_view cluster) {
    if (cluster.size() < kLongestMapped) {
      if (const auto text = map.replacement(cluster)) {
        mapped += *text;
        return;
      }
    }
    for (std::size_t at = 0; at < cluster.size();) {
      const std::string_view character = cluster.substr(at, character_bytes(cluster[at]));
      mapped += map.replacement(character).value_or(character);
      at += character.size();
    }
  };
  const icu::UnicodeString text = icu::UnicodeString::fromUTF8(part.text);
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::BreakIterator> clusters(
      icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status));
  ensure(U_SUCCESS(status) != 0, "ICU has no rules for clusters of characters: {}", u_errorName(status));
  clusters->setText(text);
  for (std::int32_t begin = clusters->first(), end = clusters->next(); end != icu::BreakIterator::DONE;
       begin = end, end = clusters->next()) {
    std::string cluster;
    one(text.tempSubStringBetween(begin, end).toUTF8String(cluster));
  }
  part.text = std::move(mapped);
}

void strip(TextPart& part, bool left, bool right) {
  std::size_t end = part.text.size();
  for (std::size_t at = end; right && at > 0 && is_space(character_before(part.text, at));) end = at;
  part.text.resize(end);
  std::size_t begin = 0;
  for (std::size_t at = 0; left && at < end && is_space(character_at(part.text, at));) begin = at;
  part.text.erase(0, begin);
  part.at_start = part.at_start && begin == 0;
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

void replace_runs_of_spaces(std::string& text, std::string_view by) {
  for (std::size_t at = text.find("  "); at != std::string::npos; at = text.find("  ", at + by.size())) {
    text.replace(at, std::min(text.find_first_not_of(' ', at), text.size()) - at, by);
  }
}

Normaliser replacer(const std::string& path, const json& step) {
  const auto pattern = step.find("pattern");
  require(pattern != step.end() && pattern->is_object(), "{}: a Replace step has no pattern", path);
  const std::string by = text_field(path, step, "content");
  if (pattern->contains("String")) {
    const std::string what = text_field(path, *pattern, "String");
    require(!what.empty(), "{}: a Replace step replaces nothing", path);
    return [what, by](TextPart& part) {
      part.at_start = part.at_start && (!by.empty() || !part.text.starts_with(what));
      replace_all(part.text, what, by);
    };
  }
  const std::string regex = text_field(path, *pattern, "Regex");
  require(regex == " {2,}" && !by.empty(), "{}: a Replace step with the pattern '{}', which is not known here", path,
          printable(regex));
  return [by](TextPart& part) { replace_runs_of_spaces(part.text, by); };
}

struct Metaspace {
  std::string mark;
  std::string scheme;  // always, first, never
  bool cuts = true;
};

Metaspace metaspace_of(const std::string& path, const json& step) {
  Metaspace result;
  result.mark = text_field(path, step, "replacement");
  require(!result.mark.empty() && result.mark.size() == character_bytes(result.mark[0]),
          "{}: Metaspace's replacement must be one character", path);
  const bool prefix = flag_field(path, step, "add_prefix_space", true);  // of files older than prepend_scheme
  const bool has_scheme = step.contains("prepend_scheme") && !step["prepend_scheme"].is_null();
  result.scheme = has_scheme ? text_field(path, step, "prepend_scheme") : prefix ? "always" : "never";
  require(result.scheme == "always" || result.scheme == "first" || result.scheme == "never",
          "{}: Metaspace's prepend_scheme is '{}'; always, first and never are known", path, printable(result.scheme));
  result.cuts = flag_field(path, step, "split", true);
  return result;
}

std::vector<TextPart> mark_spaces(const Metaspace& space, TextPart part) {
  replace_all(part.text, " ", space.mark);
  const bool prepends = space.scheme == "always" || (space.scheme == "first" && part.at_start);
  if (prepends && !part.text.starts_with(space.mark)) part.text.insert(0, space.mark);
  if (!space.cuts) return {std::move(part)};
  std::vector<TextPart> parts;
  for (std::size_t begin = 0; begin < part.text.size();) {
    const std::size_t end = std::min(part.text.find(space.mark, begin + 1), part.text.size());
    parts.push_back({part.text.substr(begin, end - begin), part.at_start && begin == 0});
    begin = end;
  }
  return parts;
}

std::vector<TextPart> cut_at_spaces(const TextPart& part) {
  std::vector<TextPart> parts;
  std::size_t begin = 0;
  const auto cut = [&](std::size_t end) {
    if (begin < end) parts.push_back({part.text.substr(begin, end - begin), part.at_start && begin == 0});
  };
  for (std::size_t at = 0; at < part.text.size();) {
    const std::size_t here = at;
    if (!is_space(character_at(part.text, at))) continue;
    cut(here);
    begin = at;
  }
  cut(part.text.size());
  return parts;
}

std::vector<std::string> spaces_of_marks(const Metaspace& space, std::vector<std::string> pieces) {
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    replace_all(pieces[i], space.mark, i == 0 && space.scheme != "never" ? "" : " ");
  }
  return pieces;
}

PieceJoiner stripper(const std::string& path, const json& step) {
  const std::string what = text_field(path, step, "content");
  const auto count = [&](const char* key) {
    const auto found = step.find(key);
    require(found != step.end() && found->is_number_unsigned(), "{}: \"{}\" must be a number", path, key);
    return found->get<std::size_t>();
  };
  require(!what.empty(), "{}: a Strip step without content", path);
  return [what, front = count("start"), back = count("stop")](std::vector<std::string> pieces) {
    for (std::string& piece : pieces) {
      for (std::size_t i = 0; i < front && piece.starts_with(what); ++i) piece.erase(0, what.size());
      for (std::size_t i = 0; i < back && piece.ends_with(what); ++i) piece.resize(piece.size() - what.size());
    }
    return pieces;
  };
}

std::vector<std::string> fused(std::vector<std::string> pieces) {
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  return {text};
}

}  // namespace

void read_normaliser(const std::string& path, const json& step, std::vector<Normaliser>& steps) {
  if (step.is_null()) return;
  const std::string type = type_of(path, step, "normalizer");
  if (type == "Sequence") {
    for (const json& inner : list_field(path, step, "normalizers")) read_normaliser(path, inner, steps);
  } else if (type == "Precompiled") {
    const std::string table = bytes_of_base64(path, text_field(path, step, "precompiled_charsmap"));
    if (table.empty()) return;
    const auto map = std::make_shared<const CharacterMap>(table, path);
    steps.push_back([map](TextPart& part) { map_characters(*map, part); });
  } else if (type == "Strip") {
    const bool left = flag_field(path, step, "strip_left", true);
    const bool right = flag_field(path, step, "strip_right", true);
    steps.push_back([left, right](TextPart& part) { strip(part, left, right); });
  } else if (type == "Replace") {
    steps.push_back(replacer(path, step));
  } else if (type == "Prepend") {
    const std::string text = text_field(path, step, "prepend");
    steps.push_back([text](TextPart& part) {
      if (!part.text.empty()) part.text.insert(0, text);
    });
  } else {
    fail("{}: its normalizer is of type {}, which is not T5's and not known here", path, printable(type));
  }
}

void read_cutter(const std::string& path, const json& step, std::vector<Cutter>& steps) {
  if (step.is_null()) return;
  const std::string type = type_of(path, step, "pre_tokenizer");
  if (type == "Sequence") {
    for (const json& inner : list_field(path, step, "pretokenizers")) read_cutter(path, inner, steps);
  } else if (type == "Metaspace") {
    const Metaspace space = metaspace_of(path, step);
    steps.push_back([space](TextPart part) { return mark_spaces(space, std::move(part)); });
  } else if (type == "WhitespaceSplit") {
    steps.push_back([](const TextPart& part) { return cut_at_spaces(part); });
  } else {
    fail("{}: its pre_tokenizer is of type {}, which is not T5's and not known here", path, printable(type));
  }
}

void read_joiner(const std::string& path, const json& step, std::vector<PieceJoiner>& steps) {
  if (step.is_null()) return;
  const std::string type = type_of(path, step, "decoder");
  if (type == "Sequence") {
    for (const json& inner : list_field(path, step, "decoders")) read_joiner(path, inner, steps);
  } else if (type == "Metaspace") {
    const Metaspace space = metaspace_of(path, step);
    steps.push_back([space](std::vector<std::string> pieces) { return spaces_of_marks(space, std::move(pieces)); });
  } else if (type == "ByteFallback") {
    steps.push_back(join_bytes);
  } else if (type == "Fuse") {
    steps.push_back(fused);
  } else if (type == "Strip") {
    steps.push_back(stripper(path, step));
  } else if (type == "Replace") {
    const Normaliser replace = replacer(path, step);
    steps.push_back([replace](std::vector<std::string> pieces) {
      for (std::string& piece : pieces) {
        TextPart part{std::move(piece)};
        replace(part);
        piece = std::move(part.text);
      }
      return pieces;
    });
  } else {
    fail("{}: its decoder is of type {}, which is not T5's and not known here", path, printable(type));
  }
}

std::vector<std::string> join_bytes(std::vector<std::string> pieces) {
  std::vector<std::string> joined;
  std::string bytes;
  const auto flush = [&] {
    if (bytes.empty()) return;
    if (valid_utf8_bytes(bytes) == bytes.size()) {
      joined.push_back(bytes);
    } else {
      for (std::size_t i = 0; i < bytes.size(); ++i) joined.emplace_back("\uFFFD");
    }
    bytes.clear();
  };
  for (std::string& piece : pieces) {
    unsigned byte = 0;
    const bool framed = piece.size() == 6 && piece.starts_with("<0x") && piece.ends_with('>');
    const char* digits = piece.data() + 3;
    if (framed && std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      bytes.push_back(static_cast<char>(byte));
      continue;
    }
    flush();
    joined.push_back(std::move(piece));
  }
  flush();
  return joined;
}

}  // namespace prelude
