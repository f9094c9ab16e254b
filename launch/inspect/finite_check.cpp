#include "launch/inspect/finite_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>

#include "core/io/not_finite.h"
#include "core/io/read_ahead.h"
#include "core/io/shallow_json.h"
#include "core/ops/cpu/threads.h"

namespace prelude {
namespace {

constexpr std::size_t piece_bytes = std::size_t{16} << 20;

// A part of a tensor, and what is found there.
struct Piece {
  std::size_t tensor;
  std::size_t begin;  // bytes
  NotFiniteCount found = {};
};

}  // namespace

std::vector<std::string> not_finite_in(std::span<const TensorBytes> tensors) {
  std::vector<Piece> pieces;
  std::vector<std::span<const std::byte>> bytes;
  for (std::size_t t = 0; t < tensors.size(); ++t) {
    for (std::size_t begin = 0; begin < tensors[t].bytes.size(); begin += piece_bytes) {
      pieces.push_back({t, begin});
      bytes.push_back(tensors[t].bytes.subspan(begin, std::min(piece_bytes, tensors[t].bytes.size() - begin)));
    }
  }
  const ReadAhead ahead(bytes);
  std::atomic<std::size_t> next = 0;  // in the order in which they are read
  cpu::share_out(static_cast<std::int64_t>(pieces.size()), 1, [&](std::int64_t /*begin*/, std::int64_t /*end*/) {
    for (std::size_t i = next++; i < pieces.size(); i = next++) {
      pieces[i].found = count_not_finite(tensors[pieces[i].tensor].type, bytes[i]);
    }
  });
  std::vector<NotFiniteCount> counts(tensors.size());
  for (const Piece& piece : pieces) {
    counts[piece.tensor].append(piece.found,
                                static_cast<std::int64_t>(piece.begin / bytes_of(tensors[piece.tensor].type)));
  }
  std::vector<std::string> lines;
  for (std::size_t t = 0; t < tensors.size(); ++t) {
    if (!counts[t].any()) continue;
    lines.push_back(fmt::format("{}: {}", printable(tensors[t].name), text_of(counts[t], tensors[t].shape)));
  }
  return lines;
}

void set_validity(nlohmann::ordered_json& facts, const std::vector<std::string>& lines, const std::string& sound) {
  facts["validity"] = lines.empty() ? sound : "not sound: numbers are not finite";
  if (!lines.empty()) facts["not_finite"] = lines;
}

}  // namespace prelude
