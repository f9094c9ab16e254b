// Words between ranks, and an agreement on what failed.
#include "dist/text.h"

#include <gtest/gtest.h>

#include "dist/watchdog/moment.h"
#include "tests/dist/ranks.h"

namespace prelude {
namespace {

using test::group;

TEST(Text, GoesToAllAndComesFromAll) {
  const std::string mine(static_cast<std::size_t>(group().rank()) * 3, static_cast<char>('a' + group().rank()));
  const auto all = gather_texts(group(), mine);
  ASSERT_EQ(all.size(), static_cast<std::size_t>(group().size()));
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    EXPECT_EQ(all[rank], std::string(rank * 3, static_cast<char>('a' + rank)));
  }
  const int last = group().size() - 1;
  EXPECT_EQ(broadcast_text(group(), mine, last), all.back());
  EXPECT_EQ(broadcast_text(group(), "", 0), "");
}

constexpr double long_enough = 60;  // seconds

TEST(AgreedError, NothingFailed) { EXPECT_EQ(agreed_error(group(), "", long_enough), ""); }

TEST(AgreedError, AllFailedAlike) {
  const std::string mine = "rank " + std::to_string(group().rank());
  EXPECT_EQ(agreed_error(group(), mine, long_enough), "rank 0");
}

// The others were done with the work: they hear of it.
TEST(AgreedError, OneFailedAfterTheWork) {
  const int last = group().size() - 1;
  EXPECT_EQ(agreed_error(group(), group().rank() == last ? "no room" : "", long_enough), "no room");
}

// The others wait for it in the work: it does not wait for them.
TEST(AgreedError, OneFailedAloneSaysSoInTime) {
  if (group().size() == 1) {
    EXPECT_EQ(agreed_error(group(), "no memory", 0.2), "no memory");
    return;
  }
  const auto words = group().split(0, "words");
  const auto work = group().split(0, "work");
  at::Tensor part = at::ones({3});
  if (group().rank() == 0) {
    const Moment start = now();
    EXPECT_EQ(agreed_error(*words, "no memory", 0.2), std::nullopt);
    EXPECT_GE(seconds_since(start), 0.2);
    EXPECT_LT(seconds_since(start), 10);
  }
  // In a job it would end here; this test goes on, so that the others come back.
  work->all_reduce_sum(part);
  EXPECT_EQ(part[0].item<float>(), static_cast<float>(group().size()));
  const at::Tensor left_behind = at::zeros({1}, at::kLong);
  if (group().rank() != 0) words->begin_all_reduce(left_behind)->finish();
  group().all_reduce_sum(part);
}

}  // namespace
}  // namespace prelude
