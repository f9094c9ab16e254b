#include "launch/commands/predict.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "tests/launch/one_rank.h"
#include "tests/launch/predict/golden_requests.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

std::vector<nlohmann::json> read_lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

std::vector<nlohmann::json> predict(const GoldenFile& golden, const std::vector<std::string>& more) {
  const TemporaryFolder folder;
  std::vector<std::string> arguments{"--backbone",       golden.backbone_folder(),
                                     "--input",          golden.path(),
                                     "--output",         folder / "out",
                                     "--max-new-tokens", "6",
                                     "--device",         "cpu",
                                     "--threads",        "1"};
  if (golden.prompt) arguments.insert(arguments.end(), {"--prompt", golden.prompt_folder()});
  arguments.insert(arguments.end(), more.begin(), more.end());
  EXPECT_EQ(test::run_alone(predict_command(), arguments), exit_done);
  return read_lines(folder / "out");
}

// Float64 numbers of transformers, one example at a time, without padding.
TEST(Predict, SaysWhatTransformersSaysWhateverTheBatchSize) {
  for (const GoldenFile& golden : golden_files()) {
    const auto expected = golden.lines();
    for (const char* batch_size : {"1", "3", "64"}) {
      const auto lines = predict(golden, {"--batch-size", batch_size});
      ASSERT_EQ(lines.size(), expected.size());
      for (std::size_t i = 0; i < lines.size(); ++i) {
        SCOPED_TRACE(golden.path() + " line " + std::to_string(i + 1) + ", batch size " + batch_size);
        const auto& right = expected[i]["expected"];
        EXPECT_EQ(lines[i]["index"], i);
        if (right.contains("target_logprobs")) {
          expect_near(lines[i]["target_logprobs"], right["target_logprobs"]);
          double sum = 0;
          for (const auto& value : right["target_logprobs"]) sum += value.get<double>();
          EXPECT_NEAR(lines[i]["loss"], -sum / static_cast<double>(right["target_logprobs"].size()), 1e-4);
        }
        EXPECT_EQ(lines[i].contains("scores"), right.contains("scores"));
        if (right.contains("scores")) {
          expect_near(lines[i]["scores"], right["scores"]);
          EXPECT_EQ(lines[i]["prediction"], right["prediction"]);
        }
        EXPECT_EQ(lines[i].value("generated_ids", nlohmann::json()), right.value("generated_ids", nlohmann::json()));
      }
    }
  }
}

TEST(Predict, LeavesNoOutputBehindAMistake) {
  const TemporaryFolder folder;
  const GoldenFile golden{"v1_1", false};
  write_file(folder / "in", "{\"source_ids\": [5], \"target_ids\": [7]}\n{\"source_ids\": [48]}\n");
  EXPECT_THROW(
      (void)test::run_alone(predict_command(), {"--backbone", golden.backbone_folder(), "--input", folder / "in",
                                                "--output", folder / "out", "--batch-size", "1", "--device", "cpu"}),
      UserError);
  EXPECT_FALSE(std::ifstream(folder / "out").good());
}

// A link stays a link, what it points at gets the lines; a pipe or a device is written, not replaced.
TEST(Predict, FollowsALinkAndWritesAPipe) {
  namespace fs = std::filesystem;
  const TemporaryFolder folder;
  const GoldenFile golden{"v1_1", false};
  write_file(folder / "in", "{\"source_ids\": [5], \"target_ids\": [7]}\n");
  write_file(folder / "real", "");
  fs::create_symlink("real", folder / "link");
  const auto run = [&](const std::string& output) {
    return test::run_alone(predict_command(), {"--backbone", golden.backbone_folder(), "--input", folder / "in",
                                               "--output", output, "--device", "cpu", "--threads", "1"});
  };
  EXPECT_EQ(run(folder / "link"), exit_done);
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read_lines(folder / "real").size(), 1U);
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const int reading = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reading, 0);
  EXPECT_EQ(run(pipe), exit_done);
  EXPECT_TRUE(fs::is_fifo(pipe));
  std::string line(4096, ' ');
  line.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(reading, line.data(), line.size()))));
  ::close(reading);
  EXPECT_EQ(line, read_file(folder / "real"));
  EXPECT_THROW(run(folder / "in"), UserError);
  EXPECT_EQ(read_lines(folder / "in").size(), 1U);
}

// A target and candidates on one line; --append-eos puts id 1 after source, target and candidate.
TEST(Predict, AppendsTheEndOfSequenceWhereAsked) {
  const TemporaryFolder folder;
  const GoldenFile golden{"v1_1", true};
  const auto run = [&](const std::string& content, const std::vector<std::string>& more) {
    write_file(folder / "in", content);
    std::vector<std::string> arguments{"--backbone", golden.backbone_folder(),
                                       "--prompt",   golden.prompt_folder(),
                                       "--input",    folder / "in",
                                       "--output",   folder / "out",
                                       "--device",   "cpu"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_EQ(test::run_alone(predict_command(), arguments), exit_done);
    return read_lines(folder / "out").at(0);
  };
  const auto appended =
      run("{\"source_ids\": [5, 9], \"target_ids\": [7], \"candidate_ids\": [[8], [9, 3]]}\n", {"--append-eos"});
  const auto written =
      run("{\"source_ids\": [5, 9, 1], \"target_ids\": [7, 1], \"candidate_ids\": [[8, 1], [9, 3, 1]]}\n", {});
  EXPECT_EQ(appended, written);
  EXPECT_EQ(appended["target_logprobs"].size(), 2U);
  EXPECT_EQ(appended["scores"].size(), 2U);
}

}  // namespace
}  // namespace prelude::test
