#pragma once

#include <exception>
#include <stdexcept>

namespace prelude {

// A collective that failed, or that the other ranks did not come to in time. The job cannot go on: main prints the line
// and ends it on every rank.
class CollectiveError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Says to the destructor of what holds it whether an exception that came later is on its way. Then the other ranks may
// never come, and nothing is waited for: neither they nor a device in whose queue a collective stands.
class Unwinding {
 public:
  explicit operator bool() const noexcept { return std::uncaught_exceptions() > at_birth_; }

 private:
  int at_birth_ = std::uncaught_exceptions();
};

}  // namespace prelude
