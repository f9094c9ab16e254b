#include "tasks/corpus/verify.h"

#include <memory>

#include "core/error.h"
#include "core/io/checksum.h"
#include "tasks/corpus/byte_fields.h"
#include "tasks/corpus/ordered_pool.h"
#include "tasks/corpus/shard.h"

namespace prelude {
namespace {

using Defect = std::string;  // empty: the shard is sound
using Pool = OrderedPool<std::size_t, Defect>;

std::string path_of(const std::string& folder) { return folder + "/corpus.json"; }

Defect defect_of(const std::string& folder, const Manifest& manifest, std::size_t index) {
  try {
    const ShardEntry& entry = manifest.shards.at(index);
    Shard(folder, entry, manifest.vocabulary_size, manifest.labels).verify(entry.xxh3_128);
    return {};
  } catch (const UserError& error) {
    return error.what();
  }
}

std::string to_bytes(std::size_t index) {
  ByteWriter out;
  out.put(static_cast<std::uint64_t>(index));
  return out.take();
}

}  // namespace

Manifest verify_corpus(const std::string& folder, const std::function<void(std::size_t, std::size_t)>& progress,
                       FarWorkers* far) {
  Manifest manifest = read_manifest(path_of(folder));
  const std::size_t shards = manifest.shards.size();
  std::size_t next = 0;
  std::size_t done = 0;
  Defect first;
  Pool::Steps steps{
      .next = [&]() -> std::optional<std::size_t> {
        if (next == shards) return {};
        return next++;
      },
      .bytes = [](std::size_t) { return std::size_t{0}; },
      .make_worker = [&] { return [&](std::size_t index) { return defect_of(folder, manifest, index); }; },
      .use =
          [&](const Defect& defect) {
            first = defect;
            if (defect.empty() && progress) progress(++done, shards);
            return defect.empty();
          }};
  int slots = 0;
  if (far != nullptr) {
    const std::string ours = xxh3_128_of_file(path_of(folder));
    slots = far->start([&](const std::string& who, const std::string& greeting) {
      require(greeting == ours, "{} sees another '{}' than rank 0 does; give a folder that all ranks share", who,
              path_of(folder));
    });
    steps.elsewhere = far_step<Pool>(*far, to_bytes, [](const std::string& answer) { return answer; });
  }
  if (progress) progress(0, shards);
  constexpr std::size_t ahead = 8;  // a slow shard holds the others up when so many for each worker are done
  Pool(1, ahead * static_cast<std::size_t>(1 + slots), 1).run(steps);
  require(first.empty(), "{}", first);
  return manifest;
}

FarService verify_service(const std::string& folder, const std::string& who) {
  const auto manifest = std::make_shared<const Manifest>(read_manifest(path_of(folder)));
  const auto make_worker = [=]() -> std::function<std::string(std::string)> {
    return [=](const std::string& request) {
      ByteReader in(request);
      const Defect defect = defect_of(folder, *manifest, in.get<std::uint64_t>());
      return defect.empty() ? defect : fmt::format("{} (seen by {})", defect, who);
    };
  };
  return {.greeting = xxh3_128_of_file(path_of(folder)), .make_worker = make_worker};
}

}  // namespace prelude
