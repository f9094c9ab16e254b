#include "core/io/mapping_table.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "core/io/printable.h"

namespace prelude {
namespace {

constexpr int exit_code = 2;

// Read by the signal's handler, which may take no lock: `begin` is set last and cleared first.
struct Mapping {
  std::atomic<const std::byte*> begin = nullptr;
  std::size_t size = 0;
  char* path = nullptr;  // as it is printed
};

struct Table {
  std::array<Mapping, 4096> mappings;
  std::array<char, 160> head{};
  std::mutex mutex;  // of writers
  std::size_t next = 0;
};

// Never destroyed: files are unmapped as late as at exit.
Table& table() {
  static auto* const only = new Table;
  return *only;
}

void say(const char* text) {
  const std::size_t size = std::strlen(text);
  if (::write(STDERR_FILENO, text, size) < 0) return;
}

void end_with_a_word(int signal, siginfo_t* info, void* /*context*/) {
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  for (const Mapping& mapping : table().mappings) {
    const auto begin = reinterpret_cast<std::uintptr_t>(mapping.begin.load());
    if (info->si_code <= 0 || begin == 0 || address < begin || address - begin >= mapping.size) continue;
    say(table().head.data());
    say("'");
    say(mapping.path);
    say("' became shorter while it was in use, or its disk cannot read it any more; mend it and start again\n");
    ::_exit(exit_code);
  }
  std::signal(signal, SIG_DFL);  // the instruction runs again, and ends the process
}

}  // namespace

int note_mapping(const std::byte* begin, std::size_t size, const std::string& path) {
  Table& all = table();
  const std::lock_guard lock(all.mutex);
  for (std::size_t tried = 0; tried < all.mappings.size(); ++tried) {
    const std::size_t i = (all.next + tried) % all.mappings.size();
    Mapping& mapping = all.mappings[i];
    if (mapping.begin.load() != nullptr) continue;
    mapping.size = size;
    mapping.path = ::strdup(printable(path, 300).c_str());
    mapping.begin.store(begin);
    all.next = i + 1;
    return static_cast<int>(i);
  }
  return -1;
}

void forget_mapping(int number) noexcept {
  if (number < 0) return;
  const std::lock_guard lock(table().mutex);
  Mapping& mapping = table().mappings[static_cast<std::size_t>(number)];
  mapping.begin.store(nullptr);
  std::free(mapping.path);
  mapping.path = nullptr;
}

void explain_lost_pages(const std::string& prefix) {
  const std::string head = "prelude: error: " + printable(prefix, 100);
  std::strncpy(table().head.data(), head.c_str(), table().head.size() - 1);
  struct sigaction action {};
  action.sa_sigaction = end_with_a_word;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace prelude
