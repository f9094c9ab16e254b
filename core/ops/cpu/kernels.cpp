#include "core/ops/cpu/kernels.h"

#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/ops/cpu/instruction_sets.h"

namespace prelude::cpu {
namespace {

std::vector<const Kernels*> supported() {
  std::vector<const Kernels*> sets;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    sets.push_back(&avx512::table());
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) sets.push_back(&avx2::table());
#endif
  sets.push_back(&baseline::table());
  return sets;
}

const std::vector<const Kernels*>& sets() {
  static const std::vector<const Kernels*> found = supported();
  return found;
}

const Kernels& choose() {
  const char* const wanted = std::getenv("PRELUDE_CPU");  // NOLINT(concurrency-mt-unsafe): nobody sets it meanwhile
  if (wanted == nullptr) return *sets().front();
  for (const Kernels* set : sets()) {
    if (std::string_view(set->instruction_set) == wanted) return *set;
  }
  throw UserError(fmt::format("PRELUDE_CPU={}: this processor has no such set; give baseline, avx2 or avx512", wanted));
}

}  // namespace

const Kernels& kernels() {
  static const Kernels& chosen = choose();
  return chosen;
}

std::span<const Kernels* const> all_kernels() { return sets(); }

}  // namespace prelude::cpu
