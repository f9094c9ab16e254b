#include "launch/tune/data_set.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/io/checksum.h"
#include "core/io/paths.h"
#include "launch/experiment/experiment_options.h"
#include "tasks/downstream/few_shot.h"
#include "tasks/downstream/read_examples.h"
#include "tasks/metrics.h"

namespace prelude {
namespace {

std::vector<std::int32_t> labels_of(const std::vector<DownstreamExample>& examples) {
  std::vector<std::int32_t> labels;
  labels.reserve(examples.size());
  for (const DownstreamExample& example : examples) labels.push_back(example.label);
  return labels;
}

std::vector<std::int64_t> all_indices(std::size_t count) {
  std::vector<std::int64_t> indices(count);
  std::iota(indices.begin(), indices.end(), std::int64_t{0});
  return indices;
}

std::vector<DownstreamExample> pick(const std::vector<DownstreamExample>& from,
                                    const std::vector<std::int64_t>& indices) {
  std::vector<DownstreamExample> picked;
  picked.reserve(indices.size());
  for (const std::int64_t i : indices) picked.push_back(from[static_cast<std::size_t>(i)]);
  return picked;
}

// A label row knows its classes; a choice row has as many as its examples have options.
std::int64_t count_classes(const TaskRow& row, const std::vector<DownstreamExample>& examples) {
  const auto words = static_cast<std::int64_t>(label_words(row).size());
  if (words > 0) return words;
  std::size_t most = 0;
  for (const DownstreamExample& example : examples) most = std::max(most, example.options.size());
  return static_cast<std::int64_t>(most);
}

std::vector<std::int64_t> count_labels(const std::vector<DownstreamExample>& examples, std::int64_t classes) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(classes), 0);
  for (const DownstreamExample& example : examples) {
    const auto label = static_cast<std::size_t>(example.label);
    if (label >= counts.size()) counts.resize(label + 1, 0);
    ++counts[label];
  }
  return counts;
}

// How many of `of` have the fields and options of one in `in`, whatever its label.
std::size_t count_shared(const std::vector<DownstreamExample>& of, const std::vector<DownstreamExample>& in) {
  using Key = std::pair<std::map<std::string, std::string>, std::vector<std::string>>;
  std::set<Key> there;
  for (const DownstreamExample& example : in) there.emplace(example.fields, example.options);
  return static_cast<std::size_t>(std::count_if(of.begin(), of.end(), [&](const DownstreamExample& example) {
    return there.contains({example.fields, example.options});
  }));
}

std::vector<std::string> class_names(const TaskRow& row) {
  std::vector<std::string> names;
  for (const LabelWord& label : label_words(row)) names.push_back(label.value);
  return names;
}

}  // namespace

DataSet::DataSet(TaskRow row, const std::string& folder) : row_(std::move(row)), folder_(folder) {
  require(is_folder(folder), "--data: {}: '{}' is no folder", row_.name, folder);
  require(!row_.train.empty() && !row_.test.empty(), "data set {}: its row names no {} file", row_.name,
          row_.train.empty() ? "train" : "test");
  train_ = read_split(row_, folder, row_.train, &notes_);
  if (!row_.dev.empty() && split_exists(folder, row_.dev)) dev_ = read_split(row_, folder, row_.dev, &notes_);
  test_ = read_split(row_, folder, row_.test, &notes_);
  classes_ = count_classes(row_, train_);
  note_overlaps();
}

void DataSet::note_overlaps() {
  struct Pair {
    const std::vector<DownstreamExample>& of;
    const std::string& file;
    const std::vector<DownstreamExample>& in;
    const std::string& other;
  };
  for (const Pair& pair : {Pair{test_, row_.test, train_, row_.train}, Pair{test_, row_.test, dev_, row_.dev},
                           Pair{dev_, row_.dev, train_, row_.train}}) {
    const std::size_t shared = count_shared(pair.of, pair.in);
    if (shared == 0) continue;
    notes_.push_back(fmt::format("warning: data set {}: {} of the {} examples of {} stand in {}, too", row_.name,
                                 shared, pair.of.size(), pair.file, pair.other));
  }
}

bool DataSet::draws(std::int64_t shots, const std::string& mode) const {
  if (shots == whole_training_set || mode == "given") return false;
  if (mode == "draw" || dev_.empty()) return true;
  const std::vector<std::int64_t> counts = count_labels(train_, classes_);
  const std::int64_t wanted = shots == 0 ? default_shots(classes_) : shots;
  const std::int64_t most_a_class = (wanted + classes_ - 1) / classes_;
  return *std::min_element(counts.begin(), counts.end()) >= 2 * most_a_class;
}

ExampleSplit DataSet::given() const {
  require(!dev_.empty(), "data set {}: '{}' has no dev file{}; give --shots N, and both sets are drawn", row_.name,
          folder_, row_.dev.empty() ? " in its row" : fmt::format(" {}", row_.dev));
  return {train_, dev_, all_indices(train_.size()), all_indices(dev_.size())};
}

ExampleSplit DataSet::split(std::int64_t shots, const std::string& mode, std::uint64_t seed) const {
  if (!draws(shots, mode)) {
    require(mode != "draw",
            "data set {}: --split draw takes N examples to train and N to choose, but --shots all leaves none to draw "
            "from; give --shots N",
            row_.name);
    ExampleSplit whole = given();
    require(shots <= 0 || shots == static_cast<std::int64_t>(whole.train.size()),
            "data set {}: --shots {}, but the training file has {} examples and is taken whole; leave --shots out, or "
            "give --split draw",
            row_.name, shots, whole.train.size());
    return whole;
  }
  FewShot drawn;
  try {
    drawn = draw_few_shot(labels_of(train_), classes_, shots == 0 ? default_shots(classes_) : shots, seed, -1,
                          class_names(row_));
  } catch (const UserError& error) {
    fail("data set {}: {}/{}: {}", row_.name, folder_, row_.train, error.what());
  }
  return {pick(train_, drawn.train), pick(train_, drawn.dev), drawn.train, drawn.dev};
}

std::int64_t DataSet::named_shots(std::int64_t shots, const std::string& mode) const {
  if (shots == whole_training_set) return 0;
  if (shots > 0) return shots;
  return draws(shots, mode) ? default_shots(classes_) : static_cast<std::int64_t>(train_.size());
}

std::string DataSet::description(std::int64_t shots, const std::string& mode) const {
  const std::string test = fmt::format("tested on {} of {}", test_.size(), row_.test);
  if (!draws(shots, mode)) {
    return fmt::format("data set {}: trained on {} examples of {}, chosen on {} of {}, {}", name(), train_.size(),
                       row_.train, dev_.size(), row_.dev, test);
  }
  const std::int64_t drawn = shots == 0 ? default_shots(classes_) : shots;
  const std::string unused = dev_.empty() ? "" : fmt::format("; {} is not used (--split given takes it)", row_.dev);
  return fmt::format("data set {}: {} examples to train and {} to choose, drawn by the seed from {} of {}, {}{}",
                     name(), drawn, drawn, train_.size(), row_.train, test, unused);
}

std::string DataSet::hash() const {
  Xxh3 hash;
  const auto add = [&](const std::string& text) {
    const std::size_t size = text.size();
    hash.update(&size, sizeof(size));
    hash.update(text.data(), size);
  };
  for (const auto* examples : {&train_, &dev_, &test_}) {
    add(fmt::format("{}", examples->size()));
    for (const DownstreamExample& example : *examples) {
      add(fmt::format("{}", example.label));
      for (const auto& [name, text] : example.fields) add(fmt::format("{} {}", name, text));
      for (const std::string& option : example.options) add(option);
    }
  }
  return hash.hex();
}

Baseline DataSet::baseline() const {
  const std::vector<std::int64_t> counts = count_labels(test_, classes_);
  const auto most = std::max_element(counts.begin(), counts.end()) - counts.begin();
  const auto total = static_cast<double>(test_.size());
  const auto classes = static_cast<double>(classes_);
  Confusion majority;
  double random = 0;
  for (const DownstreamExample& example : test_) {
    majority.add(example.label, most);
    random += example.options.empty() ? 1 / classes : 1 / static_cast<double>(example.options.size());
  }
  // Of an even draw class c has precision n_c / n and recall 1 / C, in expectation.
  double f1 = 0;
  for (const std::int64_t count : counts) {
    const double precision = static_cast<double>(count) / total;
    if (count > 0) f1 += 2 * precision / classes / (precision + 1 / classes);
  }
  const std::string metric = row_.metric == "macro-f1" ? "accuracy/f1" : "accuracy";
  return {row_.name,           metric,
          majority.accuracy(), random / total,
          majority.macro_f1(), f1 / static_cast<double>(counts.size())};
}

}  // namespace prelude
