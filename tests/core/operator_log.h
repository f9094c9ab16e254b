// The sequence of operators that the dispatcher ran in this thread.
#pragma once

#include <ATen/record_function.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace prelude::test {

class OperatorLog {
 public:
  explicit OperatorLog(const std::function<void()>& body) {
    names().clear();
    const at::CallbackHandle handle = at::addThreadLocalCallback(
        at::RecordFunctionCallback([](const at::RecordFunction& function) -> std::unique_ptr<at::ObserverContext> {
          names().emplace_back(function.name());
          return nullptr;
        }).scopes({at::RecordScope::FUNCTION}));
    body();
    at::removeCallback(handle);
    names_ = names();
  }

  const std::vector<std::string>& all() const { return names_; }
  std::int64_t count(const std::string& name) const { return std::count(names_.begin(), names_.end(), name); }

 private:
  static std::vector<std::string>& names() {
    thread_local std::vector<std::string> list;
    return list;
  }

  std::vector<std::string> names_;
};

}  // namespace prelude::test
