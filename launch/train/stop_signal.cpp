#include "launch/train/stop_signal.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

#include "core/error.h"

namespace prelude {
namespace {

// A signal handler can reach nothing but the process's own state.
volatile std::sig_atomic_t caught = 0;
volatile std::sig_atomic_t installed = 0;

struct Handled {
  int number;
  const char* name;
};
constexpr std::array<Handled, 3> handled{{{SIGTERM, "SIGTERM"}, {SIGINT, "SIGINT"}, {SIGUSR1, "SIGUSR1"}}};
std::array<struct sigaction, handled.size()> before;

// The handler's own stack. oneDNN's generated kernels keep numbers below the stack pointer, further than the 128 bytes
// that a handler leaves alone: on the same stack it would overwrite them, and then the heap is written to at random.
// A signal to the process goes to its main thread, whose stack this replaces.
alignas(64) std::array<char, 1 << 16> handler_stack;
stack_t stack_before;

extern "C" void on_signal(int number) {
  constexpr int interrupted_twice = 130;  // 128 + SIGINT, as shells have it
  if (number == SIGINT && caught == SIGINT) _exit(interrupted_twice);
  caught = number;
}

const char* name_of(int number) {
  for (const Handled& signal : handled) {
    if (signal.number == number) return signal.name;
  }
  return "a signal";
}

// Nothing here allocates or locks.
extern "C" void exit_on_signal(int number) {
  constexpr int stopped = 3;
  for (const char* text : {"prelude: stopped by ", name_of(number), "; run the same command again\n"}) {
    if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) break;
  }
  _exit(stopped);
}

}  // namespace

void exit_on_signals() {
  struct sigaction action {};
  action.sa_handler = exit_on_signal;
  sigemptyset(&action.sa_mask);
  for (const Handled& signal : handled) {
    struct sigaction now {};
    sigaction(signal.number, nullptr, &now);
    if (now.sa_handler != SIG_IGN) sigaction(signal.number, &action, nullptr);  // nohup, and shells' background jobs
  }
}

StopSignal::StopSignal() {
  ensure(installed == 0, "two StopSignals at once");
  installed = 1;
  caught = 0;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  stack_t stack{};
  stack.ss_sp = handler_stack.data();
  stack.ss_size = handler_stack.size();
  sigaltstack(&stack, &stack_before);
  for (std::size_t i = 0; i < handled.size(); ++i) sigaction(handled[i].number, &action, &before[i]);
}

StopSignal::~StopSignal() {
  for (std::size_t i = 0; i < handled.size(); ++i) sigaction(handled[i].number, &before[i], nullptr);
  sigaltstack(&stack_before, nullptr);
  installed = 0;
}

bool StopSignal::requested() const { return caught != 0; }

std::string StopSignal::name() const { return caught == 0 ? "" : name_of(caught); }

}  // namespace prelude
