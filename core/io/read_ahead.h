// Reads parts of mapped files before they are used: a page that a program merely touches is read when it is touched,
// a few of its neighbours with it, and the disk idles in between.
#pragma once

#include <atomic>
#include <cstddef>
#include <span>
#include <thread>
#include <vector>

namespace prelude {

class ReadAhead {
 public:
  // Begins to read and map the pages of `parts`, in their order, in threads of its own, which mostly wait for the disk.
  // What is in memory already, of a file or not, costs next to nothing; what cannot be read fails where it is used. The
  // parts stay mapped while this lives.
  explicit ReadAhead(std::span<const std::span<const std::byte>> parts);
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  // What was not begun is left unread.
  ~ReadAhead();

 private:
  void run();

  std::vector<std::span<const std::byte>> pieces_;
  std::atomic<std::size_t> next_ = 0;
  std::vector<std::jthread> threads_;  // last: they are joined first
};

}  // namespace prelude
