#include "dist/world.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

#include "dist/self_communicator.h"
#include "dist/text.h"

namespace prelude {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

// Ends this process, and so the job, unless it is stopped in time. Time in which the whole job is suspended is not
// counted.
std::unique_ptr<QuietThread> guard_of_start(double patience) {
  return std::make_unique<QuietThread>("start-guard", [patience](int stop_fd) {
    constexpr double look_s = 0.25;
    pollfd stopped{stop_fd, POLLIN, 0};
    for (double left = patience; left > 0; left -= look_s) {
      if (::poll(&stopped, 1, static_cast<int>(look_s * 1e3)) != 0) return;
    }
    write_last_words(
        fmt::format("prelude: error: on host {}: the ranks have not met within {:.0f} s; one of them did not start, is "
                    "stopped, or cannot be reached",
                    host_name(), patience));
    ::_exit(1);
  });
}

}  // namespace

World::World(double start_patience) {
  if (MpiSession::launched()) {
    if (start_patience > 0) start_guard_ = guard_of_start(start_patience);
    mpi_ = std::make_unique<MpiSession>();
    group_ = mpi_->world(*recorder_);
  } else {
    group_ = std::make_unique<SelfCommunicator>();
  }
  hosts_ = gather_texts(*group_, host_name());
  local_size_ = 0;
  for (int other = 0; other < size(); ++other) {
    if (hosts_[static_cast<std::size_t>(other)] != host()) continue;
    local_rank_ += other < rank() ? 1 : 0;
    ++local_size_;
  }
  if (alone()) start_guard_.reset();
}

World::~World() {
  const bool last = watchdog_ && first() && !unwinding_;
  group_.reset();
  mpi_.reset();
  if (last) others_left_.get_future().wait();
}

std::string World::prefix() const { return alone() ? "" : fmt::format("rank {} on host {}: ", rank(), host()); }

void World::watch(double timeout) {
  if (alone() || watchdog_) return;
  WatchdogOptions options;
  options.rank = rank();
  options.size = size();
  options.host = host();
  options.timeout_s = timeout;
  options.others_left = [this] { others_left_.set_value(); };
  options.broadcast_from_rank_0 = [this](const std::string& text) { return broadcast_text(*group_, text); };
  watchdog_ = std::make_unique<Watchdog>(*recorder_, std::move(options));
  start_guard_.reset();
}

void World::wait_for_all() const {
  if (alone()) return;
  constexpr auto between_looks = std::chrono::milliseconds(5);
  const auto begun = group_->begin_all_reduce(at::zeros({1}, at::kLong));
  while (!begun->advance()) std::this_thread::sleep_for(between_looks);  // nobody waits for what is only looked at
  begun->finish();
}

void World::abort(int code) noexcept {
  start_guard_.reset();
  watchdog_.reset();  // what ends now is not a rank that died
  if (mpi_) mpi_->abort(code);
  ::_exit(code);
}

}  // namespace prelude
