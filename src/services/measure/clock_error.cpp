#include "services/measure/clock_error.h"

#include <sys/timex.h>

namespace quipu::measure {

ClockQuality clock_quality() {
    timex state{};
    const int answer = ::adjtimex(&state);
    if (answer < 0) return {.bound = std::chrono::seconds(16), .synchronised = false};
    return {.bound = std::chrono::microseconds(state.maxerror),
            .synchronised = answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0};
}

}  // namespace quipu::measure
