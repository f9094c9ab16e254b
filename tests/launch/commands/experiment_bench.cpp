#include "tests/launch/commands/experiment_bench.h"

#include <filesystem>
#include <random>
#include <sstream>
#include <stdexcept>

#include "core/io/npy.h"

namespace prelude::test {
namespace {

// One `key = value` a line; templates as a user writes them.
const char* const films = R"(name = films
format = jsonl
train = train.jsonl
test = test.jsonl
fields = review
label-field = liked
labels = false -> bad
labels = true -> good
pt = {review}<X>
hybrid = {review} It was <X>.
ft = {review} It was <X>.
pretext = cls
)";

}  // namespace

ExperimentBench::ExperimentBench() {
  write_data();
  const ProgramResult made =
      run_program({"backbone", "create", "--shape", "tiny", "--tokenizer",
                   PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model", "--output", path("backbone")});
  if (made.code != 0) throw std::runtime_error(made.errors);
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<float> rows(std::size_t{4} * 64);
  for (float& value : rows) value = normal(random);
  write_npy(path("cls.npy"), {4, 64}, rows);
}

void ExperimentBench::write_data() const {
  std::filesystem::create_directories(path("films"));
  std::mt19937 random(11);
  for (const auto& [name, count] : {std::pair{"train.jsonl", 40}, std::pair{"test.jsonl", 30}}) {
    std::string text;
    for (int i = 0; i < count; ++i) {
      const bool liked = i % 2 == 0;
      nlohmann::json line{{"review", liked ? "a warm" : "a cold"}, {"liked", liked}};
      for (auto words = random() % 6; words > 0; --words) {
        line["review"] = line["review"].get<std::string>() + (random() % 2 == 0 ? " film" : " old story");
      }
      text += line.dump() + "\n";
    }
    write_file(path("films") + "/" + name, text);
  }
  write_file(path("films.ini"), films);
}

std::string ExperimentBench::row(const std::string& name, const std::string& key, const std::string& line) const {
  std::istringstream lines(films);
  std::string text;
  std::string replacement = line.empty() ? "" : line + "\n";
  for (std::string each; std::getline(lines, each);) {
    if (!each.starts_with(key)) {
      text += each + "\n";
      continue;
    }
    text += replacement;
    replacement.clear();
  }
  write_file(path(name), text);
  return path(name);
}

std::vector<std::string> ExperimentBench::arguments(const std::string& output, const Options& more) const {
  Options options{{"--backbone", {path("backbone")}},
                  {"--rows", {path("films.ini")}},
                  {"--data", {"films=" + path("films")}},
                  {"--methods", {"pt", "ppt"}},
                  {"--prompt-cls", {path("cls.npy")}},
                  {"--prompt-length", {"4"}},
                  {"--shots", {"8"}},
                  {"--seeds", {"10", "20"}},
                  {"--steps", {"12"}},
                  {"--global-batch", {"4"}},
                  {"--micro-tokens", {"64"}},
                  {"--output", {path(output)}},
                  {"--device", {"cpu"}},
                  {"--threads", {"1"}}};
  for (const auto& [name, values] : more) options[name] = values;
  std::vector<std::string> words{"experiment"};
  for (const auto& [name, values] : options) {
    if (values.empty()) continue;
    words.push_back(name);
    if (values.front().empty()) continue;
    words.insert(words.end(), values.begin(), values.end());
  }
  return words;
}

ProgramResult ExperimentBench::run(const std::string& output, const Options& more) const {
  return run_program(arguments(output, more));
}

nlohmann::json ExperimentBench::results(const std::string& output) const {
  nlohmann::json results = nlohmann::json::parse(read_file(path(output) + "/results.json"));
  results.erase("configuration");
  results.erase("version");
  for (auto& cell : results.at("cells")) cell.erase("seconds");
  return results;
}

std::size_t ExperimentBench::cells(const std::string& output) const {
  std::size_t count = 0;
  std::error_code missing;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path(output) + "/cells", missing)) {
    count += entry.path().extension() == ".json" ? 1U : 0U;
  }
  return count;
}

}  // namespace prelude::test
