#pragma once
// How far the ends of a link are from each other, and how long light needs for it: the delay that no equipment and no
// money can undercut.

#include <optional>

#include "base/time.h"
#include "registry/model.h"

namespace quipu::registry {

/// Cables do not follow great circles: how much longer they are as a rule.
inline constexpr double kUsualDetour = 1.3;

/// A link's length in metres: the registry's, else the great circle between its ends times `detour`; nothing when
/// neither is known.
[[nodiscard]] std::optional<double> metres_of(const Link& link, const Site& a, const Site& b, double detour = 1);

/// The time that light needs from one end of a link to the other: 5 µs/km in fibre or copper, 3.34 µs/km by radio, a
/// geostationary hop for a satellite whose length says nothing else. To the microsecond.
[[nodiscard]] std::optional<Nanoseconds> light_delay(const Link& link, const Site& a, const Site& b, double detour = 1);

}  // namespace quipu::registry
