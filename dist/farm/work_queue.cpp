#include "dist/farm/work_queue.h"

#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/error.h"
#include "dist/farm/mail.h"
#include "dist/farm/pause.h"

namespace prelude {
namespace {

// So many that a thread finds its next job there when it is done with one.
constexpr int kJobsAThread = 2;
constexpr std::chrono::seconds kLongestGoodbye{10};

struct Worker {
  std::string host;
  std::optional<std::string> greeting;
  int slots = 0;
  int busy = 0;  // jobs that it has
};

}  // namespace

struct WorkQueue::Parts {
  Mail mail;
  std::vector<Worker> workers{static_cast<std::size_t>(mail.size())};  // by rank; the first is not used
  std::uint64_t next_number = 0;
  std::map<std::uint64_t, std::function<void(std::string)>> waiting;  // for answers
  std::atomic<bool> stop_wanted{false};

  Worker& of(int rank) { return workers[static_cast<std::size_t>(rank)]; }
  std::string name(int rank) { return fmt::format("rank {} on host {}", rank, of(rank).host); }

  // The rank with the largest free part, so that jobs are spread; 0: none is free.
  int free_rank() {
    int best = 0;
    double most = 0;
    for (int rank = 1; rank < mail.size(); ++rank) {
      const Worker& worker = of(rank);
      const double part = worker.slots == 0 ? 0 : static_cast<double>(worker.slots - worker.busy) / worker.slots;
      if (part > most) {
        most = part;
        best = rank;
      }
    }
    return best;
  }

  bool send_jobs(const Jobs& jobs) {
    bool any = false;
    for (int rank = free_rank(); rank != 0; rank = free_rank()) {
      std::optional<Job> job = jobs.take();
      if (!job) break;
      waiting.emplace(next_number, std::move(job->done));
      mail.send(rank, LetterKind::request, next_number++, std::move(job->request));
      ++of(rank).busy;
      any = true;
    }
    return any;
  }

  void use(Letter letter) {
    switch (letter.kind) {
      case LetterKind::present:
        of(letter.rank).host = std::move(letter.bytes);
        of(letter.rank).slots = kJobsAThread * static_cast<int>(letter.number);
        return;
      case LetterKind::ready:
        of(letter.rank).greeting = std::move(letter.bytes);
        return;
      case LetterKind::answer: {
        --of(letter.rank).busy;
        const auto found = waiting.extract(letter.number);
        if (found) found.mapped()(std::move(letter.bytes));
        return;
      }
      case LetterKind::user_error:
        fail("{} (seen by {})", letter.bytes, name(letter.rank));
      case LetterKind::failure:
        throw std::runtime_error(fmt::format("{} (on {})", letter.bytes, name(letter.rank)));
      case LetterKind::stop_wanted:
        stop_wanted = true;
        return;
      default:
        ensure(false, "{} sent a letter of kind {}", name(letter.rank), static_cast<int>(letter.kind));
    }
  }

  bool use_letters() {
    bool any = false;
    while (std::optional<Letter> letter = mail.receive()) {
      use(std::move(*letter));
      any = true;
    }
    return any;
  }

  void send_home() {
    for (int rank = 1; rank < mail.size(); ++rank) mail.send(rank, LetterKind::stop, 0, {});
    std::set<int> gone;
    Pause pause;
    const auto deadline = std::chrono::steady_clock::now() + kLongestGoodbye;
    while (static_cast<int>(gone.size()) < mail.size() - 1 || !mail.all_sent()) {
      const std::optional<Letter> letter = mail.receive();
      if (letter && letter->kind == LetterKind::bye) gone.insert(letter->rank);
      if (letter) continue;
      if (std::chrono::steady_clock::now() > deadline) return;
      pause.sleep();
    }
  }
};

WorkQueue::WorkQueue() : parts_(std::make_unique<Parts>()) {
  ensure(parts_->mail.rank() == 0, "a work queue on rank {}", parts_->mail.rank());
}

WorkQueue::~WorkQueue() {
  try {
    parts_->send_home();
  } catch (...) {  // NOLINT(bugprone-empty-catch): MPI has failed, and the error that says so is on its way
  }
}

int WorkQueue::start(const Check& check) {
  Pause pause;
  int slots = 0;
  for (int rank = 1; rank < parts_->mail.size(); ++rank) {
    Worker& worker = parts_->of(rank);
    while (!worker.greeting) {
      if (!parts_->use_letters()) pause.sleep();
    }
    check(parts_->name(rank), *worker.greeting);
    slots += worker.slots;
  }
  return slots;
}

void WorkQueue::run(const Jobs& jobs) {
  Pause pause;
  while (!jobs.over()) {
    const bool sent = parts_->send_jobs(jobs);
    const bool received = parts_->use_letters();
    if (sent || received) {
      pause.reset();
    } else {
      pause.sleep();
    }
  }
  parts_->waiting.clear();
}

bool WorkQueue::stop_wanted() const { return parts_->stop_wanted; }

}  // namespace prelude
