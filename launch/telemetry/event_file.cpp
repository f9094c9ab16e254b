#include "launch/telemetry/event_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>

namespace prelude {
namespace {

constexpr std::array<std::uint32_t, 256> crc_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? 0x82F63B78U : 0U);
    table[i] = value;
  }
  return table;
}();

template <typename T>
std::string little_endian(T value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

// Protocol buffers' wire format: a key (field number, wire type), then the value.
enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80U; value >>= 7U) bytes += static_cast<char>(value | 0x80U);
  bytes += static_cast<char>(value);
  return bytes;
}
std::string field(unsigned number, Wire wire, const std::string& value) {
  return varint(number << 3U | static_cast<unsigned>(wire)) + value;
}
std::string double_field(unsigned number, double value) {
  return field(number, Wire::fixed64, little_endian(std::bit_cast<std::uint64_t>(value)));
}
std::string float_field(unsigned number, float value) {
  return field(number, Wire::fixed32, little_endian(std::bit_cast<std::uint32_t>(value)));
}
std::string integer_field(unsigned number, std::int64_t value) {
  return field(number, Wire::varint, varint(static_cast<std::uint64_t>(value)));
}
std::string bytes_field(unsigned number, const std::string& value) {
  return field(number, Wire::bytes, varint(value.size()) + value);
}

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0' ? name.data() : "host";
}

// Field numbers of Event: wall_time 1, step 2, file_version 3, summary 5, session_log 7.
std::string event(std::int64_t step, const std::string& what) {
  return double_field(1, wall_time()) + integer_field(2, step) + what;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) crc = (crc >> 8U) ^ crc_table[(crc ^ static_cast<unsigned char>(byte)) & 0xFFU];
  return ~crc;
}

std::uint32_t masked_crc32c(std::string_view bytes) {
  constexpr std::uint32_t mask_delta = 0xA282EAD8U;
  return std::rotr(crc32c(bytes), 15) + mask_delta;
}

EventFile::EventFile(const std::string& folder, std::int64_t first_step)
    : file_(fmt::format("{}/events.out.tfevents.{:.6f}.{}.{}", folder, wall_time(), host_name(), getpid()),
            AppendFile::Start::must_be_new) {
  constexpr std::int64_t session_start = 1;
  record(event(0, bytes_field(3, "brain.Event:2")));
  record(event(first_step, bytes_field(7, integer_field(1, session_start))));
}

void EventFile::scalar(const std::string& tag, double value, std::int64_t step) {
  const auto point = bytes_field(1, tag) + float_field(2, static_cast<float>(value));
  record(event(step, bytes_field(5, bytes_field(1, point))));
}

void EventFile::record(const std::string& event) {
  const auto length = little_endian(static_cast<std::uint64_t>(event.size()));
  file_.append(fmt::format("{}{}{}{}", length, little_endian(masked_crc32c(length)), event,
                           little_endian(masked_crc32c(event))));
}

}  // namespace prelude
