#include "core/t5/identity.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"
#include "core/io/checksum.h"
#include "core/t5/weights.h"

namespace prelude {
namespace {

constexpr std::size_t piece_bytes = std::size_t{16} << 20;

const TensorBytes& stored(const std::vector<SafetensorsFile>& files, const std::string& name) {
  for (const SafetensorsFile& file : files) {
    if (const TensorBytes* bytes = file.find(name)) return *bytes;
  }
  throw InternalError(fmt::format("the backbone was loaded without its tensor {}", name));
}

}  // namespace

std::vector<std::string> piece_hashes(const std::vector<SafetensorsFile>& files, const T5Config& config, int part,
                                      int parts) {
  std::vector<std::string> pieces;
  const auto ours = [&] { return static_cast<int>(pieces.size() % static_cast<std::size_t>(parts)) == part; };
  const auto add = [&](const void* data, std::size_t size) {
    pieces.push_back(ours() ? xxh3_128(data, size) : std::string());
  };
  Weights names_only;
  for (const WeightSlot& slot : weight_slots(config, names_only)) {
    const TensorBytes& tensor = stored(files, slot.name);
    const std::string head = fmt::format("{}|{}|{}|", slot.name, name_of(tensor.type), fmt::join(tensor.shape, "x"));
    add(head.data(), head.size());
    for (std::size_t begin = 0; begin < tensor.bytes.size(); begin += piece_bytes) {
      add(tensor.bytes.data() + begin, std::min(piece_bytes, tensor.bytes.size() - begin));
    }
  }
  return pieces;
}

std::string identity_of(const std::vector<std::string>& pieces) {
  Xxh3 hash;
  for (const std::string& piece : pieces) hash.update(piece.data(), piece.size());
  return hash.hex();
}

}  // namespace prelude
