#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/text/tokenizer.h"
#include "tasks/corpus/corpus.h"
#include "tasks/pretext/pretext_options.h"
#include "tasks/pretext/pretext_task.h"

namespace prelude {

// "nsp", "nss", "unified", "cls".
const std::vector<std::string>& pretext_task_names();
// PPT's encoder length for a task, prompt rows included (docs/pretext.md, section 3). Throws UserError listing the
// names.
std::int64_t default_max_source(const std::string& task);

// The task by name. Keeps a reference to `corpus`, which must outlive it; copies what it needs of the tokenizer. Throws
// UserError where the name is unknown, the corpus was built with another tokenizer, has no eligible documents or
// labels, the tokenizer lacks a piece, or the lengths leave no room.
std::unique_ptr<PretextTask> make_pretext_task(const std::string& name, const Corpus& corpus,
                                               const Tokenizer& tokenizer, PretextOptions options);

}  // namespace prelude
