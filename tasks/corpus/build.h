// Text in, a corpus folder out (docs/formats.md, "Corpus folder").
#pragma once

#include <cstdint>
#include <functional>

#include "tasks/corpus/build_options.h"
#include "tasks/corpus/far_workers.h"
#include "tasks/corpus/input_files.h"
#include "tasks/corpus/input_problem.h"
#include "tasks/corpus/manifest.h"

namespace prelude {

struct BuildProgress {
  std::int64_t bytes_read = 0;   // of the input files as they are on disk
  std::int64_t bytes_total = 0;  // of all of them
  std::int64_t documents = 0;    // in the corpus so far
  std::int64_t sentences = 0;
  std::int64_t tokens = 0;
  std::int64_t shards = 0;  // sealed
};

// Called from build_corpus' own thread; each may be empty.
struct BuildHooks {
  std::function<void(const InputFiles&)> begins = {};       // before the first document is read
  std::function<void(const BuildProgress&)> progress = {};  // after each document read
  std::function<void(const InputProblem&)> left_out = {};   // with skip_errors: each problem, in the order of the input
  std::function<bool()> stop = {};                          // after each document read; true: stop now, to be continued
};

struct BuildResult {
  enum class End { complete, already_complete, stopped };
  End end = End::complete;
  Manifest manifest;  // of a stopped build: what is sealed
  ProblemCounts problems;
  std::int64_t documents_read = 0;  // of the input, with those left out
};

// Builds, or continues an interrupted build of the same options and input. The bytes of the folder are a function of
// the input files and the options (without `workers`): interruptions leave no trace, and neither does `far` (may be
// null): workers elsewhere that run document_service() (make_documents.h) of the same options. Memory: one shard's
// arrays (ShardWriter) and the documents under way (make_documents.h). Throws UserError for the first problem of the
// input unless skip_errors; for a folder that holds something else, another build's options, or that another process is
// writing; where the disk is full; and where no document is left. A build that failed can be continued.
BuildResult build_corpus(const BuildOptions& options, const BuildHooks& hooks = {}, FarWorkers* far = nullptr);

}  // namespace prelude
