#include "dist/text.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "dist/watchdog/moment.h"

namespace prelude {
namespace {

at::Tensor bytes_of(const std::string& text, std::int64_t size) {  // [size] uint8
  at::Tensor bytes = at::zeros({size}, at::kByte);
  std::memcpy(bytes.mutable_data_ptr(), text.data(), std::min(text.size(), static_cast<std::size_t>(size)));
  return bytes;
}

std::string text_of(const at::Tensor& bytes, std::int64_t size) {
  return {static_cast<const char*>(bytes.const_data_ptr()), static_cast<std::size_t>(size)};
}

at::Tensor size_of(const std::string& text) { return at::full({1}, static_cast<std::int64_t>(text.size()), at::kLong); }

}  // namespace

std::string broadcast_text(Communicator& group, const std::string& text, int root) {
  at::Tensor size = size_of(text);
  group.broadcast(size, root);
  at::Tensor bytes = bytes_of(text, size.item<std::int64_t>());
  group.broadcast(bytes, root);
  return text_of(bytes, bytes.size(0));
}

std::vector<std::string> gather_texts(Communicator& group, const std::string& text) {
  const at::Tensor sizes = group.all_gather(size_of(text));                                   // [size,1]
  const at::Tensor all = group.all_gather(bytes_of(text, sizes.max().item<std::int64_t>()));  // [size,longest]
  std::vector<std::string> texts;
  for (std::int64_t rank = 0; rank < group.size(); ++rank) {
    texts.push_back(text_of(all.select(0, rank), sizes[rank].item<std::int64_t>()));
  }
  return texts;
}

std::optional<std::string> agreed_error(Communicator& group, const std::string& error, double patience) {
  const at::Tensor failed = at::full({1}, error.empty() ? 0 : 1, at::kLong);
  const auto begun = group.begin_all_reduce(failed);
  const Moment deadline = later(now(), patience);
  while (!error.empty() && !begun->advance()) {
    if (now() > deadline) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  begun->finish();
  if (failed.item<std::int64_t>() == 0) return "";
  const std::vector<std::string> errors = gather_texts(group, error);
  return *std::find_if(errors.begin(), errors.end(), [](const std::string& one) { return !one.empty(); });
}

}  // namespace prelude
