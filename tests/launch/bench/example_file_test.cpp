#include "launch/bench/example_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/io/atomic_file.h"
#include "tests/message_of.h"
#include "tests/temporary_folder.h"

namespace prelude::test {
namespace {

T5Config small_config() {
  T5Config config;
  config.vocab_size = 50;
  config.decoder_start_token_id = 7;
  return config;
}

Example example_of(std::vector<std::int32_t> source, std::vector<std::int32_t> target) {
  Example example;
  example.source = std::move(source);
  example.target = std::move(target);
  return example;
}

TEST(ExampleFile, GivesBackWhatWasWritten) {
  const TemporaryFolder folder;
  write_examples(folder / "examples.jsonl", {example_of({3, 4, 5}, {7, 8}), example_of({9}, {7, 1, 2})});
  const auto examples = read_examples(folder / "examples.jsonl", small_config());
  ASSERT_EQ(examples.size(), 2U);
  EXPECT_EQ(examples[0].source, (std::vector<std::int32_t>{3, 4, 5}));
  EXPECT_EQ(examples[0].target, (std::vector<std::int32_t>{7, 8}));
  EXPECT_EQ(examples[1].source, (std::vector<std::int32_t>{9}));
  EXPECT_EQ(examples[1].target, (std::vector<std::int32_t>{7, 1, 2}));
}

TEST(ExampleFile, NamesTheLineThatIsNoExample) {
  const TemporaryFolder folder;
  const std::string path = folder / "examples.jsonl";
  const auto message = [&](const std::string& text) {
    write_file_atomically(path, text);
    return message_of([&] { (void)read_examples(path, small_config()); });
  };
  const std::string good = R"({"source_ids":[1],"target_ids":[2]})";
  EXPECT_EQ(message(good + "\n{\"source_ids\":[1]}\n"),
            path + " line 2: it has no target_ids, but a training step needs them");
  EXPECT_EQ(message(R"({"source_ids":[50],"target_ids":[2]})"),
            path + " line 1: source_ids holds the id 50, but the backbone's ids are 0 to 49");
  EXPECT_EQ(message("\n"), "'" + path + "' holds no examples; a line is one, with source_ids and target_ids");
}

TEST(ExampleFile, CutsAsPreTrainingDoes) {
  const auto cut =
      cut_step({example_of({1}, {0, 1}), example_of({1, 2, 3}, {0, 2}), example_of({1, 2}, {0, 3})}, {.examples = 2});
  ASSERT_EQ(cut.size(), 2U);
  ASSERT_EQ(cut[0].size(), 2U);
  EXPECT_EQ(cut[0][0].source.size(), 3U);
  EXPECT_EQ(cut[0][1].source.size(), 2U);
  EXPECT_EQ(cut[1][0].source.size(), 1U);
}

}  // namespace
}  // namespace prelude::test
