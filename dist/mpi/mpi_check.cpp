#include "dist/mpi/mpi_check.h"

#include <fmt/format.h>
#include <mpi.h>

#include <array>
#include <string_view>

#include "dist/collective_error.h"

namespace prelude {

void check_mpi(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw CollectiveError(fmt::format("{}: {}", call, std::string_view(text.data(), static_cast<std::size_t>(length))));
}

}  // namespace prelude
