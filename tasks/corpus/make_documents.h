// The documents of a corpus build, made by threads here and by workers elsewhere, in the order of the input.
#pragma once

#include <functional>

#include "core/text/tokenizer.h"
#include "tasks/corpus/build_options.h"
#include "tasks/corpus/document_maker.h"
#include "tasks/corpus/document_reader.h"
#include "tasks/corpus/far_workers.h"

namespace prelude {

// Makes every document of `reader` and hands them to `use`, in the caller's thread, until it says false. What `use`
// sees depends on neither the number of threads (options.workers) nor on `far` (may be null), which takes work beside
// them. Under way at once are about 64 MiB of text, a single document that is larger, and what keeps the far workers
// busy. Throws UserError where a far worker was started with other options or another tokenizer, and what a step threw.
void make_documents(const BuildOptions& options, const Tokenizer& tokenizer, DocumentReader& reader, FarWorkers* far,
                    const std::function<bool(const MadeDocument&)>& use);

// What those far workers do, in their own process. Throws UserError where the tokenizer cannot be read.
FarService document_service(const BuildOptions& options);

}  // namespace prelude
