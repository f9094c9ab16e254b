// What the original PPT code does that we take for a defect, each behind a name (docs/pretext.md, section 5). All
// are off by default; those that are on are recorded with the run.
#pragma once

#include <string>
#include <string_view>

namespace prelude {

struct PretextQuirks {
  bool final_sentinel = false;     // the target ends with <extra_id_1>, a third label position
  bool blind_end = false;          // that third position is masked from everything (core/delta/blind_end.h)
  bool nsp_short_cut = false;      // a pair over the room keeps PPT's rounded-down shares and leaves positions unused
  bool nss_sentinel_cut = false;   // an option example over the room is cut blindly on the right
  bool cls_sentinel_cut = false;   // a text over the room pushes its sentinel out
  bool discard_documents = false;  // one sentence under 5 tokens excludes its whole document
  bool shared_tuple = false;       // other documents and the number of options are one draw a document, not a sample
  bool self_meeting = false;       // an "other" document may be the main one, or the same one twice
  bool equal_negatives = false;    // a negative may have the text of a right answer
};

// "name,name,..." out of the table of names (underscores above are hyphens here), "ppt" for all of them, "" for none.
// Throws UserError listing the names where one is unknown, and where one is given without another that it needs.
PretextQuirks parse_quirks(std::string_view list);
// The inverse, in the table's order: what a run records.
std::string quirk_list(const PretextQuirks& quirks);
// "name: meaning" lines for a help text.
std::string quirk_help();

}  // namespace prelude
