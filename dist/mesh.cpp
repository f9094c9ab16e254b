#include "dist/mesh.h"

#include "core/error.h"

namespace prelude {
namespace {

std::string divisors(int number) {
  std::string list;
  for (int d = 1; d <= number; ++d) {
    if (number % d == 0) list.append(list.empty() ? "" : ", ").append(std::to_string(d));
  }
  return list;
}

}  // namespace

MeshPlace mesh_place(int rank, int tensor_size, const std::vector<std::string>& hosts, bool across_hosts) {
  const int world = static_cast<int>(hosts.size());
  require(tensor_size >= 1 && world % tensor_size == 0,
          "--tensor-parallel {} does not divide the {} ranks that were started; use one of {}, or start another number",
          tensor_size, world, divisors(world));
  const int first = rank - rank % tensor_size;
  for (int other = first; other < first + tensor_size && !across_hosts; ++other) {
    const std::string& here = hosts[static_cast<std::size_t>(first)];
    const std::string& there = hosts[static_cast<std::size_t>(other)];
    require(
        here == there,
        "--tensor-parallel {}: ranks {} to {} hold one model together but stand on hosts {} and {}; start a multiple "
        "of {} ranks on each host in blocks, or allow it with --tensor-across-hosts",
        tensor_size, first, first + tensor_size - 1, here, there, tensor_size);
  }
  return {rank / tensor_size, world / tensor_size, rank % tensor_size, tensor_size};
}

Mesh make_mesh(Communicator& world, const MeshPlace& place) {
  Mesh mesh{place, &world, nullptr, nullptr};
  mesh.data = world.split(place.tensor_rank, "data");
  mesh.tensor = world.split(place.data_rank, "tensor");
  return mesh;
}

}  // namespace prelude
