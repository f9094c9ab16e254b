#include "launch/predict/candidate_scores.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"

namespace prelude {

std::vector<std::string> normalise_names() { return {"none", "tokens", "bytes"}; }

Normalise normalise_of(const std::string& name) {
  const auto names = normalise_names();
  const auto found = std::find(names.begin(), names.end(), name);
  ensure(found != names.end(), "--normalise {}", name);
  return static_cast<Normalise>(found - names.begin());
}

CandidateScores candidate_scores(const Request& request, std::span<const std::vector<double>> log_probabilities,
                                 Normalise by) {
  CandidateScores scores;
  ensure(request.candidate_bytes.size() == log_probabilities.size(), "{} of {} candidates", log_probabilities.size(),
         request.candidate_bytes.size());
  for (std::size_t i = 0; i < log_probabilities.size(); ++i) {
    const auto& ids = log_probabilities[i];
    const std::int64_t bytes = request.candidate_bytes[i];
    scores.sums.push_back(std::accumulate(ids.begin(), ids.end(), 0.0));
    scores.per_token.push_back(scores.sums.back() / static_cast<double>(ids.size()));
    if (bytes > 0) scores.per_byte.push_back(scores.sums.back() / static_cast<double>(bytes));
    require(by != Normalise::bytes || bytes > 0,
            "{}: candidate {} has no text beside <extra_id_k>, so no bytes to divide by; choose another --normalise",
            request.place, i);
  }
  if (scores.per_byte.size() < scores.sums.size()) scores.per_byte.clear();
  const auto& compared = by == Normalise::none     ? scores.sums
                         : by == Normalise::tokens ? scores.per_token
                                                   : scores.per_byte;
  scores.best = static_cast<std::size_t>(std::max_element(compared.begin(), compared.end()) - compared.begin());
  return scores;
}

}  // namespace prelude
