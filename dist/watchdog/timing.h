// The watchdog's times, in seconds. A verdict falls within a second of the timeout: rank 0 hears of the wait at once,
// asks every rank, and gives each kAnswer; the others believe rank 0 stopped after kPatience.
#pragma once

namespace prelude::watchdog_times {

inline constexpr double kHeartbeat = 1.0;     // between what a rank says unasked
inline constexpr double kAlarm = 0.25;        // the same, of a rank that has waited longer than the timeout
inline constexpr double kAnswer = 0.4;        // for an answer to rank 0's question
inline constexpr double kPatience = 0.6;      // after the timeout, for a word of rank 0
inline constexpr double kLastPatience = 5.0;  // the same where rank 0 says something, but no verdict
inline constexpr double kTick = 0.25;         // longest sleep: a collective that began meanwhile is seen in time
inline constexpr double kStandstill = 1.0;    // between two looks at the clock: the process was stopped
inline constexpr double kPace = 0.02;         // shortest round of rank 0, which takes what came in between together
inline constexpr double kFirstWord = 0.2;     // rank 0's verdict comes before the others' lines
inline constexpr double kHubLeave = 0.5;      // for the others to see rank 0's goodbye, or its verdict
inline constexpr double kMemberLeave = 1.0;   // for rank 0 to see the goodbye
inline constexpr double kStranger = 5.0;      // for a connection to prove that it belongs here

}  // namespace prelude::watchdog_times
