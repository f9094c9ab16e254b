#include "core/io/append_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "core/io/folders.h"

namespace prelude {

AppendFile::AppendFile(std::string path, Start start) : path_(std::move(path)) {
  const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (start == Start::must_be_new ? O_EXCL : 0);
  fd_ = UniqueFd(::open(path_.c_str(), flags, 0666));
  if (fd_.get() < 0) fail_system("write", path_);
  sync_folder(folder_of(path_));
}

void AppendFile::cut(std::uint64_t size) {
  if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) fail_system("write", path_);
}

void AppendFile::append(std::string_view bytes) { write_all(fd_.get(), bytes.data(), bytes.size(), path_); }

void AppendFile::sync() {
  if (::fdatasync(fd_.get()) != 0) fail_system("write", path_);
}

void AppendFile::close() {
  sync();
  close_written(std::move(fd_), path_);
}

}  // namespace prelude
