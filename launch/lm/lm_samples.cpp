#include "launch/lm/lm_samples.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "launch/predict/scorer.h"

namespace prelude {
namespace {

constexpr std::size_t shown_source = 160;  // characters
constexpr std::int64_t most_new = 32;      // ids

// The start of `text`, on one line, cut where a character begins.
std::string start_of(std::string text, std::size_t most) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return fmt::format("{} ...", text.substr(0, most));
}

Ids first_ids(const Ids& ids, std::int64_t most) {
  return {ids.begin(), ids.begin() + std::min<std::ptrdiff_t>(most, std::ssize(ids))};
}

}  // namespace

std::vector<std::string> completed_samples(const Model& model, const Tokenizer& tokenizer, const PretextTask& objective,
                                           std::int64_t count, Communicator& data) {
  std::vector<Ids> sources;
  std::vector<Ids> targets;
  count = std::min(count, static_cast<std::int64_t>(objective.validation_anchors()));
  for (std::int64_t i = 0; i < count; ++i) {
    const Example example = objective.validation_sample(static_cast<std::uint64_t>(i));
    sources.push_back(example.source);
    targets.push_back(first_ids({example.target.begin() + 1, example.target.end()}, most_new));
  }
  const LoadedModel loaded(model, nullptr, std::nullopt, "", model.weights().embedding.device(), data);
  const auto made = generate_greedily(loaded, sources, {}, most_new,
                                      [](std::size_t i) { return fmt::format("held-out window {}", i); });
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    lines.push_back(fmt::format("sample {}: {}", i + 1, start_of(tokenizer.decode(sources[i]), shown_source)));
    lines.push_back(fmt::format("    right: {}", start_of(tokenizer.decode(targets[i]), shown_source)));
    lines.push_back(fmt::format("    model: {}", start_of(tokenizer.decode(made[i]), shown_source)));
  }
  return lines;
}

}  // namespace prelude
