#pragma once
// How wrong the clock of this machine may be, as the kernel knows it (adjtimex(2)).

#include "base/time.h"

namespace quipu::measure {

struct ClockQuality {
    Nanoseconds bound{};
    bool synchronised = false;
};

/// The kernel's maximum error while something disciplines the clock; without that the bound is what the kernel lets it
/// grow to (16 s) and `synchronised` is false.
[[nodiscard]] ClockQuality clock_quality();

}  // namespace quipu::measure
