#include "tasks/corpus/make_documents.h"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

#include "core/error.h"
#include "tasks/corpus/build_record.h"
#include "tasks/corpus/byte_fields.h"
#include "tasks/corpus/ordered_pool.h"
#include "tasks/corpus/wire.h"

namespace prelude {
namespace {

using Pool = OrderedPool<RawBatch, MadeBatch>;

constexpr std::size_t kMostBytesUnderWay = std::size_t{64} << 20;
constexpr std::size_t kMostItemsPerWorker = 64;
// Documents go in batches, so that a message between ranks costs little beside the work: some 20 ms of it.
constexpr std::size_t kBatchBytes = std::size_t{128} << 10;
constexpr std::size_t kBatchDocuments = 1024;

std::size_t bytes_of(const RawBatch& batch) {
  std::size_t bytes = 0;
  for (const RawDocument& raw : batch) bytes += raw.text.size();
  return bytes;
}

std::optional<RawBatch> next_batch(DocumentReader& reader) {
  RawBatch batch;
  std::size_t bytes = 0;
  while (bytes < kBatchBytes && batch.size() < kBatchDocuments) {
    std::optional<RawDocument> raw = reader.next();
    if (!raw) break;
    bytes += raw->text.size();
    batch.push_back(std::move(*raw));
  }
  if (batch.empty()) return {};
  return batch;
}

std::function<MadeBatch(RawBatch)> batch_maker(const BuildOptions& options, const Tokenizer& tokenizer) {
  const auto maker = std::make_shared<DocumentMaker>(options, tokenizer);
  return [maker](RawBatch raws) {
    MadeBatch mades;
    mades.reserve(raws.size());
    for (RawDocument& raw : raws) mades.push_back(maker->make(std::move(raw)));
    return mades;
  };
}

using Values = std::vector<std::pair<std::string, std::string>>;

// All that a document's tokens depend on.
Values values_of(const BuildOptions& options, const Tokenizer& tokenizer) {
  return new_build_record(options, {}, tokenizer.sha256()).options;
}

std::string greeting_of(const Values& values) {
  ByteWriter out;
  out.put(static_cast<std::uint64_t>(values.size()));
  for (const auto& [name, value] : values) {
    out.put_text(name);
    out.put_text(value);
  }
  return out.take();
}

void check_greeting(const Values& ours, const std::string& who, const std::string& greeting) {
  ByteReader in(greeting);
  const std::size_t count = in.count_of(2 * sizeof(std::uint64_t));
  bool same = count == ours.size();
  for (std::size_t i = 0; same && i < count; ++i) {
    const std::string name = in.get_text();
    const std::string value = in.get_text();
    same = name == ours[i].first;
    require(!same || value == ours[i].second,
            "{} was started with another {} ({}, here {}); start all ranks with the same command and the same files",
            who, name, value, ours[i].second);
  }
  require(same, "{} runs another version of prelude; start the same on all ranks", who);
}

}  // namespace

void make_documents(const BuildOptions& options, const Tokenizer& tokenizer, DocumentReader& reader, FarWorkers* far,
                    const std::function<bool(const MadeDocument&)>& use) {
  const int cores = static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U));
  const int workers = options.workers > 0 ? options.workers : cores;
  int slots = 0;
  Pool::Steps steps{.next = [&] { return next_batch(reader); },
                    .bytes = bytes_of,
                    .make_worker = [&] { return batch_maker(options, tokenizer); },
                    .use = [&](const MadeBatch& batch) { return std::all_of(batch.begin(), batch.end(), use); }};
  if (far != nullptr) {
    const Values ours = values_of(options, tokenizer);
    slots =
        far->start([&](const std::string& who, const std::string& greeting) { check_greeting(ours, who, greeting); });
    steps.elsewhere = far_step<Pool>(
        *far, [](const RawBatch& batch) { return to_bytes(batch); }, made_batch_from);
  }
  const std::size_t most_bytes = kMostBytesUnderWay + 2 * kBatchBytes * static_cast<std::size_t>(slots);
  Pool(workers, kMostItemsPerWorker * static_cast<std::size_t>(workers + slots), most_bytes).run(steps);
}

FarService document_service(const BuildOptions& options) {
  const auto tokenizer = std::make_shared<const Tokenizer>(Tokenizer::load(options.tokenizer));
  const auto kept = std::make_shared<const BuildOptions>(options);
  const auto make_worker = [tokenizer, kept]() -> std::function<std::string(std::string)> {
    // The maker refers to both, which live as long as the worker that holds them.
    return [tokenizer, kept, make = batch_maker(*kept, *tokenizer)](const std::string& request) {
      return to_bytes(make(raw_batch_from(request)));
    };
  };
  return {.greeting = greeting_of(values_of(options, *tokenizer)), .make_worker = make_worker};
}

}  // namespace prelude
