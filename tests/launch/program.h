// Runs the real program as a child process.
#pragma once

#include <string>
#include <vector>

namespace prelude::test {

struct ProgramResult {
  int code = 0;  // exit code; 128 + N where signal N ended it
  std::string output;
  std::string errors;
};

class RunningProgram {
 public:
  explicit RunningProgram(const std::vector<std::string>& arguments);
  // Another program (found on the PATH where it has no slash) than ours.
  RunningProgram(const std::string& program, const std::vector<std::string>& arguments);
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;
  ~RunningProgram();  // kills it if it still runs

  void send(int signal) const;
  bool running();
  int process() const { return child_; }
  // Once.
  ProgramResult wait();

 private:
  std::string outputs_;  // a folder with the child's two streams
  int child_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

ProgramResult run_program(const std::vector<std::string>& arguments);

}  // namespace prelude::test
