# Every third-party library, as one imported target each. All headers are SYSTEM.
find_package(PkgConfig REQUIRED)
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(Boost REQUIRED COMPONENTS program_options)
find_package(ICU REQUIRED COMPONENTS uc)
find_package(ZLIB REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Threads REQUIRED)
find_package(MPI REQUIRED COMPONENTS C)
# Open MPI's mpi.h still declares its C++ interface, which is in a library that nobody links.
set_property(TARGET MPI::MPI_C APPEND PROPERTY INTERFACE_COMPILE_DEFINITIONS OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)

# SentencePiece as scripts/setup built it: one static archive with its abseil and protobuf-lite in it.
file(STRINGS ${PROJECT_SOURCE_DIR}/cmake/sentencepiece/source.sha256 prelude_sentencepiece_source)
string(REGEX REPLACE ".* (sentencepiece-.*)\\.tar\\.gz" "\\1" prelude_sentencepiece_name "${prelude_sentencepiece_source}")
set(PRELUDE_SENTENCEPIECE ${PROJECT_SOURCE_DIR}/.cache/${prelude_sentencepiece_name} CACHE PATH
  "SentencePiece's folder (holds include/ and lib/)")
if(NOT EXISTS "${PRELUDE_SENTENCEPIECE}/lib/libsentencepiece.a")
  message(FATAL_ERROR "No SentencePiece in '${PRELUDE_SENTENCEPIECE}'. Run scripts/setup")
endif()
add_library(prelude_sentencepiece INTERFACE)
target_include_directories(prelude_sentencepiece SYSTEM INTERFACE ${PRELUDE_SENTENCEPIECE}/include)
target_link_libraries(prelude_sentencepiece INTERFACE ${PRELUDE_SENTENCEPIECE}/lib/libsentencepiece.a Threads::Threads)

# LibTorch out of a Python package folder. find_package(Torch) is not used: with a CUDA wheel it insists on nvcc even
# where only torch_cpu and c10 are linked.
if(PRELUDE_CUDA)
  set(prelude_venv .venv-full)
else()
  set(prelude_venv .venv)
endif()
file(GLOB prelude_torch_default ${PROJECT_SOURCE_DIR}/${prelude_venv}/lib/python3.*/site-packages/torch)
if(NOT prelude_torch_default AND NOT PRELUDE_CUDA AND EXISTS ${PROJECT_SOURCE_DIR}/.cache/torch-path)
  file(STRINGS ${PROJECT_SOURCE_DIR}/.cache/torch-path prelude_torch_default)  # the machine's own; scripts/setup found it
endif()
set(PRELUDE_TORCH "${prelude_torch_default}" CACHE PATH "The torch package folder (holds include/ and lib/)")
if(NOT EXISTS "${PRELUDE_TORCH}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "No LibTorch in '${PRELUDE_TORCH}'. Run scripts/setup, or give -DPRELUDE_TORCH=.../site-packages/torch")
endif()
file(STRINGS ${PRELUDE_TORCH}/include/torch/headeronly/version.h prelude_torch_version
  REGEX "#define TORCH_VERSION_(MAJOR|MINOR) ")
string(REGEX MATCHALL "[0-9]+" prelude_torch_version "${prelude_torch_version}")
string(REPLACE ";" "." prelude_torch_version "${prelude_torch_version}")
if(prelude_torch_version VERSION_LESS 2.9)
  message(FATAL_ERROR "LibTorch ${prelude_torch_version} in ${PRELUDE_TORCH} is too old; 2.9 or newer is needed")
endif()
message(STATUS "LibTorch ${prelude_torch_version} in ${PRELUDE_TORCH}")

# LibTorch ships headers of another fmt than the system's, without its library: the system's are put before them.
get_target_property(prelude_fmt_include fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/system_fmt)
file(CREATE_LINK ${prelude_fmt_include}/fmt ${CMAKE_BINARY_DIR}/system_fmt/fmt SYMBOLIC)

add_library(prelude_torch INTERFACE)
target_include_directories(prelude_torch SYSTEM INTERFACE
  ${CMAKE_BINARY_DIR}/system_fmt ${PRELUDE_TORCH}/include ${PRELUDE_TORCH}/include/torch/csrc/api/include)
target_link_directories(prelude_torch INTERFACE ${PRELUDE_TORCH}/lib)
# libtorch_cpu names the CUDA runtime and CUPTI, which its own RPATH finds at run time; the linker need not see them.
target_link_options(prelude_torch INTERFACE LINKER:--allow-shlib-undefined LINKER:-rpath,${PRELUDE_TORCH}/lib)
target_link_libraries(prelude_torch INTERFACE torch_cpu c10)
# OpenMP's run-time library is LibTorch's own where it brings one: a second one would have a second pool of threads.
file(GLOB prelude_gomp ${PRELUDE_TORCH}/lib/libgomp*.so*)
if(prelude_gomp)
  list(GET prelude_gomp 0 prelude_gomp)
else()
  find_library(prelude_gomp NAMES gomp libgomp.so.1 REQUIRED)
endif()
target_link_libraries(prelude_torch INTERFACE ${prelude_gomp})

if(PRELUDE_CUDA)
  set(CMAKE_CUDA_STANDARD 17)  # CMake 3.25 does not know CUDA 13's C++20 flag
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
  set(CMAKE_CUDA_RUNTIME_LIBRARY Shared)  # LibTorch's own: one runtime in a process
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 80 90)
  endif()
  enable_language(CUDA)
  find_package(CUDAToolkit REQUIRED)
  find_package(NCCL REQUIRED)
  target_link_options(prelude_torch INTERFACE LINKER:--no-as-needed)
  target_link_libraries(prelude_torch INTERFACE torch_cuda c10_cuda CUDA::cudart)
endif()
