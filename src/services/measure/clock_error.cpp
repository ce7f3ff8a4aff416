#include "services/measure/clock_error.h"

#include <sys/timex.h>

namespace quipu::measure {

ClockQuality clock_quality() {
    timex state{};
    const int answer = ::adjtimex(&state);
    if (answer < 0) return {.bound = std::chrono::seconds(16), .synchronised = false};
    const auto status = static_cast<std::uint32_t>(state.status);
    // adjtimex(2): the offset is in nanoseconds with STA_NANO, else in microseconds; the frequency in ppm × 2^16.
    const Nanoseconds unit = (status & STA_NANO) != 0 ? Nanoseconds(1) : std::chrono::microseconds(1);
    return {.bound = std::chrono::microseconds(state.maxerror),
            .synchronised = answer != TIME_ERROR && (status & STA_UNSYNC) == 0,
            .offset = unit * state.offset,
            .estimated = std::chrono::microseconds(state.esterror),
            .frequency_ppb = state.freq * 1000 / 65536,
            .status = status};
}

}  // namespace quipu::measure
