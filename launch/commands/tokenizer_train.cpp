#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "core/io/atomic_file.h"
#include "core/io/output_folder.h"
#include "core/io/printable.h"
#include "core/text/tokenizer.h"
#include "core/text/train_unigram.h"
#include "launch/commands/input_options.h"
#include "launch/commands/tokenizer.h"
#include "launch/standard_output.h"
#include "launch/telemetry/progress.h"
#include "tasks/corpus/sentence_sample.h"

namespace prelude {
namespace {

struct TokenizerTrainOptions {
  BuildOptions input;
  std::string on_error = "stop";
  std::string output;
  UnigramOptions unigram;
  SentenceSampleOptions sample{.most_sentences = 1'000'000, .most_bytes = kMostSentenceBytes};
};

void declare(OptionTable& table, TokenizerTrainOptions& options) {
  declare_inputs(table, options.input);
  table
      .add("output", options.output, "DIR",
           "The folder that spiece.model goes into; one that is there is not replaced.")
      .required();
  table
      .add("vocabulary", options.unigram.vocabulary, "N",
           "Pieces of the model, <pad>, </s> and <unk> among them. The 100 sentinels come above: a backbone needs 100 "
           "ids more.")
      .at_least(4)
      .at_most(1'000'000);
  table
      .add("character-coverage", options.unigram.character_coverage, "SHARE",
           "Share of the text's characters that get a piece of their own; the rarest are unknown.")
      .at_least(0.98)
      .at_most(1);
  table
      .add("max-sentences", options.sample.most_sentences, "N",
           "Learns from a random sample of this many lines where there are more (a line of more than 4,192 bytes "
           "counts for several). Memory grows with it: about 30 bytes a byte of text.")
      .at_least(1)
      .at_most(100'000'000);
  table.add("seed", options.sample.seed, "N", "Of that sample. The same input and options make the same bytes.");
  declare_text_field(table, options.input);
  declare_input_problems(table, options.input, options.on_error);
}

SentenceSample read_sample(const TokenizerTrainOptions& options) {
  BuildOptions input = options.input;
  input.skip_errors = options.on_error == "skip";
  std::unique_ptr<ProgressBar> bar;
  SentenceSample sample = sample_sentences(input, options.sample,
                                           {.begins =
                                                [](const InputFiles& files) {
                                                  for (const std::string& note : notes_on(files))
                                                    fmt::print(stderr, "{}\n", message_line(note));
                                                },
                                            .progress =
                                                [&](std::int64_t read, std::int64_t total) {
                                                  if (!bar)
                                                    bar = std::make_unique<ProgressBar>("reading", "bytes", total);
                                                  bar->update(read);
                                                },
                                            .left_out =
                                                [&](const InputProblem& problem) {
                                                  if (bar) {
                                                    bar->message(problem.message);
                                                  } else {
                                                    fmt::print(stderr, "{}\n", message_line(problem.message));
                                                  }
                                                }});
  if (bar) bar->finish();
  return sample;
}

int run(const TokenizerTrainOptions& options) {
  const OutputFolder folder(options.output, FolderKind::tokenizer);
  const std::string path = fmt::format("{}/spiece.model", options.output);
  AtomicFile file(path);  // before the work: a folder that cannot be written ends it here
  const SentenceSample sample = read_sample(options);
  require(!sample.sentences.empty(), "there is no text in the input ({} documents read; {}); give more",
          sample.documents, sample.problems.summary());
  fmt::print(stderr, "learning {} pieces from {} of {} lines of {} documents; this takes a while\n",
             options.unigram.vocabulary, sample.sentences.size(), sample.sentences_read, sample.documents);
  file.write(train_unigram(sample.sentences, options.unigram));
  file.commit();
  const Tokenizer tokenizer = Tokenizer::load(path);
  print_out("{}: {} pieces, {} ids with the {} sentinels; {}\n", path, options.unigram.vocabulary, tokenizer.size(),
            tokenizer.sentinels(), sample.problems.summary());
  return exit_done;
}

}  // namespace

Command tokenizer_train_command() {
  return make_command<TokenizerTrainOptions>("tokenizer train", "text to a small tokenizer of T5's layout", declare,
                                             run);
}

}  // namespace prelude
