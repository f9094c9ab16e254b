#include "core/text/json_pipeline.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/io/shallow_json.h"

namespace prelude {
namespace {

using nlohmann::json;

const json& model_of(const std::string& path, const json& file) {
  const auto model = file.find("model");
  require(model != file.end() && model->is_object(), "{}: it has no \"model\"; that is no tokenizer.json", path);
  return *model;
}

std::string type_of(const json& model) {
  const auto type = model.find("type");
  if (type != model.end() && type->is_string()) return type->get<std::string>();
  return model.contains("unk_id") ? "Unigram" : model.contains("merges") ? "BPE" : "unknown";
}

bool is_on(const std::string& path, const json& model, const char* key) {
  const auto found = model.find(key);
  if (found == model.end() || found->is_null()) return false;
  require(found->is_boolean(), "{}: \"{}\" must be true or false", path, key);
  return found->get<bool>();
}

// The number as the tokenizers library reads its digits: as an integer, divided by a power of ten. That is off by a
// last bit now and then, and decides between segmentations that are equally good.
double read_by_tokenizers(double number) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.begin(), text.end(), std::abs(number), std::chars_format::scientific).ptr;
  std::uint64_t digits = 0;
  int places = 0;  // behind the point
  const char* at = text.data();
  for (bool behind_point = false; at != end && *at != 'e'; ++at) {
    if (*at == '.') {
      behind_point = true;
      continue;
    }
    digits = digits * 10 + static_cast<std::uint64_t>(*at - '0');
    places += behind_point ? 1 : 0;
  }
  int exponent = 0;
  std::from_chars(at + (at[1] == '+' ? 2 : 1), end, exponent);
  exponent -= places;
  const double power = std::pow(10.0, std::abs(exponent));
  const auto whole = static_cast<double>(digits);
  return std::copysign(exponent < 0 ? whole / power : whole * power, number);
}

std::vector<Unigram::Piece> unigram_pieces(const std::string& path, const json& model) {
  const auto vocabulary = model.find("vocab");
  require(vocabulary != model.end() && vocabulary->is_array() && !vocabulary->empty(), "{}: its vocab must be a list",
          path);
  std::vector<Unigram::Piece> pieces;
  for (const json& row : *vocabulary) {
    const bool good = row.is_array() && row.size() == 2 && row[0].is_string() && row[1].is_number();
    require(good, "{}: piece {} of its vocab must be [text, score]", path, pieces.size());
    pieces.push_back({row[0].get<std::string>(), read_by_tokenizers(row[1].get<double>())});
    require(std::isfinite(pieces.back().score), "{}: the score of piece {} is no number", path, pieces.size() - 1);
  }
  return pieces;
}

std::vector<std::string> byte_pair_pieces(const std::string& path, const json& model) {
  const auto vocabulary = model.find("vocab");
  require(vocabulary != model.end() && vocabulary->is_object() && !vocabulary->empty(),
          "{}: its vocab must be an object", path);
  std::vector<std::string> pieces(vocabulary->size());
  std::vector<bool> seen(pieces.size());
  for (const auto& [text, id] : vocabulary->items()) {
    const bool fits = id.is_number_unsigned() && id.get<std::uint64_t>() < pieces.size();
    require(fits && !seen[id.get<std::size_t>()],
            "{}: the id of '{}' in its vocab is {}; ids must be 0 to {}, each once", path, printable(text),
            printable(id.dump()), pieces.size() - 1);
    pieces[id.get<std::size_t>()] = text;
    seen[id.get<std::size_t>()] = true;
  }
  return pieces;
}

std::pair<std::string, std::string> merge_of(const std::string& path, const json& row) {
  if (row.is_array() && row.size() == 2 && row[0].is_string() && row[1].is_string()) {
    return {row[0].get<std::string>(), row[1].get<std::string>()};
  }
  require(row.is_string(), "{}: a merge must be \"left right\" or [left, right]", path);
  const std::string text = row.get<std::string>();
  const std::size_t space = text.find(' ');
  require(space != std::string::npos && text.find(' ', space + 1) == std::string::npos, "{}: the merge '{}' is no pair",
          path, printable(text));
  return {text.substr(0, space), text.substr(space + 1)};
}

// Encoding adds no special tokens: what would add others than T5's </s> at the end is another model's.
void check_post_processor(const std::string& path, const json& file) {
  const auto step = file.find("post_processor");
  if (step == file.end() || step->is_null()) return;
  const bool is_template = step->is_object() && step->value("type", "") == "TemplateProcessing" &&
                           step->contains("single") && (*step)["single"].is_array();
  require(is_template, "{}: its post_processor is not T5's TemplateProcessing, and is not known here", path);
  const json& single = (*step)["single"];
  const bool is_t5 = !single.empty() && single.size() <= 2 && single[0].is_object() && single[0].contains("Sequence") &&
                     (single.size() == 1 || (single[1].is_object() && single[1].contains("SpecialToken")));
  require(is_t5, "{}: its post_processor's template is not T5's (the text, then </s>), and is not known here", path);
}

}  // namespace

JsonPipeline::JsonPipeline(const std::string& path) {
  const json file = read_tokenizer_json(path);
  const json& model = model_of(path, file);
  const std::string type = type_of(model);
  require(type == "Unigram" || type == "BPE", "{}: its model is of type {}; Unigram and BPE are known", path,
          printable(type));
  type == "Unigram" ? read_unigram(path, model) : read_byte_pair(path, model);
  check_post_processor(path, file);
  const auto step = [&](const char* key) { return file.contains(key) ? file[key] : json(); };
  read_normaliser(path, step("normalizer"), normalisers_);
  read_cutter(path, step("pre_tokenizer"), cutters_);
  if (byte_fallback_) joiners_.emplace_back(join_bytes);
  has_joiner_ = !step("decoder").is_null();
  read_joiner(path, step("decoder"), joiners_);
}

void JsonPipeline::read_unigram(const std::string& path, const json& model) {
  const std::vector<Unigram::Piece> pieces = unigram_pieces(path, model);
  const auto unknown = model.find("unk_id");
  const bool fits =
      unknown != model.end() && unknown->is_number_unsigned() && unknown->get<std::uint64_t>() < pieces.size();
  require(fits, "{}: its unk_id must be one of the {} pieces", path, pieces.size());
  unknown_ = unknown->get<std::int32_t>();
  byte_fallback_ = is_on(path, model, "byte_fallback");
  for (const Unigram::Piece& piece : pieces) {
    ids_[piece.text] = static_cast<std::int32_t>(pieces_.size());  // of pieces of one text the last counts
    pieces_.push_back(piece.text);
  }
  unigram_.emplace(pieces, unknown_);
}

void JsonPipeline::read_byte_pair(const std::string& path, const json& model) {
  pieces_ = byte_pair_pieces(path, model);
  for (const std::string& piece : pieces_) ids_[piece] = static_cast<std::int32_t>(ids_.size());
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix", "dropout"}) {
    const auto found = model.find(key);
    const bool off = found == model.end() || found->is_null() ||
                     (found->is_string() && found->get<std::string>().empty()) ||
                     (found->is_number() && found->get<double>() == 0);
    require(off, "{}: its model has {}, which is not T5's and not known here", path, key);
  }
  byte_fallback_ = is_on(path, model, "byte_fallback");
  BytePair::Settings settings;
  const auto unknown = model.find("unk_token");
  if (unknown != model.end() && !unknown->is_null()) {
    require(unknown->is_string() && ids_.contains(unknown->get<std::string>()), "{}: its unk_token is no piece", path);
    unknown_ = ids_.at(unknown->get<std::string>());
  }
  require(unknown_ >= 0, "{}: its model has no unk_token, so that it would leave characters out without a word", path);
  settings.unknown = unknown_;
  settings.joins_unknown = is_on(path, model, "fuse_unk");
  settings.byte_fallback = byte_fallback_;
  settings.takes_whole_words = is_on(path, model, "ignore_merges");
  byte_pair_.emplace(ids_, settings);
  const auto merges = model.find("merges");
  require(merges != model.end() && merges->is_array(), "{}: its merges must be a list", path);
  for (const json& row : *merges) {
    const auto [left, right] = merge_of(path, row);
    try {
      byte_pair_->add_merge(left, right);
    } catch (const UserError& error) {
      fail("{}: {}", path, error.what());
    }
  }
}

std::int32_t JsonPipeline::id_of(std::string_view piece) const {
  const auto found = ids_.find(std::string(piece));
  return found == ids_.end() ? -1 : found->second;
}

void JsonPipeline::encode_unigram(std::string_view word, std::vector<std::int32_t>& ids) const {
  std::vector<Unigram::Segment> segments;
  unigram_->segment(word, segments);
  for (const Unigram::Segment& segment : segments) {
    const std::string_view text = word.substr(segment.begin, segment.size);
    const std::int32_t id = id_of(text);
    std::vector<std::int32_t> bytes;
    if (id < 0 && byte_fallback_) {
      for (const char c : text) bytes.push_back(id_of(byte_piece(static_cast<unsigned char>(c))));
    }
    if (!bytes.empty() && std::find(bytes.begin(), bytes.end(), -1) == bytes.end()) {
      ids.insert(ids.end(), bytes.begin(), bytes.end());
    } else {
      ids.push_back(id >= 0 ? id : unknown_);
    }
  }
}

void JsonPipeline::encode_word(std::string_view word, std::vector<std::int32_t>& ids) const {
  unigram_ ? encode_unigram(word, ids) : byte_pair_->encode(word, ids);
}

TextPart JsonPipeline::normalised(TextPart part) const {
  for (const Normaliser& step : normalisers_) step(part);
  return part;
}

void JsonPipeline::encode_normalised(TextPart part, std::vector<std::int32_t>& ids) const {
  std::vector<TextPart> words{std::move(part)};
  for (const Cutter& cutter : cutters_) {
    std::vector<TextPart> finer;
    for (TextPart& word : words) {
      for (TextPart& cut : cutter(std::move(word))) {
        if (!cut.text.empty()) finer.push_back(std::move(cut));
      }
    }
    words = std::move(finer);
  }
  for (const TextPart& word : words) encode_word(word.text, ids);
}

void JsonPipeline::take(AddedTokens added) {
  for (AddedToken token : added.all()) {
    if (token.in_normalised_text) {
      token.text = normalised({std::move(token.text), false}).text;
      in_normalised_.add(std::move(token));
    } else {
      as_given_.add(std::move(token));
    }
  }
  added_ = std::move(added);
}

void JsonPipeline::encode(std::string_view text, std::vector<std::int32_t>& ids) const {
  const auto give = [&](const AddedToken& token) { ids.push_back(token.id); };
  as_given_.split(
      text,
      [&](std::size_t offset, std::string_view part) {
        const TextPart whole = normalised({std::string(part), offset == 0});
        in_normalised_.split(
            whole.text,
            [&](std::size_t inner, std::string_view rest) {
              encode_normalised({std::string(rest), whole.at_start && inner == 0}, ids);
            },
            give);
      },
      give);
}

std::string JsonPipeline::decode(std::span<const std::int32_t> ids) const {
  std::vector<std::string> pieces;
  for (const std::int32_t id : ids) {
    const AddedToken* token = in_normalised_.of_id(id);
    if (token == nullptr) token = added_.of_id(id);
    if (token != nullptr) {
      pieces.push_back(token->text);
    } else if (id < size()) {
      pieces.push_back(piece(id));
    }
  }
  for (const PieceJoiner& join : joiners_) pieces = join(std::move(pieces));
  std::string text;
  for (std::size_t i = 0; i < pieces.size(); ++i) text += (i > 0 && !has_joiner_ ? " " : "") + pieces[i];
  return text;
}

std::vector<std::string> json_pieces(const std::string& path) {
  const json file = read_tokenizer_json(path);
  const json& model = model_of(path, file);
  if (type_of(model) == "BPE") return byte_pair_pieces(path, model);
  require(type_of(model) == "Unigram", "{}: its model is of type {}; Unigram and BPE are known", path,
          printable(type_of(model)));
  std::vector<std::string> pieces;
  for (Unigram::Piece& piece : unigram_pieces(path, model)) pieces.push_back(std::move(piece.text));
  return pieces;
}

TokenizerSettings json_settings(const std::string& path) {
  TokenizerSettings settings;
  settings.given = true;
  read_json_tokens(path, settings);
  return settings;
}

}  // namespace prelude
