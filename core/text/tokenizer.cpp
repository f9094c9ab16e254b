#include "core/text/tokenizer.h"

#include <array>
#include <filesystem>
#include <utility>

#include "core/error.h"
#include "core/io/checksum.h"
#include "core/text/json_pipeline.h"
#include "core/text/sentencepiece_text.h"
#include "core/text/token_table.h"
#include "core/text/tokenizer_files.h"
#include "core/text/tokenizer_settings.h"

namespace prelude {
namespace {

// What transformers' clean_up_tokenization_spaces does.
std::string without_spaces_before_punctuation(std::string text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kRules{{{" .", "."},
                                                                                  {" ?", "?"},
                                                                                  {" !", "!"},
                                                                                  {" ,", ","},
                                                                                  {" ' ", "'"},
                                                                                  {" n't", "n't"},
                                                                                  {" 'm", "'m"},
                                                                                  {" 's", "'s"},
                                                                                  {" 've", "'ve"},
                                                                                  {" 're", "'re"}}};
  for (const auto& [spaced, close] : kRules) {
    for (std::size_t at = text.find(spaced); at != std::string::npos; at = text.find(spaced, at + close.size())) {
      text.replace(at, spaced.size(), close);
    }
  }
  return text;
}

// A folder's spiece.model must be its tokenizer.json's, where it has both: a piece for each id.
void require_same_model(const std::string& path, const TextModel& model, const std::string& json_path) {
  const std::vector<std::string> pieces = json_pieces(json_path);
  for (std::size_t id = 0; id < pieces.size() && static_cast<std::int64_t>(id) < model.size(); ++id) {
    require(pieces[id] == model.piece(static_cast<std::int32_t>(id)),
            "'{}' and '{}' are two different tokenizers: piece {} is not the same; remove the wrong one", path,
            json_path, id);
  }
}

}  // namespace

struct Tokenizer::Parts {
  std::string path;        // the model's
  bool is_folder = false;  // it was given as
  std::unique_ptr<TextModel> model;
  TokenizerSettings settings;
  TokenTable table;
  std::string sha256;

  void read_model(const std::string& given);
  void make_table(std::int64_t vocabulary, int sentinels);
};

void Tokenizer::Parts::read_model(const std::string& given) {
  std::error_code error;
  is_folder = std::filesystem::is_directory(given, error);
  path = given;
  if (is_folder) {
    const std::vector<std::string> files = tokenizer_files(given);
    require(!files.empty(), "'{}' is a folder without spiece.model or tokenizer.json; copy the model's own into it",
            given);
    path = files.front();
    settings = read_tokenizer_settings(given);
  }
  const MappedFile file = open_tokenizer_file(path);
  sha256 = prelude::sha256(file.data(), file.size());
  if (file.text().starts_with('{')) {
    model = std::make_unique<JsonPipeline>(path);
    if (!is_folder) settings = json_settings(path);
    return;
  }
  model = std::make_unique<SentencePieceText>(SentencePieceModel(file.text(), path), is_folder);
  const std::string json = given + "/tokenizer.json";
  if (is_folder && std::filesystem::exists(json, error)) require_same_model(path, *model, json);
}

void Tokenizer::Parts::make_table(std::int64_t vocabulary, int sentinels) {
  const bool is_json = dynamic_cast<const JsonPipeline*>(model.get()) != nullptr;
  TokenTableRules rules{path, vocabulary, sentinels, !is_json, is_folder && !is_json};
  table = make_token_table(*model, settings, rules);
  model->take(table.added);
  rules.vocabulary = 0;
  rules.names_specials = !is_json;
  const bool spaces_matter = model->keeps_outer_spaces();
  const std::string all = description_of(make_token_table(*model, settings, rules), spaces_matter);
  const TokenizerSettings alone = is_json ? json_settings(path) : TokenizerSettings();
  if (all != description_of(make_token_table(*model, alone, rules), spaces_matter)) {
    const std::string together = sha256 + "\n" + all;
    sha256 = prelude::sha256(reinterpret_cast<const std::byte*>(together.data()), together.size());
  }
}

Tokenizer::Tokenizer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::load(const std::string& path, std::int64_t vocabulary_size, int sentinels) {
  auto parts = std::make_unique<Parts>();
  parts->read_model(path);
  parts->make_table(vocabulary_size, sentinels);
  return Tokenizer(std::move(parts));
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text) const {
  std::vector<std::int32_t> ids;
  parts_->model->encode(text, ids);
  return ids;
}

std::string Tokenizer::decode(const std::vector<std::int32_t>& ids) const {
  std::string text = parts_->model->decode(ids);
  return parts_->settings.cleans_spaces ? without_spaces_before_punctuation(std::move(text)) : text;
}

std::string Tokenizer::piece(std::int32_t id) const {
  ensure(id >= 0, "a token id is never negative, got {}", id);
  if (const AddedToken* token = parts_->table.added.of_id(id)) return token->text;
  return id < parts_->model->size() ? parts_->model->piece(id) : fmt::format("<unused_{}>", id);
}

std::int32_t Tokenizer::id_of_piece(std::string_view piece) const {
  const AddedToken* token = parts_->table.added.of_text(piece);
  return token != nullptr ? token->id : parts_->model->id_of(piece);
}

std::int32_t Tokenizer::sentinel(int k) const {
  require(sentinels() > 0, "'{}': the tokenizer has no sentinels, but <extra_id_{}> is needed: {}", parts_->path, k,
          parts_->table.no_sentinels);
  require(k >= 0 && k < sentinels(), "'{}': the tokenizer has {} sentinels; <extra_id_{}> is not one of them",
          parts_->path, sentinels(), k);
  return parts_->table.sentinels[static_cast<std::size_t>(k)];
}

int Tokenizer::sentinels() const { return static_cast<int>(parts_->table.sentinels.size()); }

std::int32_t Tokenizer::pad() const {
  require(parts_->table.pad >= 0, "'{}' has no piece for padding ({}), which is needed here: it is no T5 tokenizer",
          parts_->path, parts_->settings.pad);
  return parts_->table.pad;
}

std::int32_t Tokenizer::end_of_sequence() const {
  require(parts_->table.end_of_sequence >= 0,
          "'{}' has no piece for the end of a sequence ({}), which is needed here: it is no T5 tokenizer", parts_->path,
          parts_->settings.end_of_sequence);
  return parts_->table.end_of_sequence;
}

std::int32_t Tokenizer::unknown() const { return parts_->model->unknown(); }
std::int64_t Tokenizer::size() const { return parts_->table.size; }
const std::string& Tokenizer::sha256() const { return parts_->sha256; }

}  // namespace prelude
