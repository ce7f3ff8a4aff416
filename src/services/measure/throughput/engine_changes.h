#pragma once
// Has what a pair carries changed for good? The detector of measure/engine_level.h over the results of its regular
// tests: like is compared with like, for they all have the shape that the settings give them.

#include <optional>
#include <span>

#include "services/measure/engine_level.h"
#include "services/measure/throughput/model.h"

namespace quipu::throughput {

/// Bits per second. A test of TCP that meets other traffic is slower by a tenth any day; four tests a day are 120 a
/// month, of which one in fifty strays before any was seen.
inline constexpr measure::LevelRules kThroughputRules{.narrowest = 1e6,
                                                      .share = 0.15,
                                                      .follow = 0.1,
                                                      .a_month = 120,
                                                      .false_alarms = 0.1,
                                                      .strays = 0.02,
                                                      .strays_follow = 0.01};

/// How many results are looked at: what a pair is like follows from the last weeks, and from nothing that a restart
/// would lose.
inline constexpr std::int64_t kResultsLookedAt = 120;

/// The change that the last of these results decides. Those of one pair that ran to their end, in order of their
/// starts; only those of the last one's protocol and streams count.
[[nodiscard]] std::optional<measure::LevelChange> change_decided_by_last(std::span<const ThroughputResult> results);

}  // namespace quipu::throughput
