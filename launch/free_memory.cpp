#include "launch/free_memory.h"

#include <c10/core/CachingDeviceAllocator.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>

namespace prelude {
namespace {

constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();

// The number behind `key` in lines of "key number ..."; with an empty key, of a file that is one number. None for
// "max", and where there is no such file or line.
std::optional<std::int64_t> number_in(const std::string& path, const std::string& key = "") {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string word;
    std::int64_t number = 0;
    if (!key.empty() && (!(words >> word) || word != key)) continue;
    if (words >> number) return number;
  }
  return {};
}

// The files of a control group's memory controller, which the two versions of Linux' control groups name otherwise.
struct GroupFiles {
  const char* limit;
  const char* usage;
  const char* page_cache;  // a line of memory.stat
};
constexpr GroupFiles version_1{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_cache"};
constexpr GroupFiles version_2{"memory.max", "memory.current", "file"};

// What the group at `path` under `mount`, and every group that holds it, leave. Within a container the path may be the
// host's and lead nowhere: then the mount is the container's own group.
std::int64_t free_in_groups(const std::string& mount, std::filesystem::path path, const GroupFiles& files) {
  std::int64_t least = unlimited;
  while (true) {
    const std::string folder = mount + path.string() + "/";
    const auto limit = number_in(folder + files.limit);
    const auto usage = number_in(folder + files.usage);
    if (limit && usage) {
      const auto cached = number_in(folder + "memory.stat", files.page_cache).value_or(0);
      least = std::min(least, std::max<std::int64_t>(0, *limit - std::max<std::int64_t>(0, *usage - cached)));
    }
    if (!path.has_relative_path()) return least;
    path = path.parent_path();
  }
}

}  // namespace

std::int64_t free_host_bytes(const std::string& root) {
  const auto kibibytes = number_in(root + "/proc/meminfo", "MemAvailable:");
  std::int64_t least = kibibytes ? *kibibytes * 1024 : unlimited;
  std::ifstream groups(root + "/proc/self/cgroup");  // number:controllers:path
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) least = std::min(least, free_in_groups(root + "/sys/fs/cgroup", path, version_2));
    if (controllers == "memory")
      least = std::min(least, free_in_groups(root + "/sys/fs/cgroup/memory", path, version_1));
  }
  return least;
}

std::int64_t free_bytes(at::Device device) {
  if (device.is_cpu()) return free_host_bytes();
  return static_cast<std::int64_t>(c10::getDeviceAllocator(device.type())->getMemoryInfo(device.index()).first);
}

}  // namespace prelude
