#include "tasks/downstream/few_shot.h"

#include <algorithm>

#include "core/error.h"
#include "core/random/permutation.h"

namespace prelude {
namespace {

// Apart from the epochs that a loader counts with the same seed.
constexpr std::uint64_t kFewShotEpoch = std::uint64_t{0xF5} << 56;

std::vector<std::vector<std::int64_t>> members_of(const std::vector<std::int32_t>& labels, std::int64_t classes) {
  std::vector<std::vector<std::int64_t>> members(static_cast<std::size_t>(classes));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    ensure(labels[i] >= 0 && labels[i] < classes, "label {} of {} classes", labels[i], classes);
    members[static_cast<std::size_t>(labels[i])].push_back(static_cast<std::int64_t>(i));
  }
  return members;
}

// How many of each class; part 0: train, 1: dev.
std::vector<std::int64_t> shares(std::int64_t shots, std::int64_t classes, std::uint64_t seed, std::uint64_t part) {
  const auto count = static_cast<std::uint64_t>(classes);
  const Permutation order(count, seed, kFewShotEpoch | (count + part));  // classes have the epochs below
  std::vector<std::int64_t> share(count, shots / classes);
  for (std::uint64_t k = 0; k < static_cast<std::uint64_t>(shots % classes); ++k) ++share[order(k)];
  return share;
}

}  // namespace

std::int64_t default_shots(std::int64_t classes) { return classes > 5 ? 8 * classes : 32; }

FewShot draw_few_shot(const std::vector<std::int32_t>& labels, std::int64_t classes, std::int64_t shots,
                      std::uint64_t seed, std::int64_t dev_shots, const std::vector<std::string>& names) {
  ensure(classes > 0 && (names.empty() || names.size() == static_cast<std::size_t>(classes)), "{} classes, {} names",
         classes, names.size());
  require(shots >= classes, "a draw of {} examples cannot hold each of {} classes; give more shots", shots, classes);
  const auto members = members_of(labels, classes);
  const auto train_shares = shares(shots, classes, seed, 0);
  const auto dev_shares = shares(dev_shots < 0 ? shots : dev_shots, classes, seed, 1);
  FewShot drawn;
  for (std::size_t c = 0; c < members.size(); ++c) {
    const auto have = static_cast<std::int64_t>(members[c].size());
    const std::string name = names.empty() ? fmt::format("{}", c) : names[c];
    require(have > 0, "class '{}' has no example to draw", name);
    require(have >= train_shares[c] + dev_shares[c],
            "class '{}' has {} examples, but the draw needs {} (train {}, dev {}); give fewer shots", name, have,
            train_shares[c] + dev_shares[c], train_shares[c], dev_shares[c]);
    const Permutation order(members[c].size(), seed, kFewShotEpoch | c);
    for (std::int64_t k = 0; k < train_shares[c] + dev_shares[c]; ++k) {
      auto& part = k < train_shares[c] ? drawn.train : drawn.dev;
      part.push_back(members[c][order(static_cast<std::uint64_t>(k))]);
    }
  }
  std::sort(drawn.train.begin(), drawn.train.end());
  std::sort(drawn.dev.begin(), drawn.dev.end());
  return drawn;
}

}  // namespace prelude
