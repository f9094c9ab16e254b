#include "launch/options.h"

#include <algorithm>
#include <boost/program_options.hpp>

#include "core/error.h"
#include "launch/config_file.h"
#include "launch/nearest.h"

namespace prelude {

namespace po = boost::program_options;

OptionRow& OptionRow::required() {
  is_required = true;
  return *this;
}
OptionRow& OptionRow::positional() {
  is_positional = true;
  return *this;
}
OptionRow& OptionRow::choices(std::vector<std::string> names) {
  allowed = std::move(names);
  if (value_name.empty()) value_name = fmt::format("{}", fmt::join(allowed, "|"));
  return *this;
}
OptionRow& OptionRow::words() {
  is_split = true;
  return *this;
}
OptionRow& OptionRow::unique() {
  is_unique = true;
  return *this;
}
OptionRow& OptionRow::exactly(std::size_t elements) {
  count = elements;
  return *this;
}
OptionRow& OptionRow::only_with(std::string text, std::function<bool()> holds) {
  condition = std::move(text);
  counts = std::move(holds);
  return *this;
}
OptionRow& OptionRow::noted_with(std::string text, std::function<bool()> holds) {
  noted = true;
  return only_with(std::move(text), std::move(holds));
}
OptionRow& OptionRow::at_least(double bound) {
  low = bound;
  return *this;
}
OptionRow& OptionRow::above(double bound) {
  low = bound;
  low_open = true;
  return *this;
}
OptionRow& OptionRow::at_most(double bound) {
  high = bound;
  return *this;
}
OptionRow& OptionRow::below(double bound) {
  high = bound;
  high_open = true;
  return *this;
}

namespace {

// Of the value, or the list's last element.
void check_range(const OptionRow& row) {
  const auto numbers = row.numbers();
  if (numbers.empty()) return;
  const double number = numbers.back();
  const bool above_low = row.low_open ? number > row.low : number >= row.low;
  const bool below_high = row.high_open ? number < row.high : number <= row.high;
  require(above_low, "{} must be {} {}", row.texts().back(), row.low_open ? "more than" : "at least", row.low);
  require(below_high, "{} must be {} {}", row.texts().back(), row.high_open ? "less than" : "at most", row.high);
}

void check_choice(const OptionRow& row, const std::string& text) {
  if (row.allowed.empty() || std::find(row.allowed.begin(), row.allowed.end(), text) != row.allowed.end()) return;
  fail("'{}' is not one of {}; did you mean '{}'?", text, fmt::join(row.allowed, ", "), nearest_of(text, row.allowed));
}

// A list as a whole.
void check_list(const OptionRow& row) {
  const std::vector<std::string> texts = row.texts();
  require(!texts.empty(), "give one value or more");
  require(row.count == 0 || texts.size() == row.count, "{} values are wanted, but {} are given", row.count,
          texts.size());
  for (std::size_t i = 0; row.is_unique && i < texts.size(); ++i) {
    const auto next = texts.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    require(std::find(next, texts.end(), texts[i]) == texts.end(), "'{}' is given twice", texts[i]);
  }
}

const std::string no = "no-";  // --no-x turns the flag x off

po::options_description boost_description(const std::deque<OptionRow>& rows) {
  po::options_description description;
  const auto add = [&](const OptionRow& row) {
    if (row.is_flag) {
      description.add_options()(row.name.c_str(), po::value<std::string>()->zero_tokens(), "");
      description.add_options()((no + row.name).c_str(), po::value<std::string>()->zero_tokens(), "");
    } else if (row.is_list) {
      description.add_options()(row.name.c_str(), po::value<std::vector<std::string>>()->multitoken(), "");
    } else {
      description.add_options()(row.name.c_str(), po::value<std::string>(), "");
    }
  };
  std::for_each(rows.begin(), rows.end(), add);
  description.add_options()("config", po::value<std::string>(), "");
  return description;
}

}  // namespace

OptionTable::OptionTable(std::string command, std::string summary)
    : command_(std::move(command)), summary_(std::move(summary)) {}

OptionRow& OptionTable::insert(OptionRow row) {
  ensure(index_of(row.name) == rows_.size() && row.name != "config" && row.name != "help", "option --{} declared twice",
         row.name);
  row.default_text = fmt::format("{}", fmt::join(row.texts(), " "));
  return rows_.emplace_back(std::move(row));
}

void OptionTable::section(const std::string& condition, const std::function<bool()>& holds,
                          const std::function<void()>& declare) {
  const std::size_t first = rows_.size();
  declare();
  for (std::size_t i = first; i < rows_.size(); ++i) rows_[i].only_with(condition, holds);
}

std::size_t OptionTable::index_of(const std::string& name) const {
  const auto row = std::find_if(rows_.begin(), rows_.end(), [&](const OptionRow& r) { return r.name == name; });
  return static_cast<std::size_t>(row - rows_.begin());
}

const OptionRow& OptionTable::row(const std::string& name) const {
  const std::size_t i = index_of(name);
  ensure(i != rows_.size(), "`prelude {}` has no option {}", command_, name);
  return rows_[i];
}

std::string OptionTable::nearest_name(const std::string& name) const {
  std::vector<std::string> names{"config", "help"};
  for (const auto& row : rows_) names.push_back(row.name);
  return nearest_of(name, names);
}

OptionTable::Assignments OptionTable::read_arguments(const std::vector<std::string>& arguments,
                                                     std::string& config) const {
  const auto description = boost_description(rows_);
  using style = po::command_line_style::style_t;
  po::parsed_options parsed(&description);
  try {
    parsed = po::command_line_parser(arguments)
                 .options(description)
                 .style(style::allow_long | style::long_allow_next | style::long_allow_adjacent)
                 .allow_unregistered()
                 .run();
  } catch (const po::invalid_command_line_syntax& error) {
    const bool extra = error.kind() == po::invalid_syntax::extra_parameter;
    fail("{} {}; see `prelude {} --help`", error.get_option_name(),
         extra ? "is a flag, it takes no value" : "needs a value", command_);
  } catch (const po::error& error) {
    fail("{}; see `prelude {} --help`", error.what(), command_);
  }
  for (const auto& option : parsed.options) {
    if (!option.unregistered || option.string_key.empty()) continue;
    fail("unknown option --{}; did you mean --{}?", option.string_key, nearest_name(option.string_key));
  }
  Assignments assignments(rows_.size());
  const auto give = [&](std::size_t i, const std::string& text) {
    auto& given = assignments[i];
    require(given.empty() || rows_[i].is_list, "--{} is given twice", rows_[i].name);
    require(text.rfind("--", 0) != 0, "--{} needs a value, not the option {}", rows_[i].name, text);
    given.push_back({text, "--" + rows_[i].name});
  };
  std::vector<std::string> positionals;
  for (const auto& option : parsed.options) {
    if (option.string_key.empty()) {
      for (const auto& text : option.value) {
        require(text.size() < 2 || text[0] != '-', "unknown option {}; see `prelude {} --help`", text, command_);
        positionals.push_back(text);
      }
    } else if (option.string_key == "config") {
      require(config.empty(), "--config is given twice");
      config = option.value.at(0);
    } else {
      auto i = index_of(option.string_key);
      const bool negated = i == rows_.size();
      if (negated) i = index_of(option.string_key.substr(no.size()));
      if (rows_[i].is_flag) give(i, negated ? "false" : "true");
      for (const auto& text : option.value) give(i, text);
    }
  }
  std::size_t used = 0;
  for (std::size_t i = 0; i < rows_.size() && used < positionals.size(); ++i) {
    if (!rows_[i].is_positional || (!assignments[i].empty() && !rows_[i].is_list)) continue;
    const std::size_t take = rows_[i].is_list ? positionals.size() - used : 1;
    for (std::size_t k = 0; k < take; ++k) give(i, positionals[used++]);
  }
  require(used == positionals.size(), "unexpected argument '{}'; see `prelude {} --help`",
          used < positionals.size() ? positionals[used] : "", command_);
  return assignments;
}

OptionTable::Assignments OptionTable::assignments_of(const std::string& path,
                                                     const std::vector<ConfigEntry>& entries) const {
  Assignments assignments(rows_.size());
  for (const auto& entry : entries) {
    const auto i = index_of(entry.key);
    require(i != rows_.size(), "{} line {}: unknown key '{}'; did you mean '{}'?", path, entry.line, entry.key,
            nearest_name(entry.key));
    auto& given = assignments[i];
    require(given.empty() || rows_[i].is_list, "{} line {}: '{}' is given twice", path, entry.line, entry.key);
    given.push_back({rows_[i].is_split ? entry.value : read_value(entry.value),
                     fmt::format("{} line {}: {}", path, entry.line, entry.key)});
  }
  return assignments;
}

namespace {

void set(const OptionRow& row, const std::string& text) {
  for (const std::string& element : row.is_split ? list_elements(text) : std::vector<std::string>{text}) {
    check_choice(row, element);
    row.set(element);
    check_range(row);
  }
}

}  // namespace

void OptionTable::apply(const Assignments& assignments) {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (!assignments[i].empty()) rows_[i].clear();
    for (const auto& given : assignments[i]) {
      try {
        set(rows_[i], given.text);
        if (rows_[i].is_list && &given == &assignments[i].back()) check_list(rows_[i]);
      } catch (const UserError& error) {
        fail("{}: {}", given.place, error.what());
      }
    }
  }
}

void OptionTable::parse(const std::vector<std::string>& arguments) {
  std::string config;
  auto assignments = read_arguments(arguments, config);
  if (!config.empty()) {
    auto from_file = assignments_of(config, read_config_file(config));
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (assignments[i].empty()) assignments[i] = std::move(from_file[i]);
    }
  }
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    require(!rows_[i].is_required || !assignments[i].empty(), "{} is missing; `prelude {}` needs {} ({})",
            rows_[i].is_positional ? rows_[i].value_name : "--" + rows_[i].name, command_, rows_[i].value_name,
            rows_[i].help.substr(0, rows_[i].help.find('.')));
  }
  apply(assignments);
  check_conditions(assignments);
}

void OptionTable::check_conditions(const Assignments& assignments) {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const OptionRow& row = rows_[i];
    if (assignments[i].empty() || !row.counts || row.counts()) continue;
    if (fmt::format("{}", fmt::join(row.texts(), " ")) == row.default_text) continue;
    const std::string& place = assignments[i].front().place;
    const std::string problem = fmt::format("{} does nothing here; it is for {}", place, row.condition);
    require(row.noted || !place.starts_with("--"), "{}: leave it out", problem);
    notes_.push_back(problem);
  }
}

void OptionTable::parse_config(const std::string& path) { apply(assignments_of(path, read_config_file(path))); }

void OptionTable::parse_config_text(const std::string& path, const std::string& text) {
  apply(assignments_of(path, read_config_text(path, text)));
}

std::string OptionTable::config_text() const {
  std::string text = fmt::format("# prelude {}\n", command_);
  for (const auto& row : rows_) {
    const std::vector<std::string> values =
        row.is_split && !row.texts().empty() ? std::vector<std::string>{list_text(row.texts())} : row.texts();
    for (const std::string& value : values) {
      if (!value.empty()) text += fmt::format("{} = {}\n", row.name, row.is_split ? value : written_value(value));
    }
  }
  return text;
}

}  // namespace prelude
