#include "tests/io_faults/command_faults.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "core/checkpoint/rank_checkpoint.h"
#include "core/io/atomic_file.h"
#include "core/io/checksum.h"
#include "tests/io_faults/io_faults.h"
#include "tests/launch/commands/run_metrics.h"
#include "tests/ranks/ranks.h"

namespace prelude::test {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;

nlohmann::json without_times(nlohmann::json value) {
  if (value.is_object()) {
    for (const char* name : {"seconds", "attempt"}) value.erase(name);
  }
  if (value.is_structured()) {
    for (auto& part : value) part = without_times(part);
  }
  return value;
}

// A rank's file without its attempt.
std::string content_of_rank_file(const std::string& path) {
  const RankCheckpoint checkpoint = read_rank_checkpoint(path);
  std::string content = checkpoint.loop_state + checkpoint.configuration;
  const auto add = [&](const at::Tensor& tensor) { content += xxh3_128(tensor.const_data_ptr(), tensor.nbytes()); };
  add(checkpoint.weights);
  for (const NamedTensor& part : checkpoint.optimizer) add(part.value);
  return content;
}

std::string content_of(const fs::path& path) {
  const std::string name = path.filename();
  if (name == "metrics.jsonl") {
    std::string text;
    for (const auto& line : lasting_metrics(path.parent_path())) text += line.dump() + "\n";
    return text;
  }
  if (name.starts_with("rank-") && path.extension() == ".h5") return content_of_rank_file(path);
  if (path.extension() == ".json") return without_times(nlohmann::json::parse(read_file(path))).dump();
  return read_file(path);
}

// What a command leaves for good, by relative path: without locks, logs and times, and of checkpoints the newest.
Files lasting_files(const std::string& folder) {
  const auto is_checkpoint = [](const fs::path& path) { return path.parent_path().filename() == "checkpoints"; };
  std::string newest;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (is_checkpoint(entry.path())) newest = std::max(newest, entry.path().string());
  }
  Files files;
  for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::recursive_directory_iterator(); ++entry) {
    const std::string name = entry->path().filename();
    const bool old = is_checkpoint(entry->path()) && entry->path() != newest;
    if (old && entry->is_directory()) entry.disable_recursion_pending();
    const bool passes = old || name == ".lock" || name == "log.txt" || name.starts_with("events.out.tfevents");
    if (entry->is_regular_file() && !passes) files[fs::relative(entry->path(), folder)] = content_of(entry->path());
  }
  return files;
}

std::string differences(const Files& found, const Files& expected) {
  std::string text;
  for (const auto& [name, content] : expected) {
    if (!found.contains(name)) text += name + " is missing; ";
    if (found.contains(name) && found.at(name) != content) text += name + " differs; ";
  }
  for (const auto& [name, content] : found) text += expected.contains(name) ? "" : name + " is there; ";
  return text;
}

std::string temporary_file_below(const std::string& folder) {
  if (!fs::exists(folder)) return "";
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().string().ends_with(unfinished_ending)) return entry.path();
  }
  return "";
}

class Faults {
 public:
  explicit Faults(const WritingCommand& command) : command_(command) {}

  void run() {
    fresh();
    const ProgramResult first = undisturbed();
    ASSERT_EQ(first.code, 0) << first.errors;
    expected_ = lasting_files(command_.folder);
    for (int rank = command_.ranks == 1 || is_set_to_all() ? 0 : 1; rank < command_.ranks; ++rank) run_rank(rank);
    EXPECT_GT(failed_, 0);
    std::printf("%d faults, %d of them told\n", happened_, failed_);
  }

 private:
  void fresh() const {
    fs::remove_all(command_.folder);
    if (command_.into_a_folder_that_is_there) fs::create_directory(command_.folder);
  }

  std::vector<std::string> words() const {
    std::vector<std::string> words = command_.arguments;
    if (command_.ranks > 1) {
      words = with_ranks(command_.ranks, words);
      words.insert(words.begin(), PRELUDE_MPIRUN);
    } else {
      words.insert(words.begin(), PRELUDE_PROGRAM);
    }
    return words;
  }
  ProgramResult undisturbed() const { return RunningProgram("env", words()).wait(); }

  ProgramResult disturbed(int rank, const IoFault& fault, const std::string& log) const {
    std::vector<std::string> all{"ASAN_OPTIONS=verify_asan_link_order=0",
                                 "LD_PRELOAD=" PRELUDE_IO_FAULTS_LIBRARY,
                                 "IO_FAULTS_FOLDER=" + command_.folder,
                                 "IO_FAULTS_LOG=" + log,
                                 "IO_FAULTS_CALL=" + fault.call.name,
                                 "IO_FAULTS_PATH=" + fault.call.path,
                                 "IO_FAULTS_TURN=" + std::to_string(fault.turn),
                                 "IO_FAULTS_ERROR=" + fault.error};
    if (command_.ranks > 1) all.push_back("IO_FAULTS_RANK=" + std::to_string(rank));
    const auto rest = words();
    all.insert(all.end(), rest.begin(), rest.end());
    return RunningProgram("env", all).wait();
  }

  void run_rank(int rank) {
    fresh();
    const std::string log = elsewhere_ / ("calls-" + std::to_string(rank));
    const ProgramResult counted = disturbed(rank, {{}, 0, ""}, log);
    ASSERT_EQ(counted.code, 0) << counted.errors;
    EXPECT_EQ(differences(lasting_files(command_.folder), expected_), "") << "two runs differ without a fault";
    const auto calls = read_io_log(log);
    for (const IoFault& fault : is_set_to_all() ? every_fault(calls) : sample(calls)) expect_noticed(rank, fault);
  }

  static bool is_set_to_all() {
    const char* value = std::getenv("PRELUDE_IO_FAULTS");
    return value != nullptr && std::string(value) == "all";
  }
  static bool writes_bytes(const IoCall& call) { return call.name.find("write") != std::string::npos; }

  static std::vector<IoFault> every_fault(const std::vector<IoCall>& calls) {
    std::vector<IoFault> faults;
    std::map<IoCall, int> turns;
    for (const IoCall& call : calls) {
      const int turn = ++turns[call];
      for (const char* error : {"EIO", "ENOSPC", "EDQUOT"}) faults.push_back({call, turn, error, false});
      if (!writes_bytes(call)) continue;
      for (const char* error : {"short", "lost"}) faults.push_back({call, turn, error, false});
    }
    return faults;
  }

  // One of each kind of file: its writes and its other calls in turn, each with another error.
  static std::vector<IoFault> sample(const std::vector<IoCall>& calls) {
    std::map<IoCall, int> turns;
    std::map<std::string, std::vector<IoCall>> kinds;
    for (const IoCall& call : calls) {
      std::string kind = call.path;
      std::replace_if(
          kind.begin(), kind.end(), [](unsigned char c) { return std::isdigit(c) != 0; }, '#');
      if (++turns[call] == 1) kinds[kind].push_back(call);
    }
    constexpr std::array<const char*, 5> errors{"ENOSPC", "short", "EIO", "lost", "EDQUOT"};
    std::vector<IoFault> faults;
    std::size_t k = 0;
    for (auto& [kind, all] : kinds) {
      const auto writes = std::stable_partition(all.begin(), all.end(), writes_bytes) - all.begin();
      const auto others = static_cast<std::ptrdiff_t>(all.size()) - writes;
      const bool a_write = writes > 0 && (others == 0 || k % 2 == 0);
      const auto turn = static_cast<std::ptrdiff_t>(k / 2);
      const IoCall& call = all[static_cast<std::size_t>(a_write ? turn % writes : writes + turn % others)];
      const char* error = a_write ? errors[k / 2 % 5] : errors[k / 2 % 2 * 2];
      faults.push_back({call, (turns[call] + 1) / 2, error, false});
      ++k;
    }
    return faults;
  }

  void expect_noticed(int rank, const IoFault& fault) {
    const std::string log = elsewhere_ / "log";
    fs::remove(log);
    fresh();
    const ProgramResult result = disturbed(rank, fault, log);
    if (read_io_log(log, true).empty()) return;  // threads and ranks do not come to it each time
    ++happened_;
    SCOPED_TRACE(fmt::format("rank {}: {} of {} for the {}. time: {}: exit code {}: {}", rank, fault.call.name,
                             fault.call.path, fault.turn, fault.error, result.code, result.errors));
    if (result.code == 0) {
      EXPECT_EQ(differences(lasting_files(command_.folder), expected_), "") << "no word, and another result";
      return;
    }
    ++failed_;
    EXPECT_LT(result.code, 128) << "a crash";
    EXPECT_NE(fault.error, "short");
    const std::size_t said = result.errors.find("prelude: error: ");
    EXPECT_NE(said, std::string::npos);
    EXPECT_NE(result.errors.find(command_.folder, said), std::string::npos) << "no file is named";
    // Ranks that are ended in the middle of a write leave theirs; it is replaced the next time.
    EXPECT_TRUE(command_.ranks > 1 || temporary_file_below(command_.folder).empty());
    expect_mended();
  }

  void expect_mended() const {
    const ProgramResult again = undisturbed();
    if (!command_.resumes && again.code == 2) {
      EXPECT_NE(again.errors.find(command_.folder), std::string::npos) << again.errors;
      return;
    }
    EXPECT_EQ(again.code, 0) << again.errors;
    EXPECT_EQ(differences(lasting_files(command_.folder), expected_), "") << "the run after it has another result";
  }

  const WritingCommand& command_;
  TemporaryFolder elsewhere_;
  Files expected_;
  int happened_ = 0;
  int failed_ = 0;
};

}  // namespace

void expect_faults_noticed(const WritingCommand& command) { Faults(command).run(); }

}  // namespace prelude::test
