#pragma once

#include <functional>
#include <string>

#include "core/error.h"

namespace prelude::test {

// What the UserError that `action` throws says.
inline std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const UserError& error) {
    return error.what();
  }
  return "nothing thrown";
}

}  // namespace prelude::test
