#include "tasks/corpus/ordered_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>

namespace prelude {
namespace {

using Pool = OrderedPool<int, int>;

// Squares 0..count-1; early ones take longest, so that they finish out of order.
struct Squares {
  int count = 0;
  int next = 0;
  std::atomic<int> under_way{0};
  std::atomic<int> most_under_way{0};
  std::vector<int> used{};

  Pool::Steps steps() {
    return {.next = [this]() -> std::optional<int> {
              if (next == count) return {};
              const int now = ++under_way;
              if (now > most_under_way) most_under_way = now;
              return next++;
            },
            .bytes = [](const int&) { return std::size_t{10}; },
            .make_worker =
                [] {
                  return [](int value) {
                    std::this_thread::sleep_for(std::chrono::microseconds((value * 37) % 11 * 50));
                    return value * value;
                  };
                },
            .use =
                [this](int square) {
                  used.push_back(square);
                  --under_way;
                  return true;
                }};
  }
};

TEST(OrderedPoolTest, KeepsTheOrder) {
  for (const int workers : {1, 2, 7}) {
    for (const int count : {0, 1, 5, 300}) {
      Squares squares;
      squares.count = count;
      Pool(workers, 16, 1 << 20).run(squares.steps());
      ASSERT_EQ(squares.used.size(), static_cast<std::size_t>(count));
      for (int i = 0; i < count; ++i) EXPECT_EQ(squares.used[static_cast<std::size_t>(i)], i * i);
    }
  }
}

// One more than the limits may be in the reader's hands.
TEST(OrderedPoolTest, BoundsWhatIsUnderWay) {
  for (const auto& [items, bytes] : {std::pair<std::size_t, std::size_t>{3, 1000}, {100, 35}}) {
    Squares squares;
    squares.count = 200;
    Pool(4, items, bytes).run(squares.steps());
    EXPECT_EQ(squares.used.size(), 200U);
    EXPECT_LE(squares.most_under_way, 4);
  }
}

TEST(OrderedPoolTest, AnInputBeyondTheLimitGoesAlone) {
  Squares squares;
  squares.count = 20;
  Pool(3, 10, 5).run(squares.steps());
  EXPECT_EQ(squares.used.size(), 20U);
  EXPECT_LE(squares.most_under_way, 2);
}

TEST(OrderedPoolTest, StopsWhereAsked) {
  Squares squares;
  squares.count = 1000;
  auto steps = squares.steps();
  steps.use = [&](int square) {
    squares.used.push_back(square);
    return square < 100;
  };
  Pool(3, 1000, 1 << 20).run(steps);
  EXPECT_EQ(squares.used.size(), 11U);
}

TEST(OrderedPoolTest, PassesOnWhatAnyStepThrows) {
  const auto thrower = [](const char* what) { throw std::runtime_error(what); };
  for (const std::string where : {"next", "make_worker", "work", "use"}) {
    Squares squares;
    squares.count = 50;
    auto steps = squares.steps();
    if (where == "next")
      steps.next = [&]() -> std::optional<int> { return squares.next == 20 ? (thrower("next"), 0) : squares.next++; };
    if (where == "make_worker")
      steps.make_worker = [&]() -> std::function<int(int)> { return thrower("make_worker"), nullptr; };
    if (where == "work")
      steps.make_worker = [&] { return [&](int value) { return value == 20 ? (thrower("work"), 0) : value; }; };
    if (where == "use") steps.use = [&](int square) { return square == 400 ? (thrower("use"), true) : true; };
    try {
      Pool(3, 8, 1 << 20).run(steps);
      FAIL() << where;
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(error.what(), where);
    }
  }
}

// Half of what is elsewhere is given back late, and in the wrong order.
TEST(OrderedPoolTest, KeepsTheOrderOfWhatIsMadeElsewhere) {
  for (const int workers : {0, 1, 3}) {
    Squares squares;
    squares.count = 200;
    Pool::Steps steps = squares.steps();
    int elsewhere = 0;
    steps.elsewhere = [&](const Pool::Jobs& jobs) {
      std::vector<Pool::Job> late;
      while (!jobs.over()) {
        std::optional<Pool::Job> job = jobs.take();
        if (job) {
          ++elsewhere;
          late.push_back(std::move(*job));
        }
        if (late.size() > 4 || (!job && !late.empty())) {
          late.back().done(late.back().input * late.back().input);
          late.pop_back();
        }
        if (!job) std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
    };
    Pool(workers, 16, 1 << 20).run(steps);
    ASSERT_EQ(squares.used.size(), 200U);
    for (int i = 0; i < 200; ++i) EXPECT_EQ(squares.used[static_cast<std::size_t>(i)], i * i);
    EXPECT_GT(elsewhere, 0);
    EXPECT_TRUE(workers > 0 || elsewhere == 200) << elsewhere;
  }
}

TEST(OrderedPoolTest, WaitsForNothingElsewhereAfterAStop) {
  Squares squares;
  squares.count = 200;
  Pool::Steps steps = squares.steps();
  steps.use = [](int square) { return square < 9; };
  bool ended = false;
  steps.elsewhere = [&](const Pool::Jobs& jobs) {
    while (!jobs.over()) {
      if (std::optional<Pool::Job> job = jobs.take(); job && job->input < 4) job->done(job->input * job->input);
    }
    ended = true;
  };
  Pool(0, 16, 1 << 20).run(steps);
  EXPECT_TRUE(ended);
  steps.elsewhere = [](const Pool::Jobs&) { throw std::runtime_error("a rank is lost"); };
  EXPECT_THROW(Pool(1, 16, 1 << 20).run(steps), std::runtime_error);
}

}  // namespace
}  // namespace prelude
