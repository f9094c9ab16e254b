// What the watchdogs of a job say to one another. A frame is its length (4 bytes), its kind (1 byte) and its body;
// integers are little-endian. Whatever arrives is checked: a frame that is not understood is no frame.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dist/watchdog/rank_state.h"

namespace prelude {

// A secret of this job, from rank 0. Its first half opens rank 0's door, its second half proves that it was rank 0's.
using JobToken = std::array<std::uint8_t, 32>;
JobToken random_token();  // throws UserError where the system gives no random bytes
std::string to_hex(const JobToken& token);
std::optional<JobToken> token_from_hex(std::string_view hex);

enum class MessageKind : std::uint8_t {
  hello = 1,    // member to hub, first: Hello
  welcome = 2,  // hub to member: the token's second half
  state = 3,    // member to hub: RankState
  probe = 4,    // hub to member: say your state now
  verdict = 5,  // hub to member: the job ends, with one line that says why
  goodbye = 6,  // either: this rank ends properly
  alive = 7,    // hub to member: rank 0 is there
};

struct Message {
  MessageKind kind;
  std::string body;
};

struct Hello {
  int rank = 0;
  std::int64_t process = 0;
  std::string host;
};

inline constexpr std::size_t kLongestFrame = 4096;
inline constexpr std::size_t kLongestText = 2048;  // of a host's name or a verdict; the rest is cut off
inline constexpr std::size_t kLongestFailure = 512;

std::string frame(MessageKind kind, std::string_view body = {});
std::string hello_frame(const JobToken& token, const Hello& hello);
std::string welcome_frame(const JobToken& token);
std::string state_frame(const RankState& state);

// Empty: not such a message, or not with this token.
std::optional<Hello> parse_hello(const JobToken& token, std::string_view body);
bool is_welcome(const JobToken& token, std::string_view body);
std::optional<RankState> parse_state(std::string_view body);
// Printable text of at most kLongestText bytes.
std::string clean_text(std::string_view text);

// Takes the first whole frame off `buffer`. Empty: more bytes are needed, or `broken` is set as they are none of ours.
std::optional<Message> take_message(std::string& buffer, bool& broken);

}  // namespace prelude
