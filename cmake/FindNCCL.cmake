# NCCL::NCCL: the one that LibTorch's own package brings, so that a process has one NCCL; the system's otherwise.
file(GLOB nccl_of_torch ${PRELUDE_TORCH}/../nvidia/nccl ${PRELUDE_TORCH}/../nvidia/cu*/nccl)
find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${nccl_of_torch} PATH_SUFFIXES include)
find_library(NCCL_LIBRARY NAMES nccl libnccl.so.2 HINTS ${nccl_of_torch} PATH_SUFFIXES lib)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(NCCL REQUIRED_VARS NCCL_LIBRARY NCCL_INCLUDE_DIR)
if(NCCL_FOUND AND NOT TARGET NCCL::NCCL)
  add_library(NCCL::NCCL UNKNOWN IMPORTED)
  set_target_properties(NCCL::NCCL PROPERTIES IMPORTED_LOCATION ${NCCL_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${NCCL_INCLUDE_DIR})
endif()
