#include "dist/world.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "dist/self_communicator.h"
#include "dist/text.h"

namespace prelude {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

}  // namespace

World::World() {
  if (MpiSession::launched()) {
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
}

std::string World::prefix() const { return alone() ? "" : fmt::format("rank {} on host {}: ", rank(), host()); }

void World::watch(double timeout) {
  if (alone()) return;
  WatchdogOptions options;
  options.rank = rank();
  options.size = size();
  options.host = host();
  options.timeout_s = timeout;
  options.broadcast_from_rank_0 = [this](const std::string& text) { return broadcast_text(*group_, text); };
  watchdog_ = std::make_unique<Watchdog>(*recorder_, std::move(options));
}

void World::abort(int code) noexcept {
  watchdog_.reset();  // what ends now is not a rank that died
  if (mpi_) mpi_->abort(code);
  ::_exit(code);
}

}  // namespace prelude
