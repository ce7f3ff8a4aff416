#include "services/measure/throughput/model.h"

#include <fmt/format.h>

namespace quipu::throughput {

Result<void> check_shape(const TestShape& shape, const std::string& prefix) {
    TRY(check_between(prefix + "duration", shape.duration, kShortest, kLongest));
    if (shape.duration % std::chrono::seconds(1) != Nanoseconds::zero())
        return fail(ErrorCode::invalid, "is not a whole number of seconds", prefix + "duration");
    if (shape.protocol == Protocol::tcp) return {};
    if (shape.rate.bits_per_second == 0)
        return fail(ErrorCode::invalid, "udp needs a rate", prefix + "rate", "such as \"50 Mb/s\"");
    if (shape.streams > kMostIperfStreams)
        return fail(ErrorCode::invalid, fmt::format("udp has at most {} streams", kMostIperfStreams),
                    prefix + "streams", "choose tcp for more");
    return {};
}

}  // namespace quipu::throughput
