#pragma once
// How wrong the clock of this machine may be, as the kernel knows it (adjtimex(2)).

#include <cstdint>

#include "base/time.h"

namespace quipu::measure {

struct ClockQuality {
    Nanoseconds bound{};
    bool synchronised = false;
    // As the kernel tells it, whatever was declared; for whoever looks after the clock.
    Nanoseconds offset{};            ///< what is still to be corrected
    Nanoseconds estimated{};         ///< estimated error
    std::int64_t frequency_ppb = 0;  ///< correction of the rate
    std::uint32_t status = 0;        ///< STA_ bits
};

/// The kernel's maximum error while something disciplines the clock; without that the bound is what the kernel lets it
/// grow to (16 s) and `synchronised` is false.
[[nodiscard]] ClockQuality clock_quality();

}  // namespace quipu::measure
