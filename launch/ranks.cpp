#include "launch/ranks.h"

#include <algorithm>
#include <sstream>

#include "core/error.h"
#include "core/io/checksum.h"
#include "dist/nccl/make_nccl.h"
#include "dist/text.h"

namespace prelude {
namespace {

std::unique_ptr<Communicator> device_group(const RankOptions& options, const Session& session, World& world) {
  const bool cuda = session.device.is_cuda();
  require(options.collectives != "nccl" || cuda, "--collectives nccl needs --device cuda");
  const bool nccl = options.collectives == "nccl" || (cuda && options.collectives.empty() && !world.alone());
  return nccl ? make_nccl(world.group(), session.device.index(), world.recorder(), options.collective_timeout)
              : world.group().split(0, "world");
}

World& watched(World& world, const RankOptions& options) {
  world.watch(options.collective_timeout);
  return world;
}

// "line of one | line of the other" where two texts first differ.
std::string first_difference(const std::string& one, const std::string& other) {
  std::istringstream a(one);
  std::istringstream b(other);
  std::string line_a;
  std::string line_b;
  while (true) {
    const bool more_a = static_cast<bool>(std::getline(a, line_a));
    const bool more_b = static_cast<bool>(std::getline(b, line_b));
    if (!more_a) line_a = "(nothing)";
    if (!more_b) line_b = "(nothing)";
    if (line_a != line_b || (!more_a && !more_b)) return fmt::format("'{}' and '{}'", line_a, line_b);
  }
}

void require_same_launch(const World& world, const std::string& configuration) {
  if (world.alone()) return;
  const auto programs = gather_texts(world.group(), xxh3_128_of_file("/proc/self/exe"));
  const auto configurations = gather_texts(world.group(), configuration);
  for (std::size_t rank = 1; rank < programs.size(); ++rank) {
    const std::string& host = world.hosts()[rank];
    require(programs[rank] == programs[0],
            "rank {} on host {} runs another build of prelude than rank 0 on host {}; install the same on both", rank,
            host, world.hosts()[0]);
    require(configurations[rank] == configurations[0],
            "rank {} on host {} was started with other options than rank 0 on host {}: {}; start all with the same",
            rank, host, world.hosts()[0], first_difference(configurations[rank], configurations[0]));
  }
}

}  // namespace

void declare_ranks(OptionTable& table, RankOptions& options) {
  table
      .add("tensor-parallel", options.tensor_parallel, "N",
           "Ranks that hold one backbone together; the ranks that mpirun or srun started are N times the data-parallel "
           "ones.")
      .at_least(1)
      .at_most(1024);
  table.add("tensor-across-hosts", options.tensor_across_hosts, "",
            "Let the ranks of one backbone stand on several hosts; slow, for every layer waits for the network.");
  table
      .add("collectives", options.collectives, "",
           "Library that the ranks compute together with; nccl on cuda and mpi on the CPU unless given. mpi on cuda "
           "goes through the host and lets ranks share a GPU.")
      .choices({"mpi", "nccl"});
  declare_collective_timeout(table, options.collective_timeout);
}

void declare_collective_timeout(OptionTable& table, double& seconds) {
  table
      .add("collective-timeout", seconds, "S",
           "Seconds that a rank waits for the others, or is stopped, before the job is ended, with the culprit named.")
      .at_least(1)
      .at_most(1e6);
}

void join_ranks(World& world, const OptionTable& table) {
  if (world.alone()) return;
  world.watch(table.row("collective-timeout").numbers().at(0));
  require_same_launch(world, table.config_text());
}

Session open_session(SessionOptions& session, const RankOptions& ranks, const World& world) {
  return open_session(session, HostPlace{world.local_rank(), world.local_size(), ranks.collectives == "mpi"});
}

Ranks::Ranks(const RankOptions& options, const Session& session, World& world)
    : world_(watched(world, options)),
      all_(device_group(options, session, world)),
      mesh_(make_mesh(*all_,
                      mesh_place(world.rank(), options.tensor_parallel, world.hosts(), options.tensor_across_hosts))),
      data_(world.group().split(mesh_.place.tensor_rank, "host-data")),
      holders_(world.group().split(mesh_.place.data_rank, "host-tensor")),
      tensor_(*mesh_.tensor),
      longest_agreement_(std::min(5.0, options.collective_timeout / 2)) {}

std::optional<std::string> Ranks::agreed_error(const std::string& error) const {
  return prelude::agreed_error(*holders_, error, longest_agreement_);
}

void require_same_content(const World& world, const std::string& what, const std::string& hash) {
  if (world.alone()) return;
  const auto hashes = gather_texts(world.group(), hash);
  for (std::size_t rank = 1; rank < hashes.size(); ++rank) {
    require(hashes[rank] == hashes[0],
            "{} has other content for rank {} on host {} than for rank 0 on host {}; give all the same", what, rank,
            world.hosts()[rank], world.hosts()[0]);
  }
}

}  // namespace prelude
