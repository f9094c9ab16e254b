#pragma once

#include <stdexcept>

namespace prelude {

// A collective that failed, or that the other ranks did not come to in time. The job cannot go on: main prints the line
// and ends it on every rank.
class CollectiveError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace prelude
