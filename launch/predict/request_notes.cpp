#include "launch/predict/request_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "core/io/shallow_json.h"

namespace prelude {

RequestNotes::RequestNotes(const LoadedModel& loaded) : task_(printable(loaded.origin().fact("task"))) {
  const Tokenizer* const tokenizer = loaded.tokenizer();
  if (tokenizer != nullptr && tokenizer->sentinels() > 0) sentinel_ = tokenizer->sentinel(0);
  if (loaded.prompt_is_foreign()) end_ = static_cast<std::int32_t>(loaded.config().eos_token_id);
}

bool RequestNotes::lacks_sentinel(const Request& request) const {
  if (!sentinel_ || (request.candidates.empty() && !request.target)) return false;
  const auto begins = [&](const Ids& ids) { return ids.front() == *sentinel_; };
  if (request.target && begins(*request.target)) return false;
  if (std::any_of(request.candidates.begin(), request.candidates.end(), begins)) return false;
  const bool asked = std::find(request.source.begin(), request.source.end(), *sentinel_) != request.source.end();
  return asked || !task_.empty();
}

bool RequestNotes::lacks_end(const Request& request) const {
  return end_ && std::find(request.source.begin(), request.source.end(), *end_) == request.source.end();
}

std::vector<std::string> RequestNotes::of(const Request& request) {
  std::vector<std::string> notes;
  if (lacks_sentinel(request)) {
    const std::string who = task_.empty() ? "T5 answers a source with <extra_id_0>"
                                          : fmt::format("the prompt, pre-trained on task {}, answers", task_);
    notes.push_back(
        fmt::format("{}: no candidate or target begins with <extra_id_0>, but {} by <extra_id_0> and then the words: "
                    "write \"<extra_id_0> yes\", not \"yes\"",
                    request.place, who));
    sentinel_.reset();
  }
  if (lacks_end(request)) {
    notes.push_back(fmt::format(
        "{}: the source does not end in </s>; the prompt comes from PEFT, and Hugging Face's tokenizers end "
        "every text so: give --append-eos if it was trained with them",
        request.place));
    end_.reset();
  }
  return notes;
}

void print_notes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) std::fputs(fmt::format("note: {}\n", note).c_str(), stderr);
}

}  // namespace prelude
