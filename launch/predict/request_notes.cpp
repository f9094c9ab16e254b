#include "launch/predict/request_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "core/io/shallow_json.h"

namespace prelude {

namespace {

// How the prompt came to answer by <extra_id_0>; empty where it is not known that it does.
std::string trained_on(const PromptOrigin& origin) {
  const std::string task = printable(origin.fact("task"));
  const std::string method = printable(origin.fact("method"));
  if (!task.empty()) return fmt::format("the prompt, pre-trained on task {},", task);
  return method.empty() || method == "lm-pt" ? "" : fmt::format("the prompt, tuned by method {},", method);
}

}  // namespace

RequestNotes::RequestNotes(const LoadedModel& loaded) : trained_on_(trained_on(loaded.origin())) {
  const Tokenizer* const tokenizer = loaded.tokenizer();
  if (tokenizer != nullptr && tokenizer->sentinels() > 0) sentinel_ = tokenizer->sentinel(0);
  if (loaded.prompt_is_foreign()) end_ = static_cast<std::int32_t>(loaded.config().eos_token_id);
}

bool RequestNotes::lacks_sentinel(const Request& request) const {
  if (!sentinel_ || (request.candidates.empty() && !request.target)) return false;
  const auto begins = [&](const Ids& ids) { return ids.front() == *sentinel_; };
  const bool all = std::all_of(request.candidates.begin(), request.candidates.end(), begins);
  if (all && (!request.target || begins(*request.target))) return false;
  const bool asked = std::find(request.source.begin(), request.source.end(), *sentinel_) != request.source.end();
  return asked || !trained_on_.empty();
}

bool RequestNotes::lacks_end(const Request& request) const {
  return end_ && std::find(request.source.begin(), request.source.end(), *end_) == request.source.end();
}

std::vector<std::string> RequestNotes::of(const Request& request) {
  std::vector<std::string> notes;
  if (lacks_sentinel(request)) {
    const std::string who = trained_on_.empty() ? "T5, asked by a source with <extra_id_0>," : trained_on_;
    notes.push_back(
        fmt::format("{}: a candidate or target does not begin with <extra_id_0>, but {} answers by <extra_id_0> and "
                    "then the words: write \"<extra_id_0> yes\", not \"yes\"",
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
