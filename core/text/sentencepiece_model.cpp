#include "core/text/sentencepiece_model.h"

#include <sentencepiece_model.pb.h>
#include <sentencepiece_processor.h>

#include <cmath>
#include <limits>
#include <unordered_set>
#include <utility>

#include "core/error.h"
#include "core/io/shallow_json.h"

namespace prelude {
namespace {

using sentencepiece::ModelProto;
using Piece = ModelProto::SentencePiece;

constexpr std::size_t kMostPieceBytes = 1 << 16;
constexpr int kNoLogLevel = 100;  // above what is fatal

// Refuses what the library would only find later, or end the program for. Returns the unknown piece's id.
std::int32_t check(const ModelProto& proto, const std::string& path) {
  require(proto.pieces_size() > 0, "'{}' is a SentencePiece model without pieces", path);
  std::unordered_set<std::string_view> seen;
  int unknowns = 0;
  std::int32_t unknown = -1;
  for (int id = 0; id < proto.pieces_size(); ++id) {
    const Piece& piece = proto.pieces(id);
    require(!piece.piece().empty(), "'{}': piece {} is empty", path, id);
    require(piece.piece().size() <= kMostPieceBytes, "'{}': piece {} has {} bytes; at most {} can be", path, id,
            piece.piece().size(), kMostPieceBytes);
    require(seen.insert(piece.piece()).second, "'{}': the piece '{}' stands twice", path, printable(piece.piece()));
    require(std::isfinite(piece.score()), "'{}': the score of piece {} is {}, which is no number", path, id,
            piece.score());
    if (piece.type() != Piece::UNKNOWN) continue;
    unknown = id;
    ++unknowns;
  }
  require(unknowns == 1, "'{}' has {} unknown pieces, but a SentencePiece model has one", path, unknowns);
  return unknown;
}

}  // namespace

void silence_sentencepiece() {
  static const bool done = [] {
    sentencepiece::SetMinLogLevel(kNoLogLevel);
    google::protobuf::SetLogHandler(nullptr);
    return true;
  }();
  static_cast<void>(done);
}

SentencePieceModel::SentencePieceModel(std::string_view bytes, std::string path)
    : path_(std::move(path)), processor_(std::make_unique<sentencepiece::SentencePieceProcessor>()) {
  silence_sentencepiece();
  auto proto = std::make_unique<ModelProto>();
  require(bytes.size() < std::numeric_limits<int>::max() &&
              proto->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())),
          "'{}' is no SentencePiece model, or a damaged one; give the spiece.model of the backbone", path_);
  unknown_ = check(*proto, path_);
  require(processor_->Load(std::move(proto)).ok(),
          "'{}' is a SentencePiece model that contradicts itself, and cannot be loaded; give the backbone's own",
          path_);
}

SentencePieceModel::SentencePieceModel(SentencePieceModel&&) noexcept = default;
SentencePieceModel& SentencePieceModel::operator=(SentencePieceModel&&) noexcept = default;
SentencePieceModel::~SentencePieceModel() = default;

void SentencePieceModel::encode(std::string_view text, std::vector<std::int32_t>& ids) const {
  std::vector<int> found;
  require(processor_->Encode(text, &found).ok(), "'{}': the model is damaged, it cannot encode '{}'", path_,
          printable(text));
  ids.insert(ids.end(), found.begin(), found.end());
}

std::string SentencePieceModel::decode(std::span<const std::int32_t> ids) const {
  std::string text;
  require(processor_->Decode(absl::MakeConstSpan(ids.data(), ids.size()), &text).ok(),
          "'{}': the model is damaged, it cannot decode", path_);
  return text;
}

std::string SentencePieceModel::normalise(std::string_view text) const { return processor_->Normalize(text); }

std::int32_t SentencePieceModel::pieces() const { return processor_->GetPieceSize(); }
const std::string& SentencePieceModel::piece(std::int32_t id) const { return proto().pieces(id).piece(); }
float SentencePieceModel::score(std::int32_t id) const { return proto().pieces(id).score(); }

PieceKind SentencePieceModel::kind(std::int32_t id) const {
  switch (proto().pieces(id).type()) {
    case Piece::UNKNOWN:
      return PieceKind::unknown;
    case Piece::CONTROL:
      return PieceKind::control;
    case Piece::USER_DEFINED:
      return PieceKind::user_defined;
    case Piece::BYTE:
      return PieceKind::byte;
    case Piece::UNUSED:
      return PieceKind::unused;
    default:
      return PieceKind::normal;
  }
}

// The library answers "unknown" for what it has not.
std::int32_t SentencePieceModel::id_of(std::string_view piece) const {
  if (piece.empty()) return -1;
  const int id = processor_->PieceToId(piece);
  return id >= 0 && id < pieces() && this->piece(id) == piece ? id : -1;
}

std::int32_t SentencePieceModel::pad() const { return processor_->pad_id(); }
std::int32_t SentencePieceModel::end_of_sequence() const { return processor_->eos_id(); }

bool SentencePieceModel::drops_first_space() const {
  return proto().normalizer_spec().add_dummy_prefix() || proto().normalizer_spec().remove_extra_whitespaces();
}

bool SentencePieceModel::removes_outer_spaces() const { return proto().normalizer_spec().remove_extra_whitespaces(); }

const ModelProto& SentencePieceModel::proto() const { return processor_->model_proto(); }

}  // namespace prelude
