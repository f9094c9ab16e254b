#include "tests/io_faults/io_faults.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string_view>

namespace prelude::test {
namespace {

constexpr std::size_t kLongest = 4096;
using Text = std::array<char, kLongest>;

// Plain arrays: calls come before main and after it, and from any thread.
struct State {
  std::atomic<bool> on{false};
  Text folder{};
  Text call{};
  Text path{};
  int log = -1;
  int turn = 0;
  int error = 0;  // 0: none, but `shortens` or `loses`
  bool shortens = false;
  bool loses = false;
  bool stays = false;
  std::atomic<int> seen{0};
};
State state;

void set(Text& text, const char* value) {
  std::snprintf(text.data(), text.size(), "%s", value == nullptr ? "" : value);
}

// `path` (of a file descriptor where it is null) relative to the folder; false where it is not below it.
bool relative(int fd, const char* path, Text& result) {
  Text whole{};
  if (path == nullptr) {
    std::array<char, 64> link{};
    std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
    if (::readlink(link.data(), whole.data(), whole.size() - 1) < 0) return false;
  } else if (path[0] == '/') {
    set(whole, path);
  } else {
    Text here{};
    if (::syscall(SYS_getcwd, here.data(), here.size()) < 0) return false;
    const int size = std::snprintf(whole.data(), whole.size(), "%s/%s", here.data(), path);
    if (size < 0 || static_cast<std::size_t>(size) >= whole.size()) return false;
  }
  const std::string_view folder(state.folder.data());
  std::string_view found(whole.data());
  if (!found.starts_with(folder)) return false;
  found.remove_prefix(folder.size());
  if (!found.empty() && found[0] != '/') return false;
  if (!found.empty()) found.remove_prefix(1);
  constexpr std::string_view events = "events.out.tfevents";
  if (const auto at = found.find(events); at != std::string_view::npos) found = found.substr(0, at + events.size());
  std::snprintf(result.data(), result.size(), "%.*s", static_cast<int>(found.size()),
                found.empty() ? "." : found.data());
  if (found.empty()) set(result, ".");
  return true;
}

void log(bool failed, const char* call, const Text& path) {
  std::array<char, kLongest + 64> line{};
  const int size = std::snprintf(line.data(), line.size(), "%s%s %s\n", failed ? "!" : "", call, path.data());
  if (state.log >= 0) ::syscall(SYS_write, state.log, line.data(), size);
}

enum class Verdict { pass, fail, shorten, lose };

// What becomes of this call; errno is set where it fails.
Verdict judge(const char* call, int fd, const char* path, bool writes_bytes = false) {
  const int before = errno;
  Text where{};
  if (!state.on || !relative(fd, path, where)) {
    errno = before;
    return Verdict::pass;
  }
  bool fails = false;
  if (state.turn > 0) {
    const bool meant = std::strcmp(call, state.call.data()) == 0 && where == state.path;
    const int seen = meant ? ++state.seen : state.seen.load();
    fails = (meant && seen == state.turn) || (state.stays && seen >= state.turn);
  }
  fails = fails && (state.error != 0 || writes_bytes);
  log(fails, call, where);
  errno = fails && state.error != 0 ? state.error : before;
  if (!fails) return Verdict::pass;
  if (state.loses) return Verdict::lose;
  return state.shortens ? Verdict::shorten : Verdict::fail;
}

bool writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY; }

int open_at(const char* call, int folder, const char* path, int flags, mode_t mode) {
  const bool counts = writes(flags) && (folder == AT_FDCWD || path[0] == '/');
  if (counts && judge(call, -1, path) == Verdict::fail) return -1;
  return static_cast<int>(::syscall(SYS_openat, folder, path, flags, mode));
}

std::size_t shortened(std::size_t size) { return size < 2 ? size : size / 2; }

int error_named(std::string_view name) {
  if (name == "ENOSPC") return ENOSPC;
  if (name == "EDQUOT") return EDQUOT;
  if (name == "EIO") return EIO;
  return 0;
}

void start(const char* folder, const char* path_of_log, const char* call, const char* path, int turn, const char* error,
           bool stays) {
  state.on = false;
  set(state.folder, folder);
  set(state.call, call);
  set(state.path, path);
  if (state.log >= 0) ::syscall(SYS_close, state.log);
  state.log =
      static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path_of_log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  state.turn = turn;
  state.error = error_named(error);
  state.shortens = std::strcmp(error, "short") == 0;
  state.loses = std::strcmp(error, "lost") == 0;
  state.stays = stays;
  state.seen = 0;
  state.on = true;
}

__attribute__((constructor)) void start_by_environment() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  if (*variable("IO_FAULTS_FOLDER") == '\0') return;
  const char* rank = variable("IO_FAULTS_RANK");
  if (*rank != '\0' && std::strcmp(rank, variable("OMPI_COMM_WORLD_RANK")) != 0) return;
  start(variable("IO_FAULTS_FOLDER"), variable("IO_FAULTS_LOG"), variable("IO_FAULTS_CALL"), variable("IO_FAULTS_PATH"),
        std::atoi(variable("IO_FAULTS_TURN")), variable("IO_FAULTS_ERROR"), *variable("IO_FAULTS_STAYS") != '\0');
}

}  // namespace

void start_io_faults(const std::string& folder, const std::string& log_path, const IoFault& fault) {
  start(folder.c_str(), log_path.c_str(), fault.call.name.c_str(), fault.call.path.c_str(), fault.turn,
        fault.error.c_str(), fault.stays);
}

void stop_io_faults() { state.on = false; }

std::vector<IoCall> read_io_log(const std::string& log_path, bool failed) {
  std::vector<IoCall> calls;
  std::ifstream file(log_path);
  for (std::string line; std::getline(file, line);) {
    const bool was_failed = line.starts_with("!");
    if (was_failed) line.erase(0, 1);
    const std::size_t blank = line.find(' ');
    if (was_failed || !failed) calls.push_back({line.substr(0, blank), line.substr(blank + 1)});
  }
  return calls;
}

}  // namespace prelude::test

// The C library's calls, by its names. What is not judged goes to the kernel as it is.
using prelude::test::judge;
using prelude::test::open_at;
using prelude::test::shortened;
using prelude::test::Verdict;

extern "C" {

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_at("open", AT_FDCWD, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_at("open", AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_at("open", folder, path, flags, mode);
}

int creat(const char* path, mode_t mode) { return open_at("open", AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

ssize_t write(int fd, const void* data, size_t size) {
  const Verdict verdict = judge("write", fd, nullptr, true);
  if (verdict == Verdict::fail) return -1;
  if (verdict == Verdict::lose) return static_cast<ssize_t>(size);
  return ::syscall(SYS_write, fd, data, verdict == Verdict::shorten ? shortened(size) : size);
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  const Verdict verdict = judge("pwrite", fd, nullptr, true);
  if (verdict == Verdict::fail) return -1;
  if (verdict == Verdict::lose) return static_cast<ssize_t>(size);
  return ::syscall(SYS_pwrite64, fd, data, verdict == Verdict::shorten ? shortened(size) : size, at);
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t at) { return pwrite(fd, data, size, at); }

ssize_t writev(int fd, const iovec* parts, int count) {
  const Verdict verdict = judge("writev", fd, nullptr, true);
  if (verdict == Verdict::fail) return -1;
  if (verdict != Verdict::pass) return ::syscall(SYS_write, fd, parts->iov_base, shortened(parts->iov_len));
  return ::syscall(SYS_writev, fd, parts, count);
}

ssize_t pwritev(int fd, const iovec* parts, int count, off_t at) {
  const Verdict verdict = judge("pwritev", fd, nullptr, true);
  if (verdict == Verdict::fail) return -1;
  if (verdict != Verdict::pass) return ::syscall(SYS_pwrite64, fd, parts->iov_base, shortened(parts->iov_len), at);
  return ::syscall(SYS_pwritev, fd, parts, count, at, 0);
}

int fsync(int fd) {
  if (judge("fsync", fd, nullptr) == Verdict::fail) return -1;
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

int fdatasync(int fd) {
  if (judge("fdatasync", fd, nullptr) == Verdict::fail) return -1;
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

int close(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  const bool fails = flags >= 0 && prelude::test::writes(flags) && judge("close", fd, nullptr) == Verdict::fail;
  const int cause = errno;
  const int closed = static_cast<int>(::syscall(SYS_close, fd));
  if (!fails) return closed;
  errno = cause;
  return -1;
}

int ftruncate(int fd, off_t size) {
  if (judge("ftruncate", fd, nullptr) == Verdict::fail) return -1;
  return static_cast<int>(::syscall(SYS_ftruncate, fd, size));
}

int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

ssize_t copy_file_range(int from, off64_t* from_at, int to, off64_t* to_at, size_t size, unsigned flags) {
  if (judge("copy_file_range", to, nullptr) == Verdict::fail) return -1;
  return ::syscall(SYS_copy_file_range, from, from_at, to, to_at, size, flags);
}

ssize_t sendfile(int to, int from, off_t* at, size_t size) {
  if (judge("sendfile", to, nullptr) == Verdict::fail) return -1;
  return ::syscall(SYS_sendfile, to, from, at, size);
}

int rename(const char* from, const char* to) {
  if (judge("rename", -1, to) == Verdict::fail) return -1;
  return static_cast<int>(::syscall(SYS_rename, from, to));
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  if (judge("rename", -1, to) == Verdict::fail) return -1;
  return static_cast<int>(::syscall(SYS_renameat2, from_folder, from, to_folder, to, flags));
}

int link(const char* from, const char* to) {
  if (judge("link", -1, to) == Verdict::fail) return -1;
  return static_cast<int>(::syscall(SYS_link, from, to));
}

int mkdir(const char* path, mode_t mode) {
  if (judge("mkdir", -1, path) == Verdict::fail) return -1;
  return static_cast<int>(::syscall(SYS_mkdir, path, mode));
}

}  // extern "C"
