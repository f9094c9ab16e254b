#include "core/io/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/shallow_json.h"

namespace prelude {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");

constexpr std::uint64_t longest_header = 1U << 24U;  // T5-XXL's has 60 kB
constexpr int header_depth = 4;

struct TypeRow {
  TensorType type;
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array<TypeRow, 10> types = {{{TensorType::f64, "F64", 8},
                                            {TensorType::f32, "F32", 4},
                                            {TensorType::f16, "F16", 2},
                                            {TensorType::bf16, "BF16", 2},
                                            {TensorType::i64, "I64", 8},
                                            {TensorType::i32, "I32", 4},
                                            {TensorType::i16, "I16", 2},
                                            {TensorType::i8, "I8", 1},
                                            {TensorType::u8, "U8", 1},
                                            {TensorType::boolean, "BOOL", 1}}};

const TypeRow& row_of(TensorType type) { return types[static_cast<std::size_t>(type)]; }

TensorType parse_type(const json& value, const std::string& where) {
  require(value.is_string(), "{}: \"dtype\" must be a string", where);
  const std::string name = value.get<std::string>();
  const auto* row = std::find_if(types.begin(), types.end(), [&](const TypeRow& r) { return r.name == name; });
  require(row != types.end(), "{}: dtype \"{}\" is not supported", where, printable(name));
  return row->type;
}

std::vector<std::int64_t> parse_shape(const json& value, const std::string& where) {
  require(value.is_array() && value.size() <= 8, "{}: \"shape\" must be a list of at most 8 sizes", where);
  std::vector<std::int64_t> shape;
  for (const json& size : value) {
    require(size.is_number_unsigned() && size.get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX),
            "{}: \"shape\" holds {}; expected sizes of at least 0", where, printable(size.dump()));
    shape.push_back(static_cast<std::int64_t>(size.get<std::uint64_t>()));
  }
  return shape;
}

// Bytes of a tensor; nothing where they overflow.
std::optional<std::uint64_t> checked_bytes(TensorType type, const std::vector<std::int64_t>& shape) {
  std::uint64_t bytes = bytes_of(type);
  for (const std::int64_t size : shape) {
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(size), &bytes)) return std::nullopt;
  }
  return bytes;
}

// data_offsets [begin, end) relative to the end of the header.
std::pair<std::uint64_t, std::uint64_t> parse_offsets(const json& value, std::uint64_t size, const std::string& where) {
  require(value.is_array() && value.size() == 2 && value[0].is_number_unsigned() && value[1].is_number_unsigned(),
          "{}: \"data_offsets\" must be two byte positions", where);
  const auto begin = value[0].get<std::uint64_t>();
  const auto end = value[1].get<std::uint64_t>();
  require(begin <= end && end <= size,
          "{}: \"data_offsets\" [{}, {}] lie outside the {} bytes of data; is it truncated?", where, begin, end, size);
  return {begin, end};
}

TensorBytes parse_tensor(const std::string& path, const std::string& name, const json& entry,
                         std::span<const std::byte> data) {
  const std::string where = fmt::format("{}: tensor \"{}\"", path, printable(name));
  require(entry.is_object() && entry.size() == 3 && entry.contains("dtype") && entry.contains("shape") &&
              entry.contains("data_offsets"),
          "{}: expected exactly dtype, shape and data_offsets", where);
  TensorBytes tensor{name, parse_type(entry["dtype"], where), parse_shape(entry["shape"], where), {}};
  const auto [begin, end] = parse_offsets(entry["data_offsets"], data.size(), where);
  const std::optional<std::uint64_t> bytes = checked_bytes(tensor.type, tensor.shape);
  require(bytes == end - begin, "{}: {} [{}] does not take {} bytes", where, name_of(tensor.type),
          fmt::join(tensor.shape, ","), end - begin);
  tensor.bytes = data.subspan(begin, end - begin);
  return tensor;
}

std::map<std::string, std::string> parse_metadata(const std::string& path, const json& value) {
  require(value.is_object(), "{}: __metadata__ must be an object of strings", path);
  std::map<std::string, std::string> metadata;
  for (const auto& [key, text] : value.items()) {
    require(text.is_string(), "{}: __metadata__ must be an object of strings", path);
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

void check_without_holes(const std::string& path, const std::vector<TensorBytes>& sorted,
                         std::span<const std::byte> data) {
  const std::byte* at = data.data();
  for (const TensorBytes& tensor : sorted) {
    require(tensor.bytes.data() == at, "{}: tensor \"{}\" {} the one before it", path, printable(tensor.name),
            tensor.bytes.data() < at ? "overlaps" : "leaves a hole after");
    at += tensor.bytes.size();
  }
  require(at == data.data() + data.size(), "{}: {} bytes after the last tensor; the file is damaged", path,
          data.data() + data.size() - at);
}

}  // namespace

std::string_view name_of(TensorType type) { return row_of(type).name; }
std::size_t bytes_of(TensorType type) { return row_of(type).bytes; }

SafetensorsFile::SafetensorsFile(const std::string& path)
    : mapping_(std::make_shared<const MappedFile>(MappedFile::open(path))) {
  const std::span<const std::byte> file(mapping_->data(), mapping_->size());
  std::uint64_t length = 0;
  require(file.size() >= sizeof length, "{}: {} bytes are too few for a safetensors file", path, file.size());
  std::memcpy(&length, file.data(), sizeof length);
  require(length <= longest_header, "{}: header of {} bytes; not a safetensors file (at most {})", path, length,
          longest_header);
  require(length <= file.size() - sizeof length, "{}: truncated: the header alone has {} bytes, the file {}", path,
          length, file.size());
  const json header = parse_shallow_object(path, mapping_->text().substr(sizeof length, length), header_depth);
  const std::span<const std::byte> data = file.subspan(sizeof length + length);
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      metadata_ = parse_metadata(path, entry);
    } else {
      tensors_.push_back(parse_tensor(path, name, entry, data));
    }
  }
  // Empty tensors come before the one that starts at the same byte.
  std::sort(tensors_.begin(), tensors_.end(), [](const TensorBytes& a, const TensorBytes& b) {
    return std::pair(a.bytes.data(), a.bytes.size()) < std::pair(b.bytes.data(), b.bytes.size());
  });
  check_without_holes(path, tensors_, data);
  for (std::size_t i = 0; i < tensors_.size(); ++i) by_name_[tensors_[i].name] = i;
}

const TensorBytes* SafetensorsFile::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &tensors_[found->second];
}

StoredTensor find_tensor(std::span<const SafetensorsFile> files, const std::string& name) {
  for (const SafetensorsFile& file : files) {
    if (const TensorBytes* bytes = file.find(name)) return {&file, bytes};
  }
  for (const SafetensorsFile& file : files) {
    const auto other = file.metadata().find(name);
    if (other == file.metadata().end()) continue;
    if (const TensorBytes* bytes = file.find(other->second)) return {&file, bytes};
  }
  return {};
}

void write_safetensors(const std::string& path, std::span<const TensorBytes> tensors,
                       const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header;
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const TensorBytes& tensor : tensors) {
    ensure(checked_bytes(tensor.type, tensor.shape) == tensor.bytes.size(), "tensor {} [{}] holds {} bytes",
           tensor.name, fmt::join(tensor.shape, ","), tensor.bytes.size());
    ensure(!header.contains(tensor.name), "tensor {} is given twice", tensor.name);
    header[tensor.name] = {{"dtype", name_of(tensor.type)},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + tensor.bytes.size()}}};
    offset += tensor.bytes.size();
  }
  std::string text = header.empty() ? "{}" : header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the data begin aligned
  const std::uint64_t length = text.size();
  AtomicFile file(path);
  file.write(&length, sizeof length);
  file.write(text);
  for (const TensorBytes& tensor : tensors) file.write(tensor.bytes.data(), tensor.bytes.size());
  file.commit();
}

}  // namespace prelude
