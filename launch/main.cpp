// The program: runs the command line, and is the only place that catches.
#include <ATen/ATen.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <new>
#include <string_view>
#include <thread>

#include "core/error.h"
#include "core/io/mapping_table.h"
#include "core/io/printable.h"
#include "dist/collective_error.h"
#include "dist/world.h"
#include "launch/command_table.h"
#include "launch/ranks.h"
#include "launch/standard_output.h"
#include "launch/train/stop_signal.h"

namespace {

// One line on standard error, whatever the message holds.
void print_error(const std::string& message) {
  std::fputs((prelude::message_line("prelude: error: " + message) + "\n").c_str(), stderr);
}

int run(const std::vector<std::string>& arguments, prelude::World& world) {
  const int code = prelude::run_command_line(arguments, world);
  prelude::finish_out();
  return code;
}

// Ranks often fail alike: the first gets the time to say it for all and to end the job, then the second, and so on.
std::chrono::milliseconds turn_of(int rank) {
  return rank == 0 ? std::chrono::milliseconds(0) : std::chrono::milliseconds(1750 + 250 * std::min(rank, 40));
}

// Says what went wrong and ends the job: a rank that returned would leave the others waiting.
int end_with(int code, const std::string& message, prelude::World* world) {
  const bool alone = world == nullptr || world->alone();
  if (!alone) std::this_thread::sleep_for(turn_of(world->rank()));
  print_error(alone ? message : world->prefix() + message);
  if (!alone) world->abort(code);
  return code;
}

// How long the ranks may take to meet: as long as they may wait for each other later, which no command has read yet,
// but long enough for a start on a busy machine.
double start_patience(int argc, char** argv) {
  constexpr double least = 30;
  const std::string_view name = "--collective-timeout";
  double seconds = prelude::RankOptions().collective_timeout;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (!word.starts_with(name)) continue;
    const bool joined = word.size() > name.size() && word[name.size()] == '=';
    const char* const value = joined ? argv[i] + name.size() + 1 : i + 1 < argc ? argv[i + 1] : "";
    seconds = std::strtod(value, nullptr);
  }
  return std::max(least, seconds);
}

}  // namespace

int main(int argc, char** argv) {
  prelude::exit_on_signals();
  std::unique_ptr<prelude::World> world;
  try {
    world = std::make_unique<prelude::World>(start_patience(argc, argv));
    prelude::explain_lost_pages(world->alone() ? "" : world->prefix());
    const int code = run(std::vector<std::string>(argv + std::min(argc, 1), argv + argc), *world);
    const bool alone = world->alone();
    world.reset();
    // The other ranks have seen this one off: were it stopped among the libraries' destructors, nobody could tell.
    if (!alone) ::_exit(code);
    return code;
  } catch (const prelude::UserError& error) {
    return end_with(prelude::exit_user_error, error.what(), world.get());
  } catch (const std::filesystem::filesystem_error& error) {
    return end_with(prelude::exit_user_error,
                    fmt::format("cannot use '{}': {}", error.path1().string(), error.code().message()), world.get());
  } catch (const prelude::CollectiveError& error) {
    // Mostly another rank is at fault: the watchdog knows which, and ends this process before the time is over.
    std::this_thread::sleep_for(std::chrono::seconds(3));
    return end_with(prelude::exit_failure, error.what(), world.get());
  } catch (const c10::Error& error) {
    return end_with(prelude::exit_failure, fmt::format("LibTorch: {}", error.what_without_backtrace()), world.get());
  } catch (const std::bad_alloc&) {
    return end_with(prelude::exit_failure, "out of memory", world.get());
  } catch (const std::exception& error) {
    return end_with(prelude::exit_failure, error.what(), world.get());
  }
}
