#include "dist/farm/serve_work.h"

#include <unistd.h>

#include <array>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/error.h"
#include "dist/farm/mail.h"
#include "dist/farm/pause.h"

namespace prelude {
namespace {

struct Reply {
  LetterKind kind;
  std::uint64_t number;
  std::string bytes;
};

// What `make` returns, or the letter that says what it threw.
template <typename Make>
Reply reply_of(LetterKind kind, std::uint64_t number, const Make& make) {
  try {
    return {kind, number, make()};
  } catch (const UserError& error) {
    return {LetterKind::user_error, number, error.what()};
  } catch (const std::exception& error) {
    return {LetterKind::failure, number, error.what()};
  }
}

class Threads {
 public:
  Threads(int count, std::function<std::function<std::string(std::string)>()> make_worker)
      : make_worker_(std::move(make_worker)) {
    for (int i = 0; i < count; ++i) threads_.emplace_back([this] { work(); });
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() {  // jobs that none has begun are dropped
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    asked_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void ask(Letter request) {
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
    }
    asked_.notify_one();
  }
  // Waits for it no longer than `most`.
  std::optional<Reply> reply(std::chrono::microseconds most) {
    std::unique_lock lock(mutex_);
    if (!replied_.wait_for(lock, most, [&] { return !replies_.empty(); })) return {};
    Reply reply = std::move(replies_.front());
    replies_.pop_front();
    return reply;
  }

 private:
  void work() {
    std::function<std::string(std::string)> worker;
    for (;;) {
      std::unique_lock lock(mutex_);
      asked_.wait(lock, [&] { return stopped_ || !requests_.empty(); });
      if (stopped_) return;
      Letter request = std::move(requests_.front());
      requests_.pop_front();
      lock.unlock();
      Reply reply = reply_of(LetterKind::answer, request.number, [&] {
        if (!worker) worker = make_worker_();
        return worker(std::move(request.bytes));
      });
      lock.lock();
      replies_.push_back(std::move(reply));
      replied_.notify_one();
    }
  }

  std::function<std::function<std::string(std::string)>()> make_worker_;
  std::mutex mutex_;
  std::condition_variable asked_;
  std::condition_variable replied_;
  std::deque<Letter> requests_;
  std::deque<Reply> replies_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

void serve_until_stop(Mail& mail, Threads& threads, const std::function<bool()>& stop_wanted) {
  bool told = false;
  Pause pause;
  for (;;) {
    bool moved = false;
    while (std::optional<Letter> letter = mail.receive()) {
      if (letter->kind == LetterKind::stop) return;
      ensure(letter->kind == LetterKind::request, "rank 0 sent a letter of kind {}", static_cast<int>(letter->kind));
      threads.ask(std::move(*letter));
      moved = true;
    }
    while (std::optional<Reply> reply = threads.reply(moved ? Pause::Microseconds(0) : pause.next())) {
      mail.send(0, reply->kind, reply->number, std::move(reply->bytes));
      moved = true;
    }
    if (!told && stop_wanted && stop_wanted()) {
      mail.send(0, LetterKind::stop_wanted, 0, {});
      told = true;
    }
    if (moved) pause.reset();
  }
}

}  // namespace

void serve_work(int threads, const std::function<WorkService()>& start, const std::function<bool()>& stop_wanted) {
  Mail mail;
  mail.send(0, LetterKind::present, static_cast<std::uint64_t>(threads), host_name());
  WorkService service;
  Reply ready = reply_of(LetterKind::ready, 0, [&] {
    service = start();
    return service.greeting;
  });
  mail.send(0, ready.kind, ready.number, std::move(ready.bytes));
  {
    Threads working(threads, service.make_worker);
    serve_until_stop(mail, working, stop_wanted);
  }
  mail.send(0, LetterKind::bye, 0, {});
  for (Pause pause; !mail.all_sent();) pause.sleep();
}

}  // namespace prelude
