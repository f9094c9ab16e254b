#include "tests/launch/mistakes/workshop.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "core/io/npy.h"

namespace prelude::test {
namespace {

namespace fs = std::filesystem;

// What a command says of its progress, before the mistake can be known, does not count.
std::string without_progress(std::string errors) {
  for (;;) {
    const std::size_t end = errors.find('\n');
    const bool progress =
        errors.starts_with("reading [") || errors.starts_with("learning ") || errors.starts_with("labelling [");
    if (!progress || end == std::string::npos) return errors;
    errors.erase(0, end + 1);
  }
}

// While one lives, this process and its children write no file longer than `bytes` (-1: any).
class FileSizeLimit {
 public:
  explicit FileSizeLimit(long long bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes < 0 ? before_.rlim_cur : static_cast<rlim_t>(bytes), before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit before_{};
  void (*old_handler_)(int);
};

}  // namespace

void Workshop::must(const std::vector<std::string>& arguments) const {
  const ProgramResult result = run_program(arguments);
  if (result.code != 0) throw std::runtime_error(arguments.at(0) + ": " + result.errors);
}

std::string Workshop::backbone() {
  std::string made = path("backbone");
  if (!fs::exists(made)) {
    must({"backbone", "create", "--shape", "tiny", "--tokenizer", tokenizer(), "--output", made});
  }
  return made;
}

std::string Workshop::text() {
  std::string made = path("text.jsonl");
  if (fs::exists(made)) return made;
  std::ofstream file(made);
  for (int document = 0; document < 40; ++document) {
    std::string text;
    for (int sentence = 0; sentence < 12; ++sentence) {
      text += fmt::format("This is sentence number {} of the long document number {}. ", sentence, document);
    }
    file << nlohmann::json{{"text", text}} << "\n";
  }
  return made;
}

std::string Workshop::corpus() {
  std::string made = path("corpus");
  if (!fs::exists(made)) {
    must({"corpus", "build", "--input", text(), "--tokenizer", tokenizer(), "--output", made, "--workers", "1"});
  }
  return made;
}

std::string Workshop::prompt() {
  std::string made = path("prompt");
  if (fs::exists(made)) return made;
  const auto width = nlohmann::json::parse(read_file(backbone() + "/config.json")).at("d_model").get<std::int64_t>();
  write_npy(path("rows.npy"), {4, width}, std::vector<float>(static_cast<std::size_t>(4 * width), 0.25F));
  must({"import", "--input", path("rows.npy"), "--output", made});
  return made;
}

std::string Workshop::file(const std::string& name, const std::string& content) const {
  write_file(path(name), content);
  return path(name);
}

std::string Workshop::folder(const std::string& name) const {
  fs::create_directories(path(name));
  return path(name);
}

std::string Workshop::copy(const std::string& from, const std::string& name) const {
  fs::copy(from, path(name), fs::copy_options::recursive);
  return path(name);
}

std::string Workshop::with_field(const std::string& from, const std::string& name, const std::string& member,
                                 const std::string& field, const nlohmann::json& value) const {
  const std::string file = copy(from, name) + "/" + member;
  auto object = nlohmann::json::parse(read_file(file));
  object[field] = value;
  write_file(file, object.dump());
  return path(name);
}

std::string Workshop::with_cut(const std::string& from, const std::string& name, const std::string& member,
                               double share) const {
  const std::string file = copy(from, name) + "/" + member;
  fs::resize_file(file, static_cast<std::uintmax_t>(share * static_cast<double>(fs::file_size(file))));
  return path(name);
}

std::string Workshop::with_flip(const std::string& from, const std::string& name, const std::string& member) const {
  const std::string file = copy(from, name) + "/" + member;
  std::string bytes = read_file(file);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_file(file, bytes);
  return path(name);
}

std::string Workshop::without(const std::string& from, const std::string& name, const std::string& member) const {
  fs::remove(copy(from, name) + "/" + member);
  return path(name);
}

std::vector<std::string> Workshop::pretrain(const std::string& run, const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"pretrain", "--backbone",
                                     backbone(), "--corpus",
                                     corpus(),   "--output",
                                     path(run),  "--steps",
                                     "2",        "--global-batch",
                                     "2",        "--prompt-length",
                                     "4",        "--validation-examples",
                                     "2",        "--threads",
                                     "1",        "--device",
                                     "cpu",      "--dtype",
                                     "float32"};
  for (std::size_t i = 0; i < more.size(); i += 2) {  // an option that is there already gets the new value
    auto found = std::find(arguments.begin(), arguments.end(), more[i]);
    if (found == arguments.end()) {
      arguments.insert(arguments.end(), {more[i], more.at(i + 1)});
    } else {
      *(found + 1) = more.at(i + 1);
    }
  }
  return arguments;
}

void expect_mistakes(const std::vector<Mistake>& table) {
  for (const Mistake& mistake : table) {
    SCOPED_TRACE(mistake.name);
    const FileSizeLimit limit(mistake.largest_file);
    const ProgramResult result = run_program(mistake.arguments);
    EXPECT_EQ(result.code, 2) << result.errors;
    EXPECT_EQ(result.output, "");
    const std::string line = without_progress(result.errors);
    EXPECT_TRUE(line.starts_with("prelude: error: ")) << result.errors;
    EXPECT_EQ(line.find('\n'), line.size() - 1) << result.errors;
    for (const std::string& part : mistake.said) {
      EXPECT_NE(line.find(part), std::string::npos) << "'" << part << "' is not in: " << line;
    }
  }
}

}  // namespace prelude::test
