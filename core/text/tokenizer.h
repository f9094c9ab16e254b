// T5's SentencePiece tokenizer, with the sentinels <extra_id_k> that the model file itself does not hold.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace prelude {

class Tokenizer {
 public:
  // Reads a SentencePiece model. `vocabulary_size` is the backbone's (config.json, it may be larger than pieces +
  // sentinels); 0: pieces + `sentinels`. A model that already holds <extra_id_k> pieces uses those.
  // Throws UserError where the file is missing, no SentencePiece model, or larger than the vocabulary.
  static Tokenizer load(const std::string& path, std::int64_t vocabulary_size = 0, int sentinels = 100);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // Ids of `text` as Hugging Face's slow T5Tokenizer gives them without special tokens: no </s> is added; the literal
  // text "<extra_id_3>" or "</s>" inside becomes that one id. `text` is valid UTF-8. Safe to call from several threads.
  std::vector<std::int32_t> encode(std::string_view text) const;
  std::string decode(const std::vector<std::int32_t>& ids) const;

  // The text of one id, sentinels included; "<unused_ID>" above them.
  std::string piece(std::int32_t id) const;
  // The id of a piece written exactly, e.g. "A" (no word mark) or "\u2581yes"; -1 if there is none.
  std::int32_t id_of_piece(std::string_view piece) const;
  // The id of <extra_id_k>. Throws UserError if the tokenizer has fewer sentinels.
  std::int32_t sentinel(int k) const;
  int sentinels() const;
  std::int32_t pad() const;
  std::int32_t end_of_sequence() const;
  std::int32_t unknown() const;
  // Pieces plus sentinels; the vocabulary that a corpus is stored under.
  std::int64_t size() const;
  // SHA-256 of the model file, in hex: what a corpus and a run are bound to.
  const std::string& sha256() const;

 private:
  struct Parts;
  explicit Tokenizer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace prelude
