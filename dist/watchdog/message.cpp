#include "dist/watchdog/message.h"

#include <sys/random.h>

#include <cstring>

#include "core/error.h"
#include "dist/watchdog/byte_text.h"

namespace prelude {
namespace {

constexpr std::size_t kHalf = std::tuple_size_v<JobToken> / 2;
constexpr std::size_t kHeader = 5;

std::string_view half(const JobToken& token, std::size_t which) {
  return {reinterpret_cast<const char*>(token.data()) + which * kHalf, kHalf};
}

// Takes the same time wherever they differ.
bool equal_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  int difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= a[i] ^ b[i];
  return difference == 0;
}

}  // namespace

JobToken random_token() {
  JobToken token;
  const ssize_t got = ::getrandom(token.data(), token.size(), 0);
  require(got == static_cast<ssize_t>(token.size()), "the system gives no random bytes for the job's token");
  return token;
}

std::string to_hex(const JobToken& token) {
  std::string hex;
  for (const std::uint8_t byte : token) hex += fmt::format("{:02x}", byte);
  return hex;
}

std::optional<JobToken> token_from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  JobToken token{};
  if (hex.size() != 2 * token.size()) return std::nullopt;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const int high = digit(hex[2 * i]);
    const int low = digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    token[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return token;
}

std::string frame(MessageKind kind, std::string_view body) {
  ByteWriter out;
  out.number(static_cast<std::uint32_t>(body.size() + 1));
  out.number(kind);
  out.raw(body);
  return out.take();
}

std::string hello_frame(const JobToken& token, const Hello& hello) {
  ByteWriter out;
  out.raw(half(token, 0));
  out.number(static_cast<std::int32_t>(hello.rank));
  out.number(hello.process);
  out.text(clean_text(hello.host));
  return frame(MessageKind::hello, out.take());
}

std::string welcome_frame(const JobToken& token) { return frame(MessageKind::welcome, half(token, 1)); }

std::optional<Hello> parse_hello(const JobToken& token, std::string_view body) {
  ByteReader in(body);
  if (!equal_secret(in.raw(kHalf), half(token, 0))) return std::nullopt;
  Hello hello;
  hello.rank = in.number<std::int32_t>();
  hello.process = in.number<std::int64_t>();
  hello.host = clean_text(in.text());
  return in.whole() ? std::optional(hello) : std::nullopt;
}

bool is_welcome(const JobToken& token, std::string_view body) { return equal_secret(body, half(token, 1)); }

std::string state_frame(const RankState& state) {
  ByteWriter out;
  out.number(state.step);
  out.number(state.waiting_ms);
  out.number(static_cast<std::uint8_t>(state.groups.size()));
  for (const GroupState& group : state.groups) {
    out.text(group.name);
    out.number(group.color);
    out.number(group.sequence);
    out.number(group.finished);
  }
  out.number(static_cast<std::uint8_t>(state.records.size()));
  for (const CollectiveRecord& record : state.records) {
    out.number(static_cast<std::uint8_t>(record.group));
    out.number(record.operation);
    out.number(record.phase);
    out.number(record.sequence);
    out.number(record.count);
    out.text(record.dtype);
    out.number(record.step);
  }
  out.text(std::string_view(state.failure).substr(0, kLongestFailure));
  return frame(MessageKind::state, out.take());
}

std::optional<RankState> parse_state(std::string_view body) {
  ByteReader in(body);
  RankState state;
  state.step = in.number<std::int64_t>();
  state.waiting_ms = in.number<std::int64_t>();
  state.groups.resize(in.number<std::uint8_t>());
  for (GroupState& group : state.groups) {
    group.name = clean_text(in.text());
    group.color = in.number<std::int64_t>();
    group.sequence = in.number<std::uint64_t>();
    group.finished = in.number<std::uint64_t>();
  }
  state.records.resize(in.number<std::uint8_t>());
  for (CollectiveRecord& record : state.records) {
    record.group = in.number<std::uint8_t>();
    record.operation = in.number<Operation>();
    record.phase = in.number<Phase>();
    record.sequence = in.number<std::uint64_t>();
    record.count = in.number<std::int64_t>();
    record.dtype = clean_text(in.text());
    record.step = in.number<std::int64_t>();
    const bool known = record.group < state.groups.size() &&
                       static_cast<std::uint8_t>(record.operation) < kOperations &&
                       static_cast<std::uint8_t>(record.phase) < kPhases;
    if (!known) return std::nullopt;
  }
  state.failure = clean_text(in.text());
  return in.whole() ? std::optional(std::move(state)) : std::nullopt;
}

std::string clean_text(std::string_view text) {
  std::string clean(text.substr(0, kLongestText));
  for (char& c : clean) {
    if (c < ' ' || c > '~') c = '?';
  }
  return clean;
}

std::optional<Message> take_message(std::string& buffer, bool& broken) {
  if (buffer.size() < kHeader) return std::nullopt;
  ByteReader in(buffer);
  const std::size_t length = in.number<std::uint32_t>();
  const auto kind = in.number<MessageKind>();
  broken = length < 1 || length > kLongestFrame || kind < MessageKind::hello || kind > MessageKind::alive;
  if (broken || buffer.size() < kHeader - 1 + length) return std::nullopt;
  Message message{kind, buffer.substr(kHeader, length - 1)};
  buffer.erase(0, kHeader - 1 + length);
  return message;
}

}  // namespace prelude
