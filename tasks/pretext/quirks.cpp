#include "tasks/pretext/quirks.h"

#include <array>

#include "core/error.h"

namespace prelude {
namespace {

struct Row {
  std::string_view name;
  bool PretextQuirks::*field;
  std::string_view meaning;
};

constexpr std::array<Row, 9> table{{
    {"final-sentinel", &PretextQuirks::final_sentinel, "targets end with <extra_id_1>, which also counts in the loss"},
    {"blind-end", &PretextQuirks::blind_end,
     "with final-sentinel: the decoder is blind where it predicts <extra_id_1>"},
    {"nsp-short-cut", &PretextQuirks::nsp_short_cut, "nsp: an over-long pair is cut to PPT's rounded-down shares"},
    {"nss-sentinel-cut", &PretextQuirks::nss_sentinel_cut, "nss, unified: an over-long example loses its right end"},
    {"cls-sentinel-cut", &PretextQuirks::cls_sentinel_cut, "cls: an over-long text loses its sentinel"},
    {"discard-documents", &PretextQuirks::discard_documents, "one sentence under 5 tokens excludes its whole document"},
    {"shared-tuple", &PretextQuirks::shared_tuple,
     "other documents and the number of options are drawn once a document"},
    {"self-meeting", &PretextQuirks::self_meeting, "a document may serve as its own other document"},
    {"equal-negatives", &PretextQuirks::equal_negatives, "a negative may have the text of a right answer"},
}};

std::string known_names() {
  std::string names = "ppt (all)";
  for (const Row& row : table) names.append(", ").append(row.name);
  return names;
}

void set_quirk(PretextQuirks& quirks, std::string_view name) {
  bool known = name == "ppt";
  for (const Row& row : table) {
    if (name != row.name && name != "ppt") continue;
    quirks.*(row.field) = true;
    known = true;
  }
  require(known, "--quirks: there is no quirk '{}'; known: {}", name, known_names());
}

}  // namespace

PretextQuirks parse_quirks(std::string_view list) {
  PretextQuirks quirks;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    set_quirk(quirks, list.substr(0, comma));
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
    require(!list.empty(), "--quirks: a name is missing after the last comma; known: {}", known_names());
  }
  require(!quirks.blind_end || quirks.final_sentinel,
          "--quirks: blind-end is about the label that final-sentinel adds; give final-sentinel,blind-end");
  return quirks;
}

std::string quirk_list(const PretextQuirks& quirks) {
  std::string list;
  for (const Row& row : table) {
    if (!(quirks.*(row.field))) continue;
    if (!list.empty()) list += ',';
    list += row.name;
  }
  return list;
}

std::string quirk_help() {
  std::string help;
  for (const Row& row : table) help += fmt::format("{}: {}\n", row.name, row.meaning);
  return help;
}

}  // namespace prelude
