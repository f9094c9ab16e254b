// A farm of ranks. Run under mpirun with any number of them: every rank runs every test, rank 0 asks and the others
// work.
#include "dist/farm/work_queue.h"

#include <gtest/gtest.h>
#include <mpi.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "core/error.h"
#include "dist/farm/mail.h"
#include "dist/farm/serve_work.h"
#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude {
namespace {

using Worker = std::function<std::string(std::string)>;

class WorkQueueTest : public testing::Test {
 protected:
  WorkQueueTest() {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks_);
  }
  void TearDown() override { MPI_Barrier(MPI_COMM_WORLD); }

  bool first() const { return rank_ == 0; }
  bool alone() const { return ranks_ == 1; }
  static void serve(int threads, const Worker& worker) {
    serve_work(threads, [&]() -> WorkService { return {"hello", [&] { return worker; }}; });
  }
  // The queue's answers to 0 ... count - 1 as `request` spells them; "" where none came.
  static std::vector<std::string> ask(WorkQueue& queue, std::size_t count,
                                      const std::function<std::string(std::size_t)>& request,
                                      const std::function<void(std::size_t)>& note = {}) {
    std::vector<std::string> answers(count);
    std::size_t next = 0;
    std::size_t came = 0;
    queue.run({.take = [&]() -> std::optional<WorkQueue::Job> {
                 if (next == count) return {};
                 const std::size_t i = next++;
                 return WorkQueue::Job{request(i), [&, i](std::string answer) {
                                         answers[i] = std::move(answer);
                                         ++came;
                                         if (note) note(came);
                                       }};
               },
               .over = [&] { return came == count; }});
    return answers;
  }

  int rank_ = 0;
  int ranks_ = 1;
};

void accept(const std::string& /*who*/, const std::string& greeting) { EXPECT_EQ(greeting, "hello"); }

TEST_F(WorkQueueTest, EveryJobIsAnsweredOnce) {
  if (!first()) return serve(3, [](const std::string& request) { return request + "!"; });
  WorkQueue queue;
  EXPECT_EQ(queue.start(accept), 6 * (ranks_ - 1));
  if (alone()) return;
  const auto answers = ask(queue, 2000, [](std::size_t i) { return std::to_string(i); });
  for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i], std::to_string(i) + "!");
}

// The first job ends only when all others but one are done: that one may wait behind it on the same rank.
TEST_F(WorkQueueTest, ASlowJobHoldsNoMoreThanOneOther) {
  if (!first()) {
    return serve(1, [](const std::string& request) {
      while (request.starts_with('/') && !std::filesystem::exists(request)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
      return request;
    });
  }
  WorkQueue queue;
  queue.start(accept);
  if (ranks_ < 3) return;
  const test::TemporaryFolder folder;
  constexpr std::size_t count = 100;
  const auto request = [&](std::size_t i) { return i == 0 ? folder / "go on" : std::to_string(i); };
  const auto note = [&](std::size_t came) {
    if (came == count - 2) test::write_file(folder / "go on", "");
  };
  EXPECT_EQ(ask(queue, count, request, note)[count - 1], std::to_string(count - 1));
}

TEST_F(WorkQueueTest, BytesOfAllSizesArriveWhole) {
  if (!first()) return serve(2, [](std::string request) { return std::string(request.rbegin(), request.rend()); });
  WorkQueue queue;
  queue.start(accept);
  if (alone()) return;
  const std::vector<std::size_t> sizes{0, 1, 1000, 4096, 100000, 5000000, 40000000};
  const auto request = [&](std::size_t i) {
    std::string bytes(sizes[i % sizes.size()], 'a');
    for (std::size_t b = 0; b < bytes.size(); b += 997) bytes[b] = static_cast<char>(b + i);
    return bytes;
  };
  const auto answers = ask(queue, 2 * sizes.size(), request);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::string sent = request(i);
    EXPECT_TRUE(answers[i] == std::string(sent.rbegin(), sent.rend())) << i;
  }
}

// MPI counts in int: what is longer goes in pieces. Small ones here, both ways at once.
TEST_F(WorkQueueTest, LettersAreCutIntoPiecesAndKeepTheirOrder) {
  if (alone()) return;
  Mail mail(1000);
  const auto bytes = [](int from, std::uint64_t i) {
    return std::string((i * 3571) % 20000, static_cast<char>('a' + from));
  };
  const auto others = [&](int rank) { return rank != rank_; };
  constexpr std::uint64_t letters = 50;
  for (std::uint64_t i = 0; i < letters; ++i) {
    for (int rank = 0; rank < ranks_; ++rank) {
      if (others(rank)) mail.send(rank, LetterKind::request, i, bytes(rank_, i));
    }
  }
  std::vector<std::uint64_t> next(static_cast<std::size_t>(ranks_), 0);
  for (std::uint64_t came = 0; came < letters * static_cast<std::uint64_t>(ranks_ - 1) || !mail.all_sent();) {
    const std::optional<Letter> letter = mail.receive();
    if (!letter) continue;
    ++came;
    EXPECT_EQ(letter->number, next[static_cast<std::size_t>(letter->rank)]++);
    EXPECT_TRUE(letter->bytes == bytes(letter->rank, letter->number));
  }
}

TEST_F(WorkQueueTest, AUserErrorOfAWorkerTravels) {
  if (!first()) {
    return serve(2, [](const std::string& request) -> std::string {
      require(request != "7", "the seventh is bad; mend it");
      return request;
    });
  }
  WorkQueue queue;
  queue.start(accept);
  if (alone()) return;
  const std::string message =
      test::message_of([&] { ask(queue, 100, [](std::size_t i) { return std::to_string(i); }); });
  EXPECT_EQ(message.find("the seventh is bad; mend it (seen by rank "), 0U) << message;
}

TEST_F(WorkQueueTest, AnotherFailureOfAWorkerTravels) {
  if (!first()) return serve(1, [](const std::string&) -> std::string { throw std::runtime_error("out of luck"); });
  WorkQueue queue;
  queue.start(accept);
  if (alone()) return;
  try {
    ask(queue, 3, [](std::size_t) { return "x"; });
    ADD_FAILURE() << "nothing thrown";
  } catch (const UserError& error) {
    ADD_FAILURE() << error.what();
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string(error.what()).find("out of luck (on rank "), 0U) << error.what();
  }
}

TEST_F(WorkQueueTest, AServiceThatCannotBeginIsNamed) {
  if (!first()) {
    const bool last = rank_ == ranks_ - 1;
    return serve_work(1, [&]() -> WorkService {
      require(!last, "cannot open 'spiece.model': No such file or directory");
      return {"hello", [] { return [](std::string request) { return request; }; }};
    });
  }
  WorkQueue queue;
  if (alone()) return;
  const std::string message = test::message_of([&] { queue.start(accept); });
  EXPECT_EQ(message.find("cannot open 'spiece.model': No such file or directory (seen by rank " +
                         std::to_string(ranks_ - 1) + " on host "),
            0U)
      << message;
}

// Rank 0 fails or stops with answers still out: the workers go home all the same.
TEST_F(WorkQueueTest, WorkersGoHomeWhenNobodyWaits) {
  if (!first()) {
    return serve(2, [](const std::string& request) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      return request + std::string(100000, 'x');
    });
  }
  WorkQueue queue;
  queue.start(accept);
  int asked = 0;
  const int most = 4 * (ranks_ - 1);
  queue.run({.take = [&]() -> std::optional<WorkQueue::Job> {
               ++asked;
               return WorkQueue::Job{std::string(200000, 'r'), [](const std::string&) {}};
             },
             .over = [&] { return asked >= most; }});
}

TEST_F(WorkQueueTest, ASignalAtAWorkerIsHeard) {
  if (!first()) {
    return serve_work(
        1,
        []() -> WorkService {
          return {"hello", [] { return [](std::string request) { return request; }; }};
        },
        [this] { return rank_ == ranks_ - 1; });
  }
  WorkQueue queue;
  queue.start(accept);
  EXPECT_FALSE(alone() && queue.stop_wanted());
  if (alone()) return;
  queue.run(
      {.take = []() -> std::optional<WorkQueue::Job> { return {}; }, .over = [&] { return queue.stop_wanted(); }});
}

}  // namespace
}  // namespace prelude
