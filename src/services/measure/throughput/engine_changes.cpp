#include "services/measure/throughput/engine_changes.h"

namespace quipu::throughput {

std::optional<measure::LevelChange> change_decided_by_last(std::span<const ThroughputResult> results) {
    if (results.empty()) return std::nullopt;
    const ThroughputResult& last = results.back();
    measure::LevelDetector detector(kThroughputRules);
    std::optional<measure::LevelChange> change;
    for (const ThroughputResult& result : results)
        if (result.protocol == last.protocol && result.streams == last.streams)
            change = detector.add(result.start, static_cast<double>(result.received_bps));
    return change;
}

}  // namespace quipu::throughput
