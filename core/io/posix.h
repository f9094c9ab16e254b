// The little of POSIX that several files need: an owned file descriptor, and a system call's failure as one line.
#pragma once

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

// Opens for reading; throws UserError where `path` is missing, unreadable or no regular file.
UniqueFd open_for_reading(const std::string& path);

}  // namespace prelude
