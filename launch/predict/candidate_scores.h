// What the log-probabilities of a line's candidates come to, and which candidate they choose.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "launch/predict/request.h"

namespace prelude {

// What a candidate's sum of log-probabilities is divided by before candidates are compared. A sum favours short ones.
enum class Normalise : std::uint8_t { none, tokens, bytes };

// Of --normalise: none, tokens, bytes.
std::vector<std::string> normalise_names();
Normalise normalise_of(const std::string& name);

struct CandidateScores {
  std::vector<double> sums;       // of log-probabilities, one a candidate
  std::vector<double> per_token;  // a sum over its number of ids, --append-eos' too
  std::vector<double> per_byte;   // a sum over Request::candidate_bytes; empty where one of them is 0
  std::size_t best = 0;           // the first of the greatest
};

// `log_probabilities`: of each candidate's ids, finite. Throws UserError with the line's place where `by` asks for
// bytes and there are none.
CandidateScores candidate_scores(const Request& request, std::span<const std::vector<double>> log_probabilities,
                                 Normalise by);

}  // namespace prelude
