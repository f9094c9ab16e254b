#include "tests/tasks/downstream/shipped_row.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>

namespace prelude::test {
namespace {

const std::string kFolder = PRELUDE_SOURCE_DIR "/data/downstream";

const std::map<std::string, std::string TaskRow::*> kTexts{
    {"name", &TaskRow::name},      {"format", &TaskRow::format},
    {"train", &TaskRow::train},    {"dev", &TaskRow::dev},
    {"test", &TaskRow::test},      {"label-field", &TaskRow::label_field},
    {"cut", &TaskRow::cut},        {"options-field", &TaskRow::options_field},
    {"answer", &TaskRow::answer},  {"choice-mark", &TaskRow::choice_mark},
    {"pt", &TaskRow::pt},          {"choice-end", &TaskRow::choice_end},
    {"hybrid", &TaskRow::hybrid},  {"unified", &TaskRow::unified},
    {"lm", &TaskRow::lm},          {"ft", &TaskRow::ft},
    {"option", &TaskRow::option},  {"metric", &TaskRow::metric},
    {"pretext", &TaskRow::pretext}};
const std::map<std::string, std::vector<std::string> TaskRow::*> kLists{{"columns", &TaskRow::columns},
                                                                        {"fields", &TaskRow::fields},
                                                                        {"labels", &TaskRow::labels},
                                                                        {"skip", &TaskRow::skip},
                                                                        {"choices", &TaskRow::choices}};
const std::map<std::string, std::int64_t TaskRow::*> kNumbers{{"max-source", &TaskRow::max_source},
                                                              {"ft-max-source", &TaskRow::ft_max_source},
                                                              {"slack", &TaskRow::slack},
                                                              {"unified-slack", &TaskRow::unified_slack}};

}  // namespace

TaskRow shipped_row(const std::string& name) {
  std::ifstream file(kFolder + "/" + name + ".ini");
  if (!file) throw std::runtime_error("no row " + name);
  TaskRow row;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t equals = line.find(" = ");
    const std::string key = line.substr(0, equals);
    const std::string value = line.substr(equals + 3);
    if (equals == std::string::npos) throw std::runtime_error(line);
    if (const auto text = kTexts.find(key); text != kTexts.end()) {
      row.*text->second = value;
    } else if (const auto list = kLists.find(key); list != kLists.end()) {
      (row.*list->second).push_back(value);
    } else {
      row.*kNumbers.at(key) = std::stoll(value);
    }
  }
  return checked(row);
}

std::vector<std::string> shipped_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".ini") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace prelude::test
