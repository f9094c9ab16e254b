// The little of POSIX that several files need: an owned file descriptor, and a system call's failure as one line.
#pragma once

#include <cstddef>
#include <string>

namespace prelude {

// Owns a file descriptor; -1 owns nothing.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd() { reset(); }
  int get() const { return fd_; }
  int release();
  void reset();

 private:
  int fd_ = -1;
};

// Throws UserError "cannot ACTION 'PATH': strerror(errno)", with a hint where the cause is a full or read-only disk.
[[noreturn]] void fail_system(const char* action, const std::string& path);

// "; make room there or choose another folder" for the error numbers of a full or read-only disk; else empty.
const char* hint_for(int error_number);

// Writes all of `data`, in as many calls as it takes. Throws UserError with `path` and the system's reason.
void write_all(int fd, const void* data, std::size_t size, const std::string& path);

// Closes a file that was written: some file systems (NFS) say only now that a write has failed. Throws UserError with
// `path` and the system's reason.
void close_written(UniqueFd fd, const std::string& path);

// Opens a regular file for reading; every file that a user names is opened here. Throws UserError where `path` is
// missing or unreadable, where it is a folder, a pipe, a socket or a device (they may never end, and reading may take
// something away), and where a pointer of Git LFS stands in the file's place.
UniqueFd open_for_reading(const std::string& path);

// read(2) of up to `size` bytes into `data`, again where a signal came; 0: the end. Throws UserError naming `path`.
std::size_t read_some(const UniqueFd& fd, void* data, std::size_t size, const std::string& path);

}  // namespace prelude
