#include "core/io/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

namespace prelude {
namespace {

void sync_folder_of(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const std::string folder = parent.empty() ? std::string(".") : parent.string();
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) fail_system("open the folder", folder);
  // Some network file systems cannot sync a folder (EINVAL); the rename itself is all that they offer.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) fail_system("sync the folder", folder);
}

void rename_and_sync(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) fail_system("write", to);
  sync_folder_of(to);
}

}  // namespace

std::string temporary_name(const std::string& path) { return path + ".tmp"; }

AtomicFile::AtomicFile(std::string path)
    : path_(std::move(path)),
      temporary_(temporary_name(path_)),
      fd_(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
  if (fd_.get() < 0) fail_system("write", path_);
}

AtomicFile::~AtomicFile() {
  if (fd_.get() >= 0) ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, std::size_t size) {
  const char* next = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(fd_.get(), next, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_system("write", path_);
    next += written;
    size -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::commit() {
  if (::fsync(fd_.get()) != 0) fail_system("write", path_);
  rename_and_sync(temporary_, path_);
  fd_.reset();
}

void write_file_atomically(const std::string& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

void seal_file(const std::string& path) {
  const std::string temporary = temporary_name(path);
  const UniqueFd fd(::open(temporary.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) fail_system("write", path);
  rename_and_sync(temporary, path);
}

}  // namespace prelude
