#pragma once

namespace prelude {

// Throws CollectiveError with the call and MPI's own text unless `code` is MPI_SUCCESS.
void check_mpi(int code, const char* call);

}  // namespace prelude
