#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <sstream>
#include <thread>

#include "core/io/npy.h"
#include "tests/launch/commands/experiment_bench.h"

namespace prelude::test {
namespace {

using nlohmann::json;

TEST(Experiment, FromAUsersFileToATable) {
  const ExperimentBench bench;
  const ProgramResult run = bench.run("out", {{"--methods", {"pt", "hybrid-pt", "ppt", "ft"}}});
  ASSERT_EQ(run.code, 0) << run.errors;
  for (const char* file : {"results.json", "table.md", "table.tex", "box.svg", "curves.svg", "config.ini"}) {
    EXPECT_TRUE(std::filesystem::exists(bench.path("out") + "/" + file)) << file;
  }
  EXPECT_NE(run.output.find("hybrid-pt"), std::string::npos) << run.output;
  EXPECT_NE(run.errors.find("8/8"), std::string::npos) << run.errors;

  const json results = bench.results("out");
  ASSERT_EQ(results.at("cells").size(), 8U);
  for (const json& cell : results.at("cells")) {
    EXPECT_FALSE(cell.at("failed").get<bool>()) << cell.dump();
    EXPECT_EQ(cell.at("test").at("examples"), 30);
    EXPECT_EQ(cell.at("train_indices").size(), 8U);
    EXPECT_EQ(cell.at("dev_indices").size(), 8U);
    EXPECT_EQ(cell.at("curve").size(), 3U);  // steps 0, 6 and 12
  }
  const json& baseline = results.at("baselines").at(0);
  EXPECT_EQ(baseline.at("majority"), 0.5);
  EXPECT_EQ(baseline.at("random"), 0.5);
}

// The dev set chooses; the test set is looked at once, at the chosen state.
TEST(Experiment, SelectsOnTheDevSetAlone) {
  const ExperimentBench bench;
  ASSERT_EQ(bench.run("out").code, 0);
  const json results = bench.results("out");
  for (const json& cell : results.at("cells")) {
    double best = -1;
    double loss = 0;
    std::int64_t step = -1;
    for (const json& point : cell.at("curve")) {
      const double accuracy = point.at("accuracy");
      if (accuracy < best || (accuracy == best && point.at("loss").get<double>() >= loss)) continue;
      best = accuracy;
      loss = point.at("loss");
      step = point.at("step");
    }
    EXPECT_EQ(cell.at("best_step"), step);
    EXPECT_EQ(cell.at("dev").at("accuracy"), best);
  }
}

TEST(Experiment, TwoRanksGiveTheTableOfOne) {
  const ExperimentBench bench;
  ASSERT_EQ(bench.run("one").code, 0);
  std::vector<std::string> words{"2", PRELUDE_PROGRAM};
  for (std::string& word : bench.arguments("two")) words.push_back(std::move(word));
  RunningProgram ranks(PRELUDE_SOURCE_DIR "/scripts/ranks", words);
  const ProgramResult run = ranks.wait();
  ASSERT_EQ(run.code, 0) << run.errors;
  EXPECT_EQ(bench.results("two"), bench.results("one"));
}

TEST(Experiment, KilledItFinishesWhatIsMissing) {
  const ExperimentBench bench;
  const ExperimentBench::Options longer{{"--seeds", {"10", "20", "30", "40"}}};
  ASSERT_EQ(bench.run("whole", longer).code, 0);
  for (const int signal : {SIGKILL, SIGTERM}) {
    const std::string name = signal == SIGKILL ? "killed" : "asked";
    RunningProgram program(bench.arguments(name, longer));
    while (program.running() && bench.cells(name) < 3) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    program.send(signal);
    EXPECT_EQ(program.wait().code, signal == SIGKILL ? 128 + SIGKILL : 3);
    const std::size_t done = bench.cells(name);
    ASSERT_LT(done, 8U);
    const ProgramResult again = bench.run(name, longer);
    ASSERT_EQ(again.code, 0) << again.errors;
    EXPECT_NE(again.errors.find("8 cells, " + std::to_string(8 - done) + " of them"), std::string::npos)
        << again.errors;
    EXPECT_EQ(bench.results(name), bench.results("whole"));
  }
}

TEST(Experiment, MoreSeedsKeepTheOldCellsAndOtherStepsDoNot) {
  const ExperimentBench bench;
  ASSERT_EQ(bench.run("out").code, 0);
  const ProgramResult more = bench.run("out", {{"--seeds", {"10", "20", "30"}}});
  EXPECT_NE(more.errors.find("6 cells, 2 of them"), std::string::npos) << more.errors;
  const ProgramResult other = bench.run("out", {{"--steps", {"6"}}});
  EXPECT_NE(other.errors.find("4 cells, 4 of them"), std::string::npos) << other.errors;
}

// What days have computed does not go for one changed option.
TEST(Experiment, CellsOfOtherOptionsComeBackWithTheirOptions) {
  const ExperimentBench bench;
  ASSERT_EQ(bench.run("out").code, 0);
  const json results = bench.results("out");
  const std::string cell = bench.path("out") + "/cells/films/pt/shots-8/rate-0.3/seed-10";
  const auto files = [&] { return std::pair(read_file(cell + ".json"), read_file(cell + ".npy")); };
  const auto before = files();
  ASSERT_EQ(bench.run("out", {{"--methods", {"pt"}}, {"--steps", {"6"}}}).code, 0);
  EXPECT_NE(files().first, before.first);
  const ProgramResult part = bench.run("out", {{"--methods", {"ppt"}}});
  EXPECT_NE(part.errors.find("2 cells, 0 of them"), std::string::npos) << part.errors;
  EXPECT_EQ(bench.results("out"), results) << "those that stand beside are of the table, too";
  const ProgramResult back = bench.run("out");
  EXPECT_NE(back.errors.find("4 cells, 0 of them"), std::string::npos) << back.errors;
  EXPECT_EQ(bench.results("out"), results);
  EXPECT_EQ(files(), before);
}

// A file is named after the identity of a cell that stands aside.
TEST(Experiment, AnIdentityOfACellNamesNoOtherPlace) {
  const ExperimentBench bench;
  ASSERT_EQ(bench.run("out").code, 0);
  const std::string cell = bench.path("out") + "/cells/films/pt/shots-8/rate-0.3/seed-10.json";
  json file = json::parse(read_file(cell));
  file["identity"] = "/../../../../../x";
  write_file(cell, file.dump());
  const ProgramResult run = bench.run("out");
  EXPECT_EQ(run.code, 2);
  EXPECT_NE(run.errors.find("'identity' must be 32 hexadecimal digits"), std::string::npos) << run.errors;
}

TEST(Experiment, InspectKnowsItsFolder) {
  const ExperimentBench bench;
  ASSERT_EQ(bench.run("out").code, 0);
  const ProgramResult result = run_program({"inspect", bench.path("out"), "--json"});
  ASSERT_EQ(result.code, 0) << result.errors;
  const json facts = json::parse(result.output);
  EXPECT_EQ(facts.at("kind"), "experiment");
  EXPECT_EQ(facts.at("cells"), 4);
  EXPECT_EQ(facts.at("seeds"), (std::vector<int>{10, 20}));
}

TEST(Experiment, SaysWhichPromptsAndRevisionsDiffer) {
  const ExperimentBench bench;
  const ProgramResult unused = bench.run("out", {{"--prompt-nsp", {bench.path("cls.npy")}}});
  EXPECT_EQ(unused.code, 0) << unused.errors;
  EXPECT_NE(unused.errors.find("note: --prompt-nsp does nothing here"), std::string::npos) << unused.errors;
  const std::string cell = bench.path("out") + "/cells/films/pt/shots-8/rate-0.3/seed-10.json";
  json file = json::parse(read_file(cell));
  file["cell"]["revision"] = "0123abcd";
  write_file(cell, file.dump());
  const ProgramResult again = bench.run("out");
  EXPECT_NE(again.errors.find("note: 1 of 4 cells were computed by another revision of the program (0123abcd;"),
            std::string::npos)
      << again.errors;
}

TEST(Experiment, VotesOfOtherOptionsAreNotKept) {
  const ExperimentBench bench;
  const auto votes_of = [&] {
    std::vector<std::string> methods;
    for (const json& vote : json::parse(read_file(bench.path("out") + "/ensembles.json"))) {
      methods.push_back(vote.at("method"));
    }
    return methods;
  };
  ASSERT_EQ(bench.run("out", {{"--ensembles", {""}}}).code, 0);
  ASSERT_EQ(bench.run("out", {{"--ensembles", {""}}, {"--methods", {"ppt"}}}).code, 0);
  EXPECT_EQ(votes_of().size(), 2U);
  ASSERT_EQ(bench.run("out", {{"--ensembles", {""}}, {"--methods", {"ppt"}}, {"--steps", {"6"}}}).code, 0);
  EXPECT_EQ(votes_of(), std::vector<std::string>{"ppt"});
}

TEST(Experiment, AnotherPromptLeavesTheCellsThatDoNotStartFromIt) {
  const ExperimentBench bench;
  ASSERT_EQ(bench.run("out").code, 0);
  write_npy(bench.path("other.npy"), {4, 64}, std::vector<float>(std::size_t{4} * 64, 0.5F));
  const ProgramResult unused = bench.run("out", {{"--prompt-nsp", {bench.path("other.npy")}}});
  EXPECT_NE(unused.errors.find("4 cells, 0 of them"), std::string::npos) << unused.errors;
  const ProgramResult used = bench.run("out", {{"--prompt-cls", {bench.path("other.npy")}}});
  EXPECT_NE(used.errors.find("4 cells, 2 of them"), std::string::npos) << used.errors;
}

// A look at a part of the table does not take the rest away; what other options computed does not stand in it.
TEST(Experiment, ALookAtAPartKeepsTheWholeTable) {
  const ExperimentBench bench;
  ASSERT_EQ(bench.run("out", {{"--methods", {"pt", "hybrid-pt", "ppt"}}}).code, 0);
  const json whole = bench.results("out");
  const std::string table = read_file(bench.path("out") + "/table.md");
  const ProgramResult part = bench.run("out", {{"--methods", {"ppt"}}, {"--seeds", {"20"}}});
  ASSERT_EQ(part.code, 0) << part.errors;
  EXPECT_NE(part.errors.find("1 cells, 0 of them"), std::string::npos) << part.errors;
  EXPECT_EQ(bench.results("out"), whole);
  EXPECT_EQ(read_file(bench.path("out") + "/table.md"), table);
  ASSERT_EQ(bench.run("out", {{"--methods", {"ppt"}}, {"--steps", {"6"}}}).code, 0);
  EXPECT_EQ(bench.results("out").at("cells").size(), 2U) << "the others are of 12 steps";
}

// Not the weights alone: whatever the numbers of a forward, or the ids of a text, depend on.
TEST(Experiment, AnotherConfigurationOrTokenizerMakesItsOwnCells) {
  const ExperimentBench bench;
  const std::string config = bench.path("backbone") + "/config.json";
  const std::string tokenizer = bench.path("backbone") + "/spiece.model";
  ASSERT_EQ(bench.run("out").code, 0);
  const auto changed = [&](const std::string& file, const std::string& bytes) {
    const std::string before = read_file(file);
    write_file(file, bytes);
    const ProgramResult run = bench.run("out");
    EXPECT_EQ(run.code, 0) << run.errors;
    EXPECT_NE(run.errors.find("4 cells, 4 of them"), std::string::npos) << run.errors;
    write_file(file, before);
  };
  const auto with = [&](const char* field, const json& value) {
    json object = json::parse(read_file(config));
    object[field] = value;
    return object.dump();
  };
  changed(config, with("layer_norm_epsilon", 1e-3));
  changed(config, with("dense_act_fn", "silu"));
  changed(config, with("scale_decoder_outputs", false));
  changed(tokenizer, read_file(PRELUDE_SOURCE_DIR "/data/backbone-small/spiece.model"));
}

TEST(Experiment, ACellWithoutItsPromptIsComputedAgain) {
  const ExperimentBench bench;
  ASSERT_EQ(bench.run("out").code, 0);
  const json results = bench.results("out");
  const std::string prompt = bench.path("out") + "/cells/films/pt/shots-8/rate-0.3/seed-10.npy";
  std::string bytes = read_file(prompt);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_file(prompt, bytes);
  const ProgramResult run = bench.run("out");
  EXPECT_NE(run.errors.find("4 cells, 1 of them"), std::string::npos) << run.errors;
  EXPECT_EQ(bench.results("out"), results);
}

TEST(Experiment, SaysWhatIsTrainedOnAndWhatCannotBeDrawn) {
  const ExperimentBench bench;
  const ProgramResult run = bench.run("out", {{"--shots", {"8", "64"}}, {"--methods", {"pt", "ppt"}}});
  EXPECT_NE(run.errors.find("data set films: 8 examples to train and 8 to choose, drawn by the seed from 40 of "
                            "train.jsonl, tested on 30 of test.jsonl\n"),
            std::string::npos)
      << run.errors;
  const std::size_t warned = run.errors.find("warning: seed 10: data set films");
  EXPECT_LT(warned, run.errors.find("1/8")) << "before the first cell: " << run.errors;
  std::filesystem::copy_file(bench.path("films") + "/test.jsonl", bench.path("films") + "/dev.jsonl");
  const std::string row = bench.row("with-dev.ini", "test = ", "test = test.jsonl\ndev = dev.jsonl");
  const ProgramResult with_dev = bench.run("dev", {{"--rows", {row}}});
  EXPECT_NE(with_dev.errors.find("; dev.jsonl is not used (--split given takes it)"), std::string::npos)
      << with_dev.errors;
}

TEST(Experiment, PromptsOfUnequalLengthAreNoted) {
  const ExperimentBench bench;
  const ProgramResult run = bench.run("out", {{"--prompt-length", {"6"}}, {"--steps", {"0"}}});
  EXPECT_NE(run.errors.find("the prompts differ in length (4 rows: ppt; 6 rows: pt)"), std::string::npos) << run.errors;
}

// One data set has too few examples for one number of shots: those cells fail, the others are finished.
TEST(Experiment, AFailedCellIsToldAndTheRestFinished) {
  const ExperimentBench bench;
  const ProgramResult run = bench.run("out", {{"--shots", {"8", "64"}}, {"--methods", {"pt"}}});
  EXPECT_EQ(run.code, 1);
  EXPECT_NE(run.errors.find("2 of 4 cells failed"), std::string::npos) << run.errors;
  std::size_t failed = 0;
  const json results = bench.results("out");
  for (const json& cell : results.at("cells")) {
    failed += cell.at("failed").get<bool>() ? 1U : 0U;
  }
  EXPECT_EQ(failed, 2U);
}

// The prompts that are kept, evaluated by another command, give the tested numbers; and they vote.
TEST(Experiment, KeepsPromptsAndLetsThemVote) {
  const ExperimentBench bench;
  const ProgramResult run =
      bench.run("out", {{"--ensembles", {""}}, {"--methods", {"pt"}}, {"--seeds", {"10", "20", "30"}}});
  ASSERT_EQ(run.code, 0) << run.errors;
  const json votes = json::parse(read_file(bench.path("out") + "/ensembles.json"));
  ASSERT_EQ(votes.size(), 1U);
  EXPECT_EQ(votes.at(0).at("prompts"), 3);
  EXPECT_EQ(votes.at(0).at("examples"), 30);

  std::string lines;
  std::istringstream test(read_file(bench.path("films") + "/test.jsonl"));
  for (std::string line; std::getline(test, line);) {
    const json example = json::parse(line);
    lines += json{{"source", example.at("review").get<std::string>() + "<extra_id_0>"},
                  {"candidates", {"<extra_id_0> bad", "<extra_id_0> good"}},
                  {"label", example.at("liked").get<bool>() ? 1 : 0}}
                 .dump() +
             "\n";
  }
  write_file(bench.path("test.jsonl"), lines);
  const json results = bench.results("out");
  for (const json& cell : results.at("cells")) {
    const std::string prompt =
        fmt::format("{}/cells/films/pt/shots-8/rate-0.3/seed-{}.npy", bench.path("out"), cell.at("seed").get<int>());
    const ProgramResult evaluated =
        run_program({"evaluate", "--backbone", bench.path("backbone"), "--prompt", prompt, "--input",
                     bench.path("test.jsonl"), "--device", "cpu", "--threads", "1"});
    ASSERT_EQ(evaluated.code, 0) << evaluated.errors;
    const json scores = json::parse(evaluated.output);
    EXPECT_EQ(scores.at("accuracy"), cell.at("test").at("accuracy"));
    EXPECT_NEAR(scores.at("macro_f1").get<double>(), cell.at("test").at("macro_f1").get<double>(), 1e-12);
    EXPECT_NEAR(scores.at("loss").get<double>(), cell.at("test").at("loss").get<double>(), 1e-5);
  }
}

// Zero-shot: the prompt as it is.
TEST(Experiment, OfNoStepsScoresThePrompt) {
  const ExperimentBench bench;
  ASSERT_EQ(bench.run("out", {{"--steps", {"0"}}, {"--methods", {"ppt"}}}).code, 0);
  const json results = bench.results("out");
  EXPECT_EQ(results.at("cells").at(0).at("best_step"), 0);
  EXPECT_EQ(results.at("cells").at(0).at("test"), results.at("cells").at(1).at("test"));
}

}  // namespace
}  // namespace prelude::test
