#include "core/checkpoint/sealed_h5.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/io/atomic_file.h"
#include "core/io/checksum.h"
#include "core/io/mapped_file.h"
#include "core/io/posix.h"

namespace prelude {
namespace {

// The last bytes of the file, after HDF5's own end: this mark and the XXH3-128 (32 hex digits) of all bytes before it.
// HDF5 and its tools ignore what follows their end.
constexpr std::string_view trailer_mark = "\nprelude-xxh3 ";
constexpr std::size_t trailer_size = trailer_mark.size() + 32;

class RemoveOnFailure {
 public:
  explicit RemoveOnFailure(std::string path) : path_(std::move(path)) {}
  RemoveOnFailure(const RemoveOnFailure&) = delete;
  RemoveOnFailure& operator=(const RemoveOnFailure&) = delete;
  ~RemoveOnFailure() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  void keep() { path_.clear(); }

 private:
  std::string path_;
};

void append_trailer(const std::string& path, const std::string& shown_path) {
  const std::string trailer = std::string(trailer_mark) + xxh3_128_of_file(path);
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (fd.get() < 0) fail_system("write", shown_path);
  const ssize_t written = ::write(fd.get(), trailer.data(), trailer.size());
  if (written >= 0 && static_cast<std::size_t>(written) != trailer.size()) errno = ENOSPC;
  if (written != static_cast<ssize_t>(trailer.size())) fail_system("write", shown_path);
}

}  // namespace

void write_sealed_h5(const std::string& path, const std::function<void(h5::File&)>& fill) {
  const std::string temporary = temporary_name(path);
  RemoveOnFailure guard(temporary);
  h5::File file = h5::File::create(temporary);
  fill(file);
  file.close();
  append_trailer(temporary, path);
  seal_file(path);
  guard.keep();
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
