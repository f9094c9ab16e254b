// Data x tensor: how the ranks of a world share the work.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dist/communicator.h"

namespace prelude {

// Where rank r stands: tensor ranks are adjacent, r = data * tensor_size + tensor.
struct MeshPlace {
  int data_rank = 0;
  int data_size = 1;
  int tensor_rank = 0;
  int tensor_size = 1;
};

// Throws UserError where `tensor_size` does not divide `world_size`, or where a tensor group would not be on one host
// (its collectives are on the path of every layer) unless `across_hosts`. `hosts`: of every rank.
MeshPlace mesh_place(int rank, int tensor_size, const std::vector<std::string>& hosts, bool across_hosts);

// The groups of a mesh. `world` is not owned and outlives it.
struct Mesh {
  MeshPlace place;
  Communicator* world;                   // all ranks
  std::shared_ptr<Communicator> data;    // those with the same slice of the model
  std::shared_ptr<Communicator> tensor;  // those that hold one model together
};
Mesh make_mesh(Communicator& world, const MeshPlace& place);

}  // namespace prelude
