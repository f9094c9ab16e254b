#include "dist/mesh.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/dist/ranks.h"
#include "tests/message_of.h"

namespace prelude {
namespace {

TEST(Mesh, TensorRanksAreAdjacent) {
  const std::vector<std::string> hosts(8, "n1");
  for (const int tensor : {1, 2, 4, 8}) {
    for (int rank = 0; rank < 8; ++rank) {
      const MeshPlace place = mesh_place(rank, tensor, hosts, false);
      EXPECT_EQ(place.data_rank * tensor + place.tensor_rank, rank);
      EXPECT_EQ(place.data_size * tensor, 8);
      EXPECT_LT(place.tensor_rank, tensor);
    }
  }
}

TEST(Mesh, DegreesThatDoNotDivideAreRefusedWithThoseThatDo) {
  const std::vector<std::string> hosts(6, "n1");
  EXPECT_EQ(
      test::message_of([&] { mesh_place(0, 4, hosts, false); }),
      "--tensor-parallel 4 does not divide the 6 ranks that were started; use one of 1, 2, 3, 6, or start another "
      "number");
}

TEST(Mesh, AModelOverSeveralHostsIsRefusedUnlessAskedFor) {
  const std::vector<std::string> hosts{"n1", "n1", "n1", "n2", "n2", "n2"};
  EXPECT_NO_THROW(mesh_place(4, 3, hosts, false));
  EXPECT_EQ(
      test::message_of([&] { mesh_place(3, 2, hosts, false); }),
      "--tensor-parallel 2: ranks 2 to 3 hold one model together but stand on hosts n1 and n2; start a multiple of "
      "2 ranks on each host in blocks, or allow it with --tensor-across-hosts");
  EXPECT_NO_THROW(mesh_place(3, 2, hosts, true));
}

TEST(Mesh, GroupsHoldTheRightRanks) {
  Communicator& all = test::group();
  for (int tensor = 1; tensor <= all.size(); ++tensor) {
    if (all.size() % tensor != 0) continue;
    const Mesh mesh = make_mesh(all, mesh_place(all.rank(), tensor, test::world().hosts(), true));
    EXPECT_EQ(mesh.tensor->size(), tensor);
    EXPECT_EQ(mesh.tensor->rank(), mesh.place.tensor_rank);
    EXPECT_EQ(mesh.data->size(), mesh.place.data_size);
    EXPECT_EQ(mesh.data->rank(), mesh.place.data_rank);
    at::Tensor same_model = mesh.tensor->all_gather(at::full({1}, all.rank(), at::kLong)).flatten();
    EXPECT_EQ(same_model[0].item<std::int64_t>(), mesh.place.data_rank * tensor);
  }
}

}  // namespace
}  // namespace prelude
