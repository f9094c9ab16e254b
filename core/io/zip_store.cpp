#include "core/io/zip_store.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/error.h"

namespace prelude {
namespace {

constexpr std::uint32_t local_magic = 0x04034b50;
constexpr std::uint32_t directory_magic = 0x02014b50;
constexpr std::uint32_t end_magic = 0x06054b50;
constexpr std::size_t local_size = 30;
constexpr std::size_t directory_size = 46;
constexpr std::size_t end_size = 22;

// Little-endian numbers of a buffer whose bounds are checked at each read.
class Fields {
 public:
  Fields(std::string_view bytes, const std::string& path) : bytes_(bytes), path_(path) {}

  std::uint32_t u16(std::size_t at) const { return byte(at) | (byte(at + 1) << 8U); }
  std::uint32_t u32(std::size_t at) const { return u16(at) | (u16(at + 2) << 16U); }
  std::string_view slice(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) damaged();
    return bytes_.substr(at, size);
  }
  [[noreturn]] void damaged() const { fail("'{}' is a damaged or cut zip archive; copy or save it again", path_); }

 private:
  std::uint32_t byte(std::size_t at) const {
    if (at >= bytes_.size()) damaged();
    return static_cast<unsigned char>(bytes_[at]);
  }
  std::string_view bytes_;
  const std::string& path_;
};

// The end record is last but for a comment of at most 65,535 bytes.
std::size_t find_end_record(std::string_view archive, const Fields& fields) {
  if (archive.size() < end_size) fields.damaged();
  const std::size_t last = archive.size() - end_size;
  const std::size_t first = last - std::min<std::size_t>(last, 0xFFFF);
  for (std::size_t at = last + 1; at-- > first;) {
    if (fields.u32(at) == end_magic && fields.u16(at + 20) == archive.size() - at - end_size) return at;
  }
  fields.damaged();
}

std::uint32_t crc_of(std::string_view data) {
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size()));
}

void put(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xFFU);
}

}  // namespace

std::map<std::string, std::string_view> read_zip(std::string_view archive, const std::string& path) {
  const Fields fields(archive, path);
  const std::size_t end = find_end_record(archive, fields);
  const std::uint32_t entries = fields.u16(end + 10);
  require(entries <= 4096, "'{}' holds {} zip entries; a prompt has a handful", path, entries);
  std::size_t at = fields.u32(end + 16);
  std::size_t claimed = 0;  // by the entries; more than there is means that they overlap
  std::map<std::string, std::string_view> result;
  for (std::uint32_t entry = 0; entry < entries; ++entry) {
    if (fields.u32(at) != directory_magic) fields.damaged();
    const std::string name(fields.slice(at + directory_size, fields.u16(at + 28)));
    const std::uint32_t size = fields.u32(at + 24);
    const std::size_t local = fields.u32(at + 42);
    require((fields.u16(at + 8) & 1U) == 0 && fields.u16(at + 10) == 0 && fields.u32(at + 20) == size,
            "'{}': entry {} is compressed or encrypted, which torch.save never does; save it again", path,
            result.size());
    require(size != 0xFFFFFFFFU && local != 0xFFFFFFFFU, "'{}' needs zip64 (4 GiB and more); no prompt is that large",
            path);
    if (fields.u32(local) != local_magic) fields.damaged();
    const std::size_t data = local + local_size + fields.u16(local + 26) + fields.u16(local + 28);
    const std::string_view content = fields.slice(data, size);
    claimed += size;
    if (claimed > archive.size()) fields.damaged();
    if (crc_of(content) != fields.u32(at + 16) || !result.emplace(name, content).second) fields.damaged();
    at += directory_size + fields.u16(at + 28) + fields.u16(at + 30) + fields.u16(at + 32);
  }
  return result;
}

void ZipWriter::add(const std::string& name, std::string_view data) {
  ensure(data.size() < 0xFFFFFFFFU && archive_.size() < 0xFFFFFFFFU, "a zip entry of {} bytes", data.size());
  const std::size_t unpadded = archive_.size() + local_size + name.size() + 4;
  const std::size_t padding = (64 - unpadded % 64) % 64;
  const auto size = static_cast<std::uint32_t>(data.size());
  const auto offset = static_cast<std::uint32_t>(archive_.size());

  std::string common;          // the fields that both headers share
  put(common, 0, 2);           // version needed
  put(common, 0, 2);           // flags
  put(common, 0, 2);           // stored
  put(common, 0x00210000, 4);  // 1 January 1980, the earliest date there is
  put(common, crc_of(data), 4);
  put(common, size, 4);
  put(common, size, 4);
  put(common, static_cast<std::uint32_t>(name.size()), 2);

  put(archive_, local_magic, 4);
  archive_ += common;
  put(archive_, static_cast<std::uint32_t>(padding + 4), 2);
  archive_ += name;
  archive_ += "FB";  // the extra field that PyTorch pads with
  put(archive_, static_cast<std::uint32_t>(padding), 2);
  archive_.append(padding, 'Z');
  archive_ += data;

  put(directory_, directory_magic, 4);
  put(directory_, 0, 2);  // version made by
  directory_ += common;
  directory_.append(12, '\0');  // no extra field, comment, disk or attributes
  put(directory_, offset, 4);
  directory_ += name;
  ++entries_;
}

std::string ZipWriter::finish() {
  const auto offset = static_cast<std::uint32_t>(archive_.size());
  archive_ += directory_;
  put(archive_, end_magic, 4);
  put(archive_, 0, 4);  // disks
  put(archive_, entries_, 2);
  put(archive_, entries_, 2);
  put(archive_, static_cast<std::uint32_t>(directory_.size()), 4);
  put(archive_, offset, 4);
  put(archive_, 0, 2);  // comment
  return std::move(archive_);
}

}  // namespace prelude
