#include "launch/predict/candidate_scores.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace prelude {
namespace {

const std::vector<std::vector<double>> log_probabilities{{-1.0}, {-0.5, -0.75}, {-0.5, -0.5, -0.5}};

Request request(std::vector<std::int64_t> bytes) {
  Request made;
  made.place = "lines.jsonl line 3";
  made.candidate_bytes = std::move(bytes);
  return made;
}

TEST(CandidateScores, AreSumsAndMeansAndEachChoosesItsOwn) {
  const Request three = request({2, 20, 4});
  const CandidateScores scores = candidate_scores(three, log_probabilities, Normalise::none);
  EXPECT_EQ(scores.sums, (std::vector<double>{-1.0, -1.25, -1.5}));
  EXPECT_EQ(scores.per_token, (std::vector<double>{-1.0, -0.625, -0.5}));
  EXPECT_EQ(scores.per_byte, (std::vector<double>{-0.5, -0.0625, -0.375}));
  EXPECT_EQ(scores.best, 0U);
  EXPECT_EQ(candidate_scores(three, log_probabilities, Normalise::tokens).best, 2U);
  EXPECT_EQ(candidate_scores(three, log_probabilities, Normalise::bytes).best, 1U);
}

TEST(CandidateScores, OfCandidatesWithoutTextHaveNoBytes) {
  const Request empty = request({2, 0, 4});
  EXPECT_TRUE(candidate_scores(empty, log_probabilities, Normalise::tokens).per_byte.empty());
  try {
    (void)candidate_scores(empty, log_probabilities, Normalise::bytes);
    ADD_FAILURE() << "no UserError";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("lines.jsonl line 3: candidate 1 has no text"), std::string::npos);
  }
}

TEST(CandidateScores, TheNamesOfTheirOption) {
  EXPECT_EQ(normalise_of("none"), Normalise::none);
  EXPECT_EQ(normalise_of("tokens"), Normalise::tokens);
  EXPECT_EQ(normalise_of("bytes"), Normalise::bytes);
}

}  // namespace
}  // namespace prelude
