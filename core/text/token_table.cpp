#include "core/text/token_table.h"

#include <algorithm>
#include <string_view>

#include "core/error.h"
#include "core/io/shallow_json.h"

namespace prelude {
namespace {

constexpr std::string_view kWordMark = "\u2581";

std::string sentinel_text(int k) { return fmt::format("<extra_id_{}>", k); }
bool is_sentinel(const std::string& text) { return text.starts_with("<extra_id_") && text.ends_with('>'); }

class Maker {
 public:
  Maker(const TextModel& model, const TokenizerSettings& settings, const TokenTableRules& rules)
      : model_(model), settings_(settings), rules_(rules) {
    table_.size = model.size();
  }

  TokenTable made() {
    require(has_room_for(model_.size()),
            "'{}' has {} pieces, more than the backbone's vocabulary of {}; is it another model's tokenizer?",
            rules_.path, model_.size(), rules_.vocabulary);
    append_sentinels();
    for (const AddedToken& token : settings_.numbered) add_numbered(token);
    for (const AddedToken& token : settings_.unnumbered) add_unnumbered(token);
    add_specials();
    find_sentinels();
    return std::move(table_);
  }

 private:
  bool has_room_for(std::int64_t size) const { return rules_.vocabulary == 0 || size <= rules_.vocabulary; }

  std::int32_t id_of(const std::string& text) const {
    const AddedToken* token = table_.added.of_text(text);
    return token != nullptr ? token->id : model_.id_of(text);
  }

  int wanted_sentinels() const {
    if (!rules_.appends_sentinels) return 0;
    if (settings_.given) return settings_.extra_ids.value_or(rules_.sentinels);
    const bool own =
        model_.id_of(sentinel_text(0)) >= 0 || model_.id_of(std::string(kWordMark) + sentinel_text(0)) >= 0;
    return own ? 0 : rules_.sentinels;
  }

  void append_sentinels() {
    const int count = wanted_sentinels();
    if (!has_room_for(table_.size + count)) {
      table_.no_sentinels =
          fmt::format("the backbone's vocabulary of {} has no room for {} of them behind its {} pieces",
                      rules_.vocabulary, count, table_.size);
      return;
    }
    for (int k = 0; k < count; ++k) {
      AddedToken token;
      token.text = sentinel_text(k);
      token.id = static_cast<std::int32_t>(table_.size) + count - 1 - k;
      token.special = true;
      table_.added.add(token);
    }
    table_.size += count;
  }

  void append(AddedToken token) {
    require(has_room_for(table_.size + 1), "'{}': the added token '{}' has the id {}, but the backbone's ids end at {}",
            rules_.path, printable(token.text), table_.size, rules_.vocabulary - 1);
    token.id = static_cast<std::int32_t>(table_.size++);
    table_.added.add(std::move(token));
  }

  void add_numbered(const AddedToken& token) {
    const std::int32_t known = id_of(token.text);
    if (known < 0 && !table_.no_sentinels.empty() && is_sentinel(token.text)) return;
    require(known < 0 ? token.id == table_.size : token.id == known,
            "'{}': the added token '{}' is numbered {}, but comes out as {}; number added tokens behind the pieces, "
            "without gaps",
            rules_.path, printable(token.text), token.id, known < 0 ? table_.size : known);
    if (known < 0) {
      append(token);
    } else {
      table_.added.add(token);
    }
  }

  void add_unnumbered(AddedToken token) {
    const AddedToken* there = table_.added.of_text(token.text);
    const std::int32_t known = id_of(token.text);
    if (there != nullptr) return;
    if (known >= 0) {
      token.id = known;
      table_.added.add(std::move(token));
    } else if (table_.no_sentinels.empty() || !is_sentinel(token.text)) {
      append(std::move(token));
    }
  }

  // T5's three. A piece of theirs is one; what a folder names and the model has not is appended.
  void add_specials() {
    const auto special = [&](std::int32_t own, const std::string& name) -> std::int32_t {
      const std::int32_t named = id_of(name);
      AddedToken token;
      token.special = true;
      token.text = name;
      if (named < 0 && own >= 0) token.text = model_.piece(own);
      token.id = named >= 0 ? named : own;
      if (token.id < 0) {
        if (!settings_.given || !has_room_for(table_.size + 1)) return -1;
        token.id = static_cast<std::int32_t>(table_.size++);
      }
      const bool is_new = table_.added.of_text(token.text) == nullptr;
      if (is_new && (rules_.names_specials || token.id >= model_.size())) table_.added.add(token);
      return token.id;
    };
    table_.end_of_sequence = special(model_.end_of_sequence(), settings_.end_of_sequence);
    special(model_.unknown(), model_.piece(model_.unknown()));
    table_.pad = special(model_.pad(), settings_.pad);
  }

  void find_sentinels() {
    for (int k = 0;; ++k) {
      std::int32_t id = id_of(sentinel_text(k));
      if (id < 0) id = model_.id_of(std::string(kWordMark) + sentinel_text(k));  // as mT5's model has them
      if (id < 0) break;
      table_.sentinels.push_back(id);
      // A model's own sentinel is special, too, where no file says otherwise.
      const bool is_piece = table_.added.of_text(sentinel_text(k)) == nullptr && model_.id_of(sentinel_text(k)) >= 0;
      if (!settings_.given && rules_.names_specials && is_piece) {
        AddedToken token;
        token.text = sentinel_text(k);
        token.id = id;
        token.special = true;
        table_.added.add(token);
      }
    }
    if (table_.sentinels.empty() && table_.no_sentinels.empty()) table_.no_sentinels = "it has none";
  }

  const TextModel& model_;
  const TokenizerSettings& settings_;
  const TokenTableRules& rules_;
  TokenTable table_;
};

}  // namespace

TokenTable make_token_table(const TextModel& model, const TokenizerSettings& settings, const TokenTableRules& rules) {
  return Maker(model, settings, rules).made();
}

std::string description_of(const TokenTable& table, bool spaces_matter) {
  std::vector<std::string> rows;
  for (const AddedToken& token : table.added.all()) {
    rows.push_back(fmt::format("{} {:d}{:d}{:d}{:d} {}", token.id, spaces_matter && token.takes_space_before,
                               spaces_matter && token.takes_space_behind, token.only_whole_words,
                               spaces_matter && token.in_normalised_text, token.text));
  }
  std::sort(rows.begin(), rows.end());
  return fmt::format("{} {} {}\n{}\n", table.size, table.pad, table.end_of_sequence, fmt::join(rows, "\n"));
}

}  // namespace prelude
