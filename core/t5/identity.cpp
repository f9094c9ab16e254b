#include "core/t5/identity.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <span>

#include "core/error.h"
#include "core/io/checksum.h"
#include "core/io/read_ahead.h"
#include "core/ops/cpu/threads.h"
#include "core/t5/weight_reader.h"
#include "core/t5/weights.h"

namespace prelude {
namespace {

constexpr std::size_t piece_bytes = std::size_t{16} << 20;

}  // namespace

std::vector<std::string> piece_hashes(const std::vector<SafetensorsFile>& files, const T5Config& config, int part,
                                      int parts) {
  std::list<std::string> heads;
  std::vector<std::span<const std::byte>> pieces;
  Weights names_only;
  for (const WeightSlot& slot : weight_slots(config, names_only)) {
    const TensorBytes* const found = find_weight(files, config, slot.name).bytes;
    ensure(found != nullptr, "the backbone was loaded without its tensor {}", slot.name);
    const TensorBytes& tensor = *found;
    const std::string& head =
        heads.emplace_back(fmt::format("{}|{}|{}|", slot.name, name_of(tensor.type), fmt::join(tensor.shape, "x")));
    pieces.push_back(std::as_bytes(std::span(head)));
    for (std::size_t begin = 0; begin < tensor.bytes.size(); begin += piece_bytes) {
      pieces.push_back(tensor.bytes.subspan(begin, std::min(piece_bytes, tensor.bytes.size() - begin)));
    }
  }
  std::vector<std::string> hashes(pieces.size());
  std::vector<std::span<const std::byte>> ours;
  for (auto i = static_cast<std::size_t>(part); i < pieces.size(); i += static_cast<std::size_t>(parts)) {
    ours.push_back(pieces[i]);
  }
  const ReadAhead ahead(ours);
  std::atomic<std::size_t> next = 0;  // in the order in which they are read
  cpu::share_out(static_cast<std::int64_t>(ours.size()), 1, [&](std::int64_t /*begin*/, std::int64_t /*end*/) {
    for (std::size_t i = next++; i < ours.size(); i = next++) {
      hashes[static_cast<std::size_t>(part) + i * static_cast<std::size_t>(parts)] =
          xxh3_128(ours[i].data(), ours[i].size());
    }
  });
  return hashes;
}

std::string identity_of(const std::vector<std::string>& pieces) {
  Xxh3 hash;
  for (const std::string& piece : pieces) hash.update(piece.data(), piece.size());
  return hash.hex();
}

}  // namespace prelude
