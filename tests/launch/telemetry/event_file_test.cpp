// The file is read back by a reader written from the formats' own descriptions: TFRecord framing with a bitwise CRC,
// and the protocol-buffer wire format.
#include "launch/telemetry/event_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <vector>

#include "tests/temporary_folder.h"

namespace prelude {
namespace {

std::uint32_t bitwise_crc32c(const std::string& bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : bytes) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const std::uint32_t in = (static_cast<unsigned char>(c) >> bit) & 1U;
      const std::uint32_t out = crc & 1U;
      crc >>= 1U;
      if (in != out) crc ^= 0x82F63B78U;
    }
  }
  return crc ^ 0xFFFFFFFFU;
}

template <typename T>
T read_little_endian(const std::string& bytes, std::size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// Field number -> raw values, in order: integers as 8 bytes.
using Message = std::map<unsigned, std::vector<std::string>>;

Message decode(const std::string& bytes) {
  std::size_t at = 0;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes.at(at++));
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0) return value;
    }
  };
  Message message;
  while (at < bytes.size()) {
    const auto key = varint();
    std::string value;
    if ((key & 7U) == 0) {
      const auto number = varint();
      value.assign(reinterpret_cast<const char*>(&number), sizeof number);
    } else {
      const std::size_t size = (key & 7U) == 1 ? 8 : (key & 7U) == 5 ? 4 : varint();
      value = bytes.substr(at, size);
      EXPECT_EQ(value.size(), size);
      at += size;
    }
    message[static_cast<unsigned>(key >> 3U)].push_back(value);
  }
  return message;
}

std::vector<Message> events_of(const std::string& folder) {
  std::vector<Message> events;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_EQ(entry.path().filename().string().rfind("events.out.tfevents.", 0), 0U);
    const std::string bytes = test::read_file(entry.path());
    for (std::size_t at = 0; at < bytes.size();) {
      const auto size = read_little_endian<std::uint64_t>(bytes, at);
      const auto unmask = [](std::uint32_t masked) {
        const std::uint32_t rotated = masked - 0xA282EAD8U;
        return (rotated >> 17U) | (rotated << 15U);
      };
      EXPECT_EQ(unmask(read_little_endian<std::uint32_t>(bytes, at + 8)), bitwise_crc32c(bytes.substr(at, 8)));
      const auto data = bytes.substr(at + 12, size);
      EXPECT_EQ(data.size(), size);
      EXPECT_EQ(unmask(read_little_endian<std::uint32_t>(bytes, at + 12 + size)), bitwise_crc32c(data));
      events.push_back(decode(data));
      at += 12 + size + 4;
    }
  }
  return events;
}

TEST(EventFile, Crc32cOfKnownVectors) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);              // the check value of CRC-32C
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);    // RFC 3720, B.4
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);  // RFC 3720, B.4
  EXPECT_EQ(crc32c("The quick brown fox"), bitwise_crc32c("The quick brown fox"));
}

TEST(EventFile, HoldsWhatWasWritten) {
  const test::TemporaryFolder folder;
  {
    EventFile file(folder.path(), 41);
    file.scalar("loss", 2.5, 41);
    file.scalar("validation_loss", -0.1, 1000000);
  }
  auto events = events_of(folder.path());
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0][3].at(0), "brain.Event:2");
  EXPECT_EQ(read_little_endian<std::int64_t>(events[1][2].at(0), 0), 41);
  EXPECT_EQ(read_little_endian<std::int64_t>(decode(events[1][7].at(0))[1].at(0), 0), 1);  // SessionLog.START
  const auto check = [](Message& event, const std::string& tag, float value, std::int64_t step) {
    EXPECT_GT(read_little_endian<double>(event[1].at(0), 0), 1.6e9);
    EXPECT_EQ(read_little_endian<std::int64_t>(event[2].at(0), 0), step);
    auto point = decode(decode(event[5].at(0))[1].at(0));
    EXPECT_EQ(point[1].at(0), tag);
    EXPECT_EQ(read_little_endian<float>(point[2].at(0), 0), value);
  };
  check(events[2], "loss", 2.5F, 41);
  check(events[3], "validation_loss", -0.1F, 1000000);
}

}  // namespace
}  // namespace prelude
