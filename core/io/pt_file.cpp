#include "core/io/pt_file.h"

#include <cstring>
#include <string_view>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/mapped_file.h"
#include "core/io/pickle.h"
#include "core/io/zip_store.h"

namespace prelude {
namespace {

// torch.save's marks before version 1.6: this number as a pickle, then version 1001, the machine's types, the object,
// the storages' keys, and each storage as its count and bytes.
constexpr std::string_view legacy_magic{"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.", 15};

// The one tensor that `value` is, or holds as a dictionary.
const PickleTensor& only_tensor(const PickleReader& pickle, PickleRef value, const std::string& path) {
  if (const auto* tensor = std::get_if<PickleTensor>(&pickle.at(value))) return *tensor;
  const auto& dict = pickle.as<PickleDict>(value);
  require(dict.items.size() == 1, "'{}' holds {} entries; save the prompt's tensor alone: torch.save(prompt, path)",
          path, dict.items.size());
  return pickle.as<PickleTensor>(dict.items[0].second);
}

// Elements of `tensor` out of its storage, row-major.
FloatArray gather(const PickleTensor& tensor, std::string_view storage, const std::string& path) {
  const std::size_t width = bytes_of(tensor.storage.type);
  const auto held = static_cast<std::int64_t>(storage.size() / width);
  require(tensor.storage.elements >= 0 && tensor.storage.elements == held && storage.size() % width == 0,
          "'{}' holds {} bytes of numbers where its pickle says {} {}; copy or save it again", path, storage.size(),
          tensor.storage.elements, name_of(tensor.storage.type));
  const std::int64_t count = elements_of(tensor.shape, path);
  require(count <= held, "'{}': the shape {} has more elements than the {} that it holds; save prompt.contiguous()",
          path, shape_text(tensor.shape), held);

  FloatArray array{tensor.storage.type, tensor.shape, {}};
  if (count == 0) return array;
  std::int64_t last = tensor.offset;
  require(last >= 0 && last < held, "'{}': its tensor starts outside its storage; the file is damaged", path);
  for (std::size_t d = 0; d < tensor.shape.size(); ++d) {
    const std::int64_t steps = tensor.shape[d] - 1;
    const std::int64_t stride = tensor.strides[d];
    require(stride >= 0 && (steps == 0 || stride <= (held - 1 - last) / steps),
            "'{}': its strides lead outside its storage; the file is damaged", path);
    last += steps * stride;
  }

  array.values.reserve(static_cast<std::size_t>(count));
  std::vector<std::int64_t> index(tensor.shape.size(), 0);
  const auto* bytes = reinterpret_cast<const std::byte*>(storage.data());
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t element = tensor.offset;
    for (std::size_t d = 0; d < index.size(); ++d) element += index[d] * tensor.strides[d];
    array.values.push_back(decode_float(tensor.storage.type, bytes + static_cast<std::size_t>(element) * width));
    for (std::size_t d = index.size(); d-- > 0;) {
      if (++index[d] < tensor.shape[d]) break;
      index[d] = 0;
    }
  }
  return array;
}

FloatArray read_zip_format(std::string_view bytes, const std::string& path) {
  const auto entries = read_zip(bytes, path);
  std::string root;
  for (const auto& [name, content] : entries) {
    if (name.ends_with("/data.pkl")) root = name.substr(0, name.size() - std::string_view("data.pkl").size());
  }
  require(!root.empty(), "'{}' is a zip archive but not a torch.save (no data.pkl inside)", path);
  const auto order = entries.find(root + "byteorder");
  require(order == entries.end() || order->second == "little", "'{}' was saved on a big-endian machine; save it again",
          path);
  PickleReader pickle(entries.at(root + "data.pkl"), path);
  const PickleTensor& tensor = only_tensor(pickle, pickle.load(), path);
  const auto storage = entries.find(root + "data/" + tensor.storage.key);
  require(storage != entries.end(), "'{}' lacks the numbers of its tensor; copy or save it again", path);
  return gather(tensor, storage->second, path);
}

FloatArray read_legacy_format(std::string_view bytes, const std::string& path) {
  PickleReader pickle(bytes.substr(legacy_magic.size()), path);
  require(pickle.as<std::int64_t>(pickle.load()) == 1001, "'{}' has an unknown version of the old .pt format", path);
  for (const auto& [key, value] : pickle.as<PickleDict>(pickle.load()).items) {
    require(pickle.as<std::string>(key) != "little_endian" || pickle.as<bool>(value),
            "'{}' was saved on a big-endian machine; save it again", path);
  }
  const PickleTensor tensor = only_tensor(pickle, pickle.load(), path);
  const PickleRef keys = pickle.load();
  std::string_view rest = bytes.substr(legacy_magic.size() + pickle.position());
  const auto& stored = pickle.as<PickleTuple>(keys).items;
  require(stored.size() == 1 && pickle.as<std::string>(stored[0]) == tensor.storage.key,
          "'{}' holds {} storages; save the prompt's tensor alone: torch.save(prompt, path)", path, stored.size());
  std::int64_t count = -1;
  if (rest.size() >= sizeof count) {
    std::memcpy(&count, rest.data(), sizeof count);
    rest.remove_prefix(sizeof count);
  }
  require(count == tensor.storage.elements, "'{}' is cut short or damaged; copy or save it again", path);
  return gather(tensor, rest, path);
}

// Protocol 2, as torch.save writes a contiguous float32 tensor of less than 2^31 elements a side.
class PickleWriter {
 public:
  PickleWriter& raw(std::string_view bytes) {
    out_ += bytes;
    return *this;
  }
  PickleWriter& text(std::string_view value) {
    out_ += 'X';
    return little(value.size(), 4).raw(value);
  }
  PickleWriter& integer(std::int64_t value) {
    out_ += "\x8a\x08";  // a long of 8 bytes
    return little(static_cast<std::uint64_t>(value), 8);
  }
  PickleWriter& integers(const std::vector<std::int64_t>& values) {
    out_ += '(';
    for (const std::int64_t value : values) integer(value);
    return raw("t");
  }
  const std::string& bytes() const { return out_; }

 private:
  PickleWriter& little(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out_ += static_cast<char>((value >> (8 * i)) & 0xFFU);
    return *this;
  }
  std::string out_;
};

std::string tensor_pickle(const std::vector<std::int64_t>& shape, std::int64_t count) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  PickleWriter pickle;
  pickle
      .raw(
          "\x80\x02"
          "ctorch._utils\n_rebuild_tensor_v2\n((")
      .text("storage")
      .raw("ctorch\nFloatStorage\n")
      .text("0")
      .text("cpu")
      .integer(count)
      .raw("tQ")
      .integer(0)
      .integers(shape)
      .integers(strides)
      .raw(
          "\x89"
          "ccollections\nOrderedDict\n)RtR.");
  return pickle.bytes();
}

}  // namespace

FloatArray read_pt(const std::string& path) {
  const MappedFile file = MappedFile::open(path);
  const std::string_view bytes = file.text();
  if (bytes.starts_with("PK\x03\x04")) return read_zip_format(bytes, path);
  if (bytes.starts_with(legacy_magic)) return read_legacy_format(bytes, path);
  fail("'{}' is no .pt file; make one with torch.save(prompt.cpu(), path)", path);
}

void write_pt(const std::string& path, const std::vector<std::int64_t>& shape, std::span<const float> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  ensure(elements_of(shape, path) == count, "{} numbers for the shape {}", count, shape_text(shape));
  ZipWriter zip;
  zip.add("prompt/data.pkl", tensor_pickle(shape, count));
  zip.add("prompt/byteorder", "little");
  zip.add("prompt/data/0", {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
  zip.add("prompt/version", "3\n");
  write_file_atomically(path, zip.finish());
}

}  // namespace prelude
