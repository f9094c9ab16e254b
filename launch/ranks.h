// The ranks of a command that computes: who holds which slice of the model and which share of the data.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dist/mesh.h"
#include "dist/tensor_group.h"
#include "dist/world.h"
#include "launch/options.h"
#include "launch/session.h"

namespace prelude {

struct RankOptions {
  int tensor_parallel = 1;
  bool tensor_across_hosts = false;
  std::string collectives;          // "mpi", "nccl"; empty: nccl on cuda, mpi on the CPU
  double collective_timeout = 600;  // seconds
};

// --tensor-parallel, --tensor-across-hosts, --collectives, --collective-timeout.
void declare_ranks(OptionTable& table, RankOptions& options);
// --collective-timeout alone, for a command whose ranks hold no model.
void declare_collective_timeout(OptionTable& table, double& seconds);

// The first thing that the ranks of a command do together, by its options as given: from here on they are watched for
// --collective-timeout, which `table` has, and all run the same program with the same options. Throws UserError that
// names the rank and host of the first that does not, and the first line that differs.
void join_ranks(World& world, const OptionTable& table);

// open_session for one of `world`'s ranks.
Session open_session(SessionOptions& session, const RankOptions& ranks, const World& world);

class Ranks {
 public:
  // `world` outlives this. Throws UserError for degrees that do not divide, a tensor group that is not on one host, or
  // collectives that this build or device does not have.
  Ranks(const RankOptions& options, const Session& session, World& world);

  World& world() const { return world_; }
  const Mesh& mesh() const { return mesh_; }  // groups for tensors on the session's device
  const TensorParallel& tensor() const { return tensor_; }
  Communicator& data() const { return *data_; }  // the ranks that share the data, for CPU tensors and words
  bool first() const { return world_.first(); }
  // agreed_error (dist/text.h) among the ranks that hold one backbone: what of theirs failed.
  std::optional<std::string> agreed_error(const std::string& error) const;

 private:
  World& world_;
  std::unique_ptr<Communicator> all_;  // every rank, for tensors on the session's device
  Mesh mesh_;
  std::unique_ptr<Communicator> data_;
  std::unique_ptr<Communicator> holders_;  // of one backbone, for words
  TensorGroup tensor_;
  double longest_agreement_;  // seconds
};

// Every rank must have read the same input; throws UserError that names the first that has not. `what`: "--corpus 'x'".
void require_same_content(const World& world, const std::string& what, const std::string& hash);

}  // namespace prelude
