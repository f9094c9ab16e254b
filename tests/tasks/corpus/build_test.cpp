#include "tasks/corpus/build.h"

#include <gtest/gtest.h>

#include "core/text/tokenizer.h"
#include "tasks/corpus/corpus.h"
#include "tasks/corpus/verify.h"
#include "tests/core/io/compress.h"
#include "tests/tasks/corpus/build_fixture.h"

namespace prelude {
namespace {

using test::contents_of;
using test::error_of;
using test::kBooks;
using test::kTokenizerModel;
using test::small_build;
using test::TemporaryFolder;
using test::write_file;

using Texts = std::vector<std::vector<std::string>>;  // documents of sentences

Texts texts_of(const std::string& folder) {
  const Tokenizer tokenizer = Tokenizer::load(kTokenizerModel);
  const Corpus corpus = Corpus::open(folder);
  verify_corpus(folder);
  Texts texts(static_cast<std::size_t>(corpus.documents()));
  for (std::int64_t d = 0; d < corpus.documents(); ++d) {
    const SentenceRange range = corpus.document(d);
    for (std::int64_t s = range.first; s < range.last; ++s) {
      texts[static_cast<std::size_t>(d)].push_back(tokenizer.decode(corpus.sentence(s).take(1 << 20)));
    }
  }
  return texts;
}

TEST(BuildTest, ABlankLineEndsADocumentOfText) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "\n\nOne. Two!\nThree\n \t\nFour.\n\n\n\nFive. Six.");
  build_corpus(small_build(folder, folder / "a.txt"));
  EXPECT_EQ(texts_of(folder / "out"), (Texts{{"One.", "Two!", "Three"}, {"Four."}, {"Five.", "Six."}}));
}

TEST(BuildTest, ByLineEveryLineIsASentence) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "One. Two!\nThree\n\nFour. Five.\n");
  BuildOptions options = small_build(folder, folder / "a.txt");
  options.sentences = Splitting::line;
  build_corpus(options);
  EXPECT_EQ(texts_of(folder / "out"), (Texts{{"One. Two!", "Three"}, {"Four. Five."}}));
}

TEST(BuildTest, ALineOfJsonIsADocument) {
  const TemporaryFolder folder;
  write_file(folder / "a.jsonl", R"({"text": "One. Two.\nThree", "id": 7})"
                                 "\n\n"
                                 R"({"other": 1, "text": "Caf\u00e9 \ud83d. "})"
                                 "\n");
  EXPECT_NE(error_of(small_build(folder, folder / "a.jsonl")).find("a.jsonl:3: byte "),
            std::string::npos);  // half a pair
  write_file(folder / "b.jsonl", R"({"text": "One. Two.\nThree", "id": 7})"
                                 "\n\n"
                                 R"({"other": 1, "text": "Caf\u00e9. "})"
                                 "\n");
  BuildOptions options = small_build(folder, folder / "b.jsonl");
  options.output = folder / "second";
  build_corpus(options);
  EXPECT_EQ(texts_of(folder / "second"), (Texts{{"One.", "Two.", "Three"}, {"Caf\u00e9."}}));
}

TEST(BuildTest, AnotherFieldAndPackedFilesAndFolders) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "in/b/c");
  std::filesystem::create_directories(folder / "in/.hidden");
  write_file(folder / "in/b/2.jsonl.gz", test::gzip("{\"body\": \"Two.\"}\n"));
  write_file(folder / "in/b/c/3.txt.zst", test::zstd("Three.\n"));
  write_file(folder / "in/1.txt", "One.");
  write_file(folder / "in/.hidden/x.pdf", "x");
  write_file(folder / "in/.x", "x");
  write_file(folder / "z.txt.gz", test::gzip("Zero."));
  BuildOptions options = small_build(folder, folder / "z.txt.gz");
  options.inputs.push_back(folder / "in");
  options.text_field = "body";
  build_corpus(options);
  EXPECT_EQ(texts_of(folder / "out"), (Texts{{"Zero."}, {"One."}, {"Two."}, {"Three."}}));
}

TEST(BuildTest, FiltersAndCountsWhatTheyDrop) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt",
             "One.\nOne two three four five six.\nabcdefghij\nOne two three four five seven.\n\nNo.\n\n"
             "One two three four five eight.\n");
  BuildOptions options = small_build(folder, folder / "a.txt");
  options.min_sentence_chars = 10;
  options.min_sentence_tokens = 7;
  options.min_document_sentences = 2;
  const BuildResult result = build_corpus(options);
  EXPECT_EQ(texts_of(folder / "out"), (Texts{{"One two three four five six.", "One two three four five seven."}}));
  EXPECT_EQ(result.manifest.dropped, (DroppedCounts{2, 1, 2, 1}));
  EXPECT_EQ(Corpus::open(folder / "out").manifest().dropped, (DroppedCounts{2, 1, 2, 1}));
  EXPECT_EQ(result.documents_read, 3);
}

TEST(BuildTest, CharactersAreCountedNotBytes) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "\u00e9\u00e9\u00e9\u00e9\nabcde\n");
  BuildOptions options = small_build(folder, folder / "a.txt");
  options.min_sentence_chars = 5;
  build_corpus(options);
  EXPECT_EQ(texts_of(folder / "out"), Texts{{"abcde"}});
}

TEST(BuildTest, LabelsGoToEverySentence) {
  const TemporaryFolder folder;
  write_file(folder / "a.jsonl", R"({"text": "One. Two.", "label": 4, "confidence": 0.75})"
                                 "\n"
                                 R"({"text": "Three.", "label": 0})"
                                 "\n"
                                 R"({"text": "Four.", "label": null})"
                                 "\n");
  BuildOptions options = small_build(folder, folder / "a.jsonl");
  options.labels = true;
  build_corpus(options);
  const Corpus corpus = Corpus::open(folder / "out");
  ASSERT_TRUE(corpus.has_labels());
  std::vector<std::pair<int, float>> labels;
  for (std::int64_t s = 0; s < corpus.sentences(); ++s)
    labels.emplace_back(corpus.label(s), corpus.label_confidence(s));
  EXPECT_EQ(labels, (std::vector<std::pair<int, float>>{{4, 0.75F}, {4, 0.75F}, {0, 1.0F}, {-1, 0.0F}}));
}

// The corpus holds exactly what tokenizing each sentence of the text by itself gives, whatever the workers and shards.
TEST(BuildTest, AnyNumberOfWorkersMakesTheSameBytes) {
  const TemporaryFolder folder;
  std::map<std::string, std::string> first;
  for (const int workers : {1, 2, 5}) {
    BuildOptions options = small_build(folder, kBooks);
    options.output = folder / std::to_string(workers);
    options.shard_tokens = 150000;
    options.workers = workers;
    const BuildResult result = build_corpus(options);
    EXPECT_EQ(result.end, BuildResult::End::complete);
    EXPECT_GT(result.manifest.shards.size(), 4U);
    for (const ShardEntry& shard : result.manifest.shards) EXPECT_LT(shard.tokens, 150000 + 20000);
    if (workers == 1) first = contents_of(options.output);
    EXPECT_EQ(contents_of(options.output), first);
  }
}

TEST(BuildTest, TellsHowFarItIs) {
  const TemporaryFolder folder;
  BuildOptions options = small_build(folder, kBooks);
  options.shard_tokens = 300000;
  std::vector<BuildProgress> seen;
  const BuildResult result = build_corpus(options, {.progress = [&](const BuildProgress& p) { seen.push_back(p); }});
  ASSERT_EQ(seen.size(), 180U);
  for (std::size_t i = 1; i < seen.size(); ++i) {
    EXPECT_GE(seen[i].bytes_read, seen[i - 1].bytes_read);
    EXPECT_GT(seen[i].tokens, seen[i - 1].tokens);
  }
  EXPECT_EQ(seen.back().bytes_total, static_cast<std::int64_t>(std::filesystem::file_size(kBooks)));
  EXPECT_LE(seen.back().bytes_read, seen.back().bytes_total);
  EXPECT_EQ(seen.back().documents, Corpus::open(folder / "out").documents());
  EXPECT_EQ(seen.back().tokens, Corpus::open(folder / "out").tokens());
  EXPECT_EQ(result.manifest.tokenizer_sha256, Tokenizer::load(kTokenizerModel).sha256());
}

}  // namespace
}  // namespace prelude
