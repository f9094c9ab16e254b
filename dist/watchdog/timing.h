// The watchdog's times, in seconds. A verdict falls within a second of the timeout: rank 0 hears of the wait at once,
// asks every rank, and gives kAnswer to each that it has heard of lately; the others believe rank 0 stopped after
// lost().
#pragma once

namespace prelude::watchdog_times {

// Between what a rank says unasked, and between rank 0's signs of life: rank 0 hears 2,048 words a second at most.
inline double heartbeat(int ranks) { return ranks <= 512 ? 0.25 : ranks / 2048.0; }
inline double lost(int ranks) { return 3 * heartbeat(ranks); }  // so long without a word: no answer is waited for
inline constexpr double kAlarm = 0.1;         // between what a rank says that has waited longer than the timeout
inline constexpr double kAnswer = 0.4;        // for an answer to rank 0's question
inline constexpr double kLastPatience = 5.0;  // after the timeout, for the verdict of a rank 0 that is there
inline constexpr double kTick = 0.1;          // longest sleep: a collective that began meanwhile is seen in time
inline constexpr double kComparison = 0.5;    // between two comparisons of what the ranks call
inline constexpr double kStandstill = 1.0;    // between two looks at the clock: the process was stopped
inline constexpr double kPace = 0.02;         // shortest round of rank 0, which takes what came in between together
inline constexpr double kFirstWord = 0.2;     // rank 0's verdict comes before the others' lines
inline constexpr double kHubLeave = 0.5;      // for the others to see rank 0's goodbye, or its verdict
inline constexpr double kMemberLeave = 1.0;   // for rank 0 to see the goodbye
inline constexpr double kShortestJoin = 3.0;  // for a rank to reach rank 0's watchdog, at least
inline constexpr double kLongestJoin = 30.0;  // and at most, whatever the timeout
inline constexpr double kStranger = 5.0;      // for a connection to prove that it belongs here

}  // namespace prelude::watchdog_times
