// Reads a labelled file of a downstream set as it is published. Nothing in the file is trusted: lines and files have a
// greatest length, JSON a greatest depth, text is checked to be UTF-8.
#pragma once

#include <string>
#include <vector>

#include "tasks/downstream/downstream_example.h"
#include "tasks/downstream/task_row.h"

namespace prelude {

// `row` is sound (checked()). By its format, `path` is
//  - jsonl: a JSON object a line (CLUE's .json is that too); a field in another is named with dots (choices.text);
//  - tsv, csv: columns between tabs or commas, the first line names them unless the row does (a first line with the
//  row's
//    own names is passed over); csv is quoted as RFC 4180 has it, tsv as row.quoting says;
//  - race: a folder of .txt files, each a JSON object {article, questions[], options[][], answers[]}, read by name;
//  each
//    question is an example with the fields article and question;
//  - json: an array as C3 has it, [[[paragraph, ...], [{question, OPTIONS[], ANSWER}, ...], id], ...]; each question is
//    an example with the fields passage (the paragraphs, a space between them) and question.
// Files may be compressed (.gz, .zst). Fields that are lists of texts are joined by ", ", numbers and true/false taken
// as they are written. Examples whose label is in row.skip are left out. Throws UserError naming file and line (or file
// and question) where a field is missing or no text, a label is none of the row's, or no example is found.
// `notes` (may be null) takes a line for what the user should know: fields without text, quotes that were taken off.
std::vector<DownstreamExample> read_examples(const TaskRow& row, const std::string& path,
                                             std::vector<std::string>* notes = nullptr);

// Whether any file of a split is there.
bool split_exists(const std::string& folder, const std::string& names);

// The files of one split in `folder`: `names` as in row.train, one or several separated by commas.
std::vector<DownstreamExample> read_split(const TaskRow& row, const std::string& folder, const std::string& names,
                                          std::vector<std::string>* notes = nullptr);

}  // namespace prelude
