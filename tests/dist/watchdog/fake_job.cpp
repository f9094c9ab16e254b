#include "tests/dist/watchdog/fake_job.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <new>
#include <stdexcept>
#include <thread>

#include "dist/watchdog/watchdog.h"

namespace prelude::test {
namespace {

using Pipe = std::array<int, 2>;

double clock_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

void sleep_s(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

// As a communicator's broadcast: rank 0 fills a pipe a rank, the others read theirs.
std::string broadcast(int rank, const std::vector<Pipe>& pipes, const std::string& text) {
  constexpr std::size_t longest = 4096;
  if (rank == 0) {
    for (const Pipe& pipe : pipes) {
      if (::write(pipe[1], text.data(), text.size()) < 0) ::_exit(120);
    }
    return text;
  }
  std::string told(longest, '\0');
  const ssize_t got = ::read(pipes[static_cast<std::size_t>(rank)][0], told.data(), told.size());
  told.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return told;
}

std::string errors_path(const std::string& folder, int rank) { return folder + "/" + std::to_string(rank); }

struct Job {
  int size;
  double timeout_s;
  bool rank_0_is_last;
};

[[noreturn]] void be_rank(int rank, const Job& job, const std::vector<Pipe>& pipes, SharedCounters& shared,
                          const std::function<void(FakeRank&)>& body) {
  FlightRecorder recorder;
  std::promise<void> others_left;
  {
    WatchdogOptions options;
    options.rank = rank;
    options.size = job.size;
    options.host = fake_host(rank);
    options.timeout_s = job.timeout_s;
    options.broadcast_from_rank_0 = [&](const std::string& text) { return broadcast(rank, pipes, text); };
    options.others_left = [&] { others_left.set_value(); };
    Watchdog watchdog(recorder, options);
    FakeRank self(rank, job.size, recorder, shared);
    body(self);
    if (rank == 0 && job.rank_0_is_last) others_left.get_future().wait();
  }
  ::_exit(0);
}

}  // namespace

void FakeRank::meet(std::size_t slot, Operation operation, std::int64_t count, std::size_t group, int members) {
  const InFlight in_flight(recorder, group, operation, count, "float32");
  std::atomic<int>& arrived = shared_.arrived.at(slot);
  ++arrived;
  while (arrived < members) sleep_s(0.001);
}

void FakeRank::train(int steps) {
  for (int step = 0; step < steps; ++step) {
    recorder.set_step(step);
    all_reduce();
    sleep_s(0.01);
  }
}

FakeJob::FakeJob(int size, double timeout_s, const std::function<void(FakeRank&)>& body, bool rank_0_is_last)
    : size_(size), ends_(static_cast<std::size_t>(size)) {
  folder_ = (std::filesystem::temp_directory_path() / "prelude-fake-job-XXXXXX").string();
  if (::mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("cannot make " + folder_);
  void* memory = ::mmap(nullptr, sizeof(SharedCounters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error("cannot map shared memory");
  shared_ = new (memory) SharedCounters();
  std::vector<Pipe> pipes(static_cast<std::size_t>(size));
  for (Pipe& pipe : pipes) {
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
  }
  for (int rank = 0; rank < size; ++rank) {
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child == 0) {
      const int errors = ::open(errors_path(folder_, rank).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      if (errors < 0 || ::dup2(errors, STDERR_FILENO) < 0) ::_exit(121);
      be_rank(rank, {size, timeout_s, rank_0_is_last}, pipes, *shared_, body);
    }
    processes_.push_back(child);
  }
  for (const Pipe& pipe : pipes) {
    ::close(pipe[0]);
    ::close(pipe[1]);
  }
  mark();
}

FakeJob::~FakeJob() {
  for (std::size_t rank = 0; rank < processes_.size(); ++rank) {
    if (ends_[rank].ended) continue;
    ::kill(processes_[rank], SIGKILL);
    ::waitpid(processes_[rank], nullptr, 0);
  }
  ::munmap(shared_, sizeof(SharedCounters));
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void FakeJob::send(int rank, int signal) const { ::kill(processes_[static_cast<std::size_t>(rank)], signal); }

void FakeJob::mark() { started_s_ = clock_s(); }

std::vector<RankEnd> FakeJob::wait(double seconds, int other_than) {
  for (int running = size_; running > 0 && clock_s() - started_s_ < seconds; sleep_s(0.005)) {
    running = 0;
    for (int rank = 0; rank < size_; ++rank) {
      RankEnd& end = ends_[static_cast<std::size_t>(rank)];
      if (end.ended) continue;
      int status = 0;
      end.ended = ::waitpid(processes_[static_cast<std::size_t>(rank)], &status, WNOHANG) > 0;
      end.after_s = clock_s() - started_s_;
      constexpr int signalled = 128;
      if (end.ended) end.code = WIFEXITED(status) ? WEXITSTATUS(status) : signalled + WTERMSIG(status);
      if (!end.ended && rank != other_than) ++running;
    }
  }
  for (int rank = 0; rank < size_; ++rank) {
    std::ifstream file(errors_path(folder_, rank));
    ends_[static_cast<std::size_t>(rank)].errors.assign(std::istreambuf_iterator<char>(file), {});
  }
  return ends_;
}

std::string fake_host(int rank) { return fmt::format("n{}", rank / 2 + 1); }

}  // namespace prelude::test
