#include "tests/io_faults/every_fault.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "core/error.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

namespace fs = std::filesystem;

constexpr int kThrewAnother = 3;

// Runs `action` in a child with `fault`; what it threw goes to the file `message`.
bool run_apart(const std::string& folder, const std::string& log, const std::string& message, const IoFault& fault,
               const std::function<void()>& action) {
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 0;
    start_io_faults(folder, log, fault);
    try {
      action();
      stop_io_faults();
    } catch (const UserError& error) {
      stop_io_faults();
      write_file(message, error.what());
    } catch (...) {
      code = kThrewAnother;
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

using Files = std::map<std::string, std::string>;

// The bytes of every file below `folder`, by relative path.
Files files_below(const std::string& folder) {
  Files files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files[fs::relative(entry.path(), folder)] = read_file(entry.path());
  }
  return files;
}

bool is_one_of(const Files& files, const std::string& name, const std::string& bytes) {
  const auto found = files.find(name);
  return found != files.end() && found->second == bytes;
}

bool writes_bytes(const IoCall& call) { return call.name.find("write") != std::string::npos; }
bool names_an_error(const std::string& error) { return error != "short" && error != "lost"; }

}  // namespace

std::vector<IoCall> calls_of(const std::string& folder, const std::function<void()>& action) {
  const TemporaryFolder elsewhere;
  EXPECT_TRUE(run_apart(folder, elsewhere / "log", elsewhere / "message", {{}, 0, ""}, action));
  EXPECT_EQ(read_file(elsewhere / "message"), "");
  return read_io_log(elsewhere / "log");
}

void for_each_fault(const std::string& folder, const std::function<void()>& prepare,
                    const std::function<void()>& action, const std::function<void(const FaultOutcome&)>& check) {
  prepare();
  std::map<IoCall, int> turns;
  for (const IoCall& call : calls_of(folder, action)) {
    const int turn = ++turns[call];
    for (const char* error : {"EIO", "ENOSPC", "EDQUOT", "short", "lost"}) {
      if (!names_an_error(error) && !writes_bytes(call)) continue;
      const TemporaryFolder elsewhere;
      prepare();
      FaultOutcome outcome{{call, turn, error}, "", true};
      outcome.ended = run_apart(folder, elsewhere / "log", elsewhere / "message", outcome.fault, action);
      outcome.message = read_file(elsewhere / "message");
      const testing::ScopedTrace trace(__FILE__, __LINE__,
                                       call.name + " of " + call.path + " for the " + std::to_string(turn) +
                                           ". time: " + error + ": " + outcome.message);
      EXPECT_EQ(read_io_log(elsewhere / "log", true).size(), 1U) << "the fault did not happen";
      EXPECT_TRUE(outcome.ended) << "a crash, or an exception of another kind";
      check(outcome);
    }
  }
}

void expect_every_fault_noticed(const std::string& folder, const std::function<void()>& prepare,
                                const std::function<void()>& action, const std::function<bool()>& right) {
  prepare();
  const Files before = files_below(folder);
  calls_of(folder, action);
  const Files after = files_below(folder);
  int told = 0;
  for_each_fault(folder, prepare, action, [&](const FaultOutcome& outcome) {
    const Files left = files_below(folder);
    if (outcome.message.empty()) {
      EXPECT_TRUE(left == after || (right && right())) << "another result, and no word";
      return;
    }
    ++told;
    EXPECT_NE(outcome.message.find(folder), std::string::npos) << "no path is named";
    for (const auto& [name, bytes] : left) {
      EXPECT_TRUE(is_one_of(before, name, bytes) || is_one_of(after, name, bytes)) << name << " is neither old nor new";
    }
    for (const auto& [name, bytes] : before) {
      EXPECT_TRUE(left.contains(name) || !after.contains(name)) << name << " is lost";
    }
  });
  EXPECT_GT(told, 0);
}

}  // namespace prelude::test
