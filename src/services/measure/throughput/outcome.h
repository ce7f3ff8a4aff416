#pragma once
// One result out of the words of a test's two ends.

#include "services/measure/throughput/assignment.h"

namespace quipu::throughput {

[[nodiscard]] ThroughputResult empty_result(const ThroughputTest& test);
/// Puts an end's word in; the first word of each end counts. False when it was there.
bool put_in(ThroughputResult& result, const EndRecord& record);
/// done or failed by what is known, planned while nothing that decides has come.
[[nodiscard]] TestState state_after(const ThroughputResult& result);
/// Both ends have spoken: neither runs any more.
[[nodiscard]] bool is_over(const ThroughputResult& result);

}  // namespace quipu::throughput
