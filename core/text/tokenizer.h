// T5's tokenizer: a SentencePiece model or a tokenizer.json, and the tokens beside it, sentinels <extra_id_k> first of
// all.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace prelude {

class Tokenizer {
 public:
  // Reads a SentencePiece model, a tokenizer.json, or a folder with either and with the files that transformers keeps
  // beside it (tokenizer_config.json, special_tokens_map.json, added_tokens.json). `vocabulary_size` is the backbone's
  // (config.json, it may be larger than pieces and sentinels); 0: any. `sentinels`: how many stand behind the pieces
  // where neither the model holds <extra_id_k> nor the folder says. Throws UserError where a file is missing, is no
  // such file, asks for what is not known here (by name), or is larger than the vocabulary.
  static Tokenizer load(const std::string& path, std::int64_t vocabulary_size = 0, int sentinels = 100);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // Ids of `text`; no </s> is added. The literal text "<extra_id_3>" inside, or of an added token, becomes that one id;
  // so do "</s>", "<pad>" and "<unk>" of a folder or a tokenizer.json, as with transformers, but not of a SentencePiece
  // model alone, whose library never makes them of text. Between them a SentencePiece model gives the library's ids, a
  // tokenizer.json those of Hugging Face's tokenizers. `text` is valid UTF-8. Safe to call from several threads.
  std::vector<std::int32_t> encode(std::string_view text) const;
  // A file alone: as SentencePiece decodes, control pieces are left out. A folder: as transformers, special tokens are
  // written out.
  std::string decode(const std::vector<std::int32_t>& ids) const;

  // The text of one id, sentinels included; "<unused_ID>" above them.
  std::string piece(std::int32_t id) const;
  // The id of a piece written exactly, e.g. "A" (no word mark) or "\u2581yes"; -1 if there is none.
  std::int32_t id_of_piece(std::string_view piece) const;
  // The id of <extra_id_k>. Throws UserError if the tokenizer has fewer sentinels.
  std::int32_t sentinel(int k) const;
  int sentinels() const;
  // Throw UserError where the tokenizer has none.
  std::int32_t pad() const;
  std::int32_t end_of_sequence() const;
  std::int32_t unknown() const;
  // Pieces, sentinels and added tokens; the vocabulary that a corpus is stored under.
  std::int64_t size() const;
  // What a corpus and a run are bound to, in hex: SHA-256 of the model file; where files beside it change ids, of it
  // and the added tokens.
  const std::string& sha256() const;

 private:
  struct Parts;
  explicit Tokenizer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace prelude
