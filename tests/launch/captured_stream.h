#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace prelude::test {

// A FILE whose text can be read back.
class CapturedStream {
 public:
  CapturedStream() : file_(open_memstream(&text_, &size_)) {}
  CapturedStream(const CapturedStream&) = delete;
  CapturedStream& operator=(const CapturedStream&) = delete;
  ~CapturedStream() {
    std::fclose(file_);
    std::free(text_);
  }
  std::FILE* file() { return file_; }
  std::string text() {
    std::fflush(file_);
    return {text_, size_};
  }

 private:
  char* text_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* file_;
};

}  // namespace prelude::test
