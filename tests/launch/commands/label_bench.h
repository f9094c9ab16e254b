// A tiny backbone, a random prompt and a corpus of lines, and labellings of it.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/io/npy.h"
#include "tests/launch/program.h"
#include "tests/temporary_folder.h"

namespace prelude::test {

class LabelBench {
 public:
  // Shards of some 500 tokens.
  explicit LabelBench(int documents = 30) {
    write_text(documents);
    must({"backbone", "create", "--shape", "tiny", "--tokenizer", tokenizer(), "--output", path("backbone")});
    must({"corpus", "build", "--input", path("text.txt"), "--sentences", "line", "--tokenizer", tokenizer(), "--output",
          path("corpus"), "--shard-tokens", "500", "--workers", "1"});
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    std::vector<float> rows(std::size_t{3} * 64);
    for (float& value : rows) value = normal(random);
    write_npy(path("prompt.npy"), {3, 64}, rows);
  }

  static std::string tokenizer() { return PRELUDE_SOURCE_DIR "/data/tokenizer/spiece.model"; }
  std::string path(const std::string& name) const { return folder_ / name; }
  const std::vector<std::string>& sentences() const { return sentences_; }

  // `corpus label` into path(output); `more` replaces options of the same name and adds.
  std::vector<std::string> label(const std::string& output, const std::vector<std::string>& more = {}) const {
    std::map<std::string, std::string> options{{"--backbone", path("backbone")},
                                               {"--prompt", path("prompt.npy")},
                                               {"--output", path(output)},
                                               {"--micro-tokens", "600"},
                                               {"--device", "cpu"},
                                               {"--threads", "1"}};
    std::string corpus = path("corpus");
    for (std::size_t i = 0; i + 1 < more.size(); i += 2)
      (more[i] == "corpus" ? corpus : options[more[i]]) = more[i + 1];
    std::vector<std::string> words{"corpus", "label", corpus};
    for (const auto& [name, value] : options) words.insert(words.end(), {name, value});
    return words;
  }

  // Every file of the folder path(name) but its lock.
  std::map<std::string, std::string> contents(const std::string& name) const {
    std::map<std::string, std::string> contents;
    for (const auto& entry : std::filesystem::directory_iterator(path(name))) {
      const std::string file = entry.path().filename().string();
      if (file != ".lock") contents[file] = read_file(entry.path().string());
    }
    return contents;
  }
  std::size_t shards_in(const std::string& name) const {
    std::size_t shards = 0;
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(path(name), missing)) {
      shards += entry.path().extension() == ".h5" ? 1U : 0U;
    }
    return shards;
  }

 private:
  static void must(const std::vector<std::string>& arguments) {
    const ProgramResult result = run_program(arguments);
    if (result.code != 0) throw std::runtime_error(arguments.at(0) + ": " + result.errors);
  }
  void write_text(int documents) {
    const std::vector<std::string> words{"the",   "a",    "good",  "bad",  "great", "terrible", "film", "book",
                                         "was",   "not",  "quite", "fine", "old",   "green",    "king", "river",
                                         "house", "over", "near",  "city", "bread", "water"};
    std::mt19937 random(3);
    std::string text;
    for (int d = 0; d < documents; ++d) {
      for (std::size_t s = 3 + random() % 7; s > 0; --s) {
        std::string sentence = "The";
        for (std::size_t w = 5 + random() % 20; w > 0; --w) sentence += " " + words[random() % words.size()];
        sentences_.push_back(sentence + ".");
        text += sentences_.back() + "\n";
      }
      text += "\n";
    }
    write_file(path("text.txt"), text);
  }

  TemporaryFolder folder_;
  std::vector<std::string> sentences_;
};

}  // namespace prelude::test
