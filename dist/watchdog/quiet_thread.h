#pragma once

#include <functional>
#include <memory>

namespace prelude {

// A thread beside the program's own: no signal comes to it, and the end of the program does not wait for it long.
class QuietThread {
 public:
  QuietThread() = default;
  // Runs `body` until the descriptor that it is given is readable. `body` holds what it needs, throws nothing; `name`
  // has at most 15 letters. Throws UserError where the system gives no descriptor.
  QuietThread(const char* name, std::function<void(int stop_fd)> body);
  QuietThread(const QuietThread&) = delete;
  QuietThread& operator=(const QuietThread&) = delete;
  QuietThread(QuietThread&&) = default;
  QuietThread& operator=(QuietThread&&) = delete;
  ~QuietThread() { leave(); }

  // Asks it to end and waits, at most 2 s: then it is left behind with what `body` holds. Again: nothing.
  void leave() noexcept;

 private:
  struct Running;
  std::shared_ptr<Running> running_;  // shared with the thread
};

}  // namespace prelude
