#include "tests/launch/program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>

#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

void redirect(const std::string& path, int to) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd < 0 || ::dup2(fd, to) < 0) ::_exit(125);
}

}  // namespace

RunningProgram::RunningProgram(const std::vector<std::string>& arguments)
    : RunningProgram(PRELUDE_PROGRAM, arguments) {}

RunningProgram::RunningProgram(const std::string& program, const std::vector<std::string>& arguments) {
  outputs_ = (std::filesystem::temp_directory_path() / "prelude-program-XXXXXX").string();
  if (::mkdtemp(outputs_.data()) == nullptr) throw std::runtime_error("cannot make " + outputs_);
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  child_ = ::fork();
  if (child_ < 0) throw std::runtime_error("cannot fork");
  if (child_ > 0) return;
  redirect(outputs_ + "/output", STDOUT_FILENO);
  redirect(outputs_ + "/errors", STDERR_FILENO);
  ::execvp(program.c_str(), pointers.data());
  ::_exit(126);
}

RunningProgram::~RunningProgram() {
  if (running()) {
    send(SIGKILL);
    ::waitpid(child_, &status_, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(outputs_, ignored);
}

void RunningProgram::send(int signal) const { ::kill(child_, signal); }

bool RunningProgram::running() {
  if (!ended_ && ::waitpid(child_, &status_, WNOHANG) == child_) ended_ = true;
  return !ended_;
}

ProgramResult RunningProgram::wait() {
  if (!ended_) ::waitpid(child_, &status_, 0);
  ended_ = true;
  constexpr int signalled = 128;
  const int code = WIFEXITED(status_) ? WEXITSTATUS(status_) : signalled + WTERMSIG(status_);
  return {code, read_file(outputs_ + "/output"), read_file(outputs_ + "/errors")};
}

ProgramResult run_program(const std::vector<std::string>& arguments) { return RunningProgram(arguments).wait(); }

}  // namespace prelude::test
