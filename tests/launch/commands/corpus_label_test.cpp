// `prelude corpus label` as a user runs it, on a tiny backbone and corpus.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "tasks/corpus/corpus.h"
#include "tests/launch/commands/label_bench.h"

namespace prelude::test {
namespace {

using Json = nlohmann::json;

const std::vector<std::string> ppt_words{"terrible", "bad", "maybe", "good", "great"};

class CorpusLabel : public testing::Test {
 protected:
  static LabelBench& bench() {
    static LabelBench bench;
    return bench;
  }
  // Made once.
  static const std::map<std::string, std::string>& whole() {
    static const std::map<std::string, std::string> contents = [] {
      const ProgramResult result = run_program(bench().label("whole"));
      EXPECT_EQ(result.code, 0) << result.errors;
      return bench().contents("whole");
    }();
    return contents;
  }
  // Scores that `prelude predict` gives to the candidates of each line: another path, through JSON and whole targets.
  static std::vector<std::vector<double>> predicted(const std::vector<Json>& requests) {
    std::ofstream input(bench().path("input.jsonl"));
    for (const Json& request : requests) input << request << "\n";
    input.close();
    const ProgramResult result =
        run_program({"predict", "--backbone", bench().path("backbone"), "--prompt", bench().path("prompt.npy"),
                     "--input", bench().path("input.jsonl"), "--device", "cpu", "--threads", "1"});
    EXPECT_EQ(result.code, 0) << result.errors;
    std::vector<std::vector<double>> scores;
    std::istringstream lines(result.output);
    for (std::string line; std::getline(lines, line);) scores.push_back(Json::parse(line)["scores"]);
    return scores;
  }
  // The same as text: tokens come from the sentences, not from the corpus.
  static std::vector<std::vector<double>> predicted(const std::string& before, const std::string& after,
                                                    const std::vector<std::string>& words) {
    std::vector<Json> requests;
    for (const std::string& sentence : bench().sentences()) {
      Json& request = requests.emplace_back(
          Json{{"source", fmt::format("{}{}{}", before, sentence, after)}, {"candidates", Json::array()}});
      for (const std::string& word : words) request["candidates"].push_back("<extra_id_0> " + word);
    }
    return predicted(requests);
  }
  static void expect_labels(const std::string& output, const std::vector<std::vector<double>>& scores) {
    const Corpus corpus = Corpus::open(bench().path(output));
    ASSERT_EQ(corpus.sentences(), static_cast<std::int64_t>(scores.size()));
    std::set<std::int32_t> seen;
    for (std::int64_t s = 0; s < corpus.sentences(); ++s) {
      const std::vector<double>& row = scores[static_cast<std::size_t>(s)];
      const auto best = std::max_element(row.begin(), row.end());
      double sum = 0;
      for (const double score : row) sum += std::exp(score - *best);
      EXPECT_EQ(corpus.label(s), best - row.begin()) << s;
      EXPECT_NEAR(corpus.label_confidence(s), 1 / sum, 1e-4) << s;
      seen.insert(corpus.label(s));
    }
    EXPECT_GE(seen.size(), 3U);  // else it says little
  }
};

TEST_F(CorpusLabel, GivesWhatPredictSays) {
  whole();
  expect_labels("whole", predicted("", "<extra_id_0>", ppt_words));
  const ProgramResult verified = run_program({"corpus", "verify", bench().path("whole")});
  EXPECT_EQ(verified.code, 0) << verified.errors;
}

TEST_F(CorpusLabel, TakesATemplateAndOtherWords) {
  const std::vector<std::string> words{"old", "new", "green", "near", "far"};
  std::vector<std::string> arguments =
      bench().label("template", {"--template", "Review: {sentence} It was <extra_id_0>."});
  arguments.insert(arguments.end(), {"--label-words", "old", "new", "green", "near", "far"});
  const ProgramResult result = run_program(arguments);
  ASSERT_EQ(result.code, 0) << result.errors;
  expect_labels("template", predicted("Review: ", " It was <extra_id_0>.", words));
}

// --max-source 13: beside 3 prompt rows and the sentinel there is room for 9 ids of the sentence.
TEST_F(CorpusLabel, CutsTheSentenceAndNotTheTemplate) {
  const ProgramResult result = run_program(bench().label("short", {"--max-source", "13"}));
  ASSERT_EQ(result.code, 0) << result.errors;
  const Corpus corpus = Corpus::open(bench().path("corpus"));
  std::vector<Json> requests;
  for (std::int64_t s = 0; s < corpus.sentences(); ++s) {
    std::vector<std::int32_t> source = corpus.sentence(s).take(9);
    source.push_back(32099);
    Json& request = requests.emplace_back(Json{{"source_ids", source}, {"candidate_ids", Json::array()}});
    for (const int word : {9412, 1282, 2087, 207, 248}) request["candidate_ids"].push_back({32099, word});
  }
  expect_labels("short", predicted(requests));
}

TEST_F(CorpusLabel, CountsTheClassesAndThoseAboveTheThresholds) {
  std::vector<std::string> arguments = bench().label("whole");
  whole();
  arguments.insert(arguments.end(), {"--confidence", "0.2", "0.3", "0.4", "0.5", "0.6"});
  const ProgramResult again = run_program(arguments);
  EXPECT_EQ(again.code, 0) << again.errors;
  EXPECT_NE(again.output.find("already complete: "), std::string::npos) << again.output;
  EXPECT_TRUE(bench().contents("whole") == whole());
  const Corpus corpus = Corpus::open(bench().path("whole"));
  const std::vector<double> thresholds{0.2, 0.3, 0.4, 0.5, 0.6};
  for (std::size_t c = 0; c < 5; ++c) {
    int labelled = 0;
    int above = 0;
    for (std::int64_t s = 0; s < corpus.sentences(); ++s) {
      if (corpus.label(s) != static_cast<std::int32_t>(c)) continue;
      ++labelled;
      above += static_cast<double>(corpus.label_confidence(s)) > thresholds[c] ? 1 : 0;
    }
    const std::string row =
        fmt::format("  {:<8}{:<16}{:>12}{:>12}{:>12}\n", c, ppt_words[c], labelled, thresholds[c], above);
    EXPECT_NE(again.output.find(row), std::string::npos) << row << again.output;
  }
}

TEST_F(CorpusLabel, APartGetsTheLabelsOfTheWhole) {
  ASSERT_EQ(run_program(bench().label("limit", {"--limit", "40"})).code, 0);
  ASSERT_EQ(run_program(bench().label("fraction", {"--fraction", "0.25", "--seed", "9"})).code, 0);
  whole();
  const Corpus all = Corpus::open(bench().path("whole"));
  for (const auto& [name, wanted] : std::map<std::string, std::int64_t>{
           {"limit", 40}, {"fraction", std::llround(0.25 * static_cast<double>(all.sentences()))}}) {
    const Corpus part = Corpus::open(bench().path(name));
    std::int64_t labelled = 0;
    std::int64_t in_last_half = 0;
    for (std::int64_t s = 0; s < part.sentences(); ++s) {
      if (part.label(s) < 0) {
        EXPECT_EQ(part.label_confidence(s), 0.0F);
        continue;
      }
      ++labelled;
      in_last_half += 2 * s >= part.sentences() ? 1 : 0;
      EXPECT_EQ(part.label(s), all.label(s));
      EXPECT_NEAR(part.label_confidence(s), all.label_confidence(s), 1e-5);
    }
    EXPECT_EQ(labelled, wanted) << name;
    EXPECT_GT(4 * in_last_half, labelled) << name;  // drawn from everywhere
    EXPECT_LT(4 * in_last_half, 3 * labelled) << name;
  }
}

TEST_F(CorpusLabel, KilledAtAnyMomentItGoesOnToTheSameBytes) {
  whole();
  int killed = 0;
  for (const std::size_t shards : {1U, 2U, 4U}) {
    RunningProgram program(bench().label("killed"));
    while (program.running() && bench().shards_in("killed") < shards) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    program.send(SIGKILL);
    killed += program.wait().code == 128 + SIGKILL ? 1 : 0;
  }
  EXPECT_GE(killed, 2);  // a loaded machine may be too late for the last
  // What is sealed is not made again: another micro-batch is refused.
  EXPECT_EQ(run_program(bench().label("killed", {"--micro-tokens", "500"})).code, 2);
  const ProgramResult last = run_program(bench().label("killed", {"--micro-tokens", "auto"}));
  EXPECT_EQ(last.code, 0) << last.errors;
  EXPECT_TRUE(bench().contents("killed") == whole());
}

TEST_F(CorpusLabel, ASignalStopsItForALaterRun) {
  whole();
  RunningProgram program(bench().label("stopped"));
  while (program.running() && bench().shards_in("stopped") < 1) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  program.send(SIGTERM);
  const ProgramResult stopped = program.wait();
  EXPECT_EQ(stopped.code, 3) << stopped.errors;
  EXPECT_NE(stopped.output.find("stopped, run again to continue"), std::string::npos) << stopped.output;
  EXPECT_FALSE(std::filesystem::exists(bench().path("stopped") + "/corpus.json"));
  EXPECT_EQ(run_program(bench().label("stopped")).code, 0);
  EXPECT_TRUE(bench().contents("stopped") == whole());
}

TEST_F(CorpusLabel, TaskClsTrainsOnIt) {
  whole();
  std::vector<std::string> arguments{"pretrain",
                                     "--backbone",
                                     bench().path("backbone"),
                                     "--corpus",
                                     bench().path("whole"),
                                     "--output",
                                     bench().path("run"),
                                     "--task",
                                     "cls",
                                     "--steps",
                                     "3",
                                     "--global-batch",
                                     "4",
                                     "--prompt-length",
                                     "3",
                                     "--validation-examples",
                                     "4",
                                     "--device",
                                     "cpu",
                                     "--threads",
                                     "1"};
  arguments.insert(arguments.end(), {"--confidence", "0.2", "0.2", "0.2", "0.2", "0.2"});
  const ProgramResult result = run_program(arguments);
  EXPECT_EQ(result.code, 0) << result.errors;
  EXPECT_TRUE(std::filesystem::exists(bench().path("run") + "/prompt/adapter_model.safetensors"));
}

TEST_F(CorpusLabel, SaysWhereTheLabelsComeFrom) {
  whole();
  const ProgramResult result = run_program({"inspect", bench().path("whole"), "--json"});
  ASSERT_EQ(result.code, 0) << result.errors;
  const Json labelling = Json::parse(result.output)["labelling"];
  EXPECT_EQ(labelling["template"], "{sentence}<extra_id_0>");
  EXPECT_EQ(labelling["label-words"], "terrible bad maybe good great");
  EXPECT_EQ(labelling["sentences"], std::to_string(bench().sentences().size()));
  for (const char* hash : {"backbone", "prompt", "corpus"}) EXPECT_EQ(labelling[hash].get<std::string>().size(), 32U);
}

TEST_F(CorpusLabel, SaysThatAnotherRevisionLabelled) {
  ASSERT_EQ(run_program(bench().label("older")).code, 0);
  const std::string record = bench().path("older") + "/label.json";
  Json file = Json::parse(read_file(record));
  file["options"]["revision"] = "0123abcd";
  write_file(record, file.dump());
  const ProgramResult again = run_program(bench().label("older"));
  EXPECT_EQ(again.code, 0) << again.errors;
  EXPECT_NE(again.errors.find("labelled by another revision of the program (0123abcd;"), std::string::npos)
      << again.errors;
}

}  // namespace
}  // namespace prelude::test
