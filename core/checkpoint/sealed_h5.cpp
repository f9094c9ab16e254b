#include "core/checkpoint/sealed_h5.h"

#include <string_view>

#include "core/error.h"
#include "core/io/checksum.h"
#include "core/io/mapped_file.h"

namespace prelude {
namespace {

// The last bytes of the file, after HDF5's own end: this mark and the XXH3-128 (32 hex digits) of all bytes before it.
// HDF5 and its tools ignore what follows their end.
constexpr std::string_view trailer_mark = "\nprelude-xxh3 ";
constexpr std::size_t trailer_size = trailer_mark.size() + 32;

}  // namespace

void write_sealed_h5(const std::string& path, const std::function<void(h5::Writer&)>& fill) {
  h5::Writer file(path);
  fill(file);
  const h5::Writer::Contents contents = file.finish();
  file.commit(std::string(trailer_mark) + contents.xxh3_128);
}

void verify_seal(const std::string& path) {
  const MappedFile file = MappedFile::open(path);
  const std::string_view bytes = file.text();
  const bool marked =
      bytes.size() > trailer_size && bytes.substr(bytes.size() - trailer_size).starts_with(trailer_mark);
  require(marked, "'{}' is no checkpoint, or is cut short (its last {} bytes are no checksum)", path, trailer_size);
  const std::string_view content = bytes.substr(0, bytes.size() - trailer_size);
  require(bytes.substr(bytes.size() - 32) == xxh3_128(content.data(), content.size()),
          "'{}' is damaged: its bytes do not have the checksum that it ends with", path);
}

}  // namespace prelude
