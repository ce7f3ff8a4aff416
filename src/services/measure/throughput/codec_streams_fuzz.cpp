// Whatever the other end of a test of many streams may say is read without harm, and what was read is written again.
#include <algorithm>
#include <cstdlib>

#include "services/measure/throughput/codec_streams.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    using namespace quipu::throughput;
    const ByteSpan input(data, size);
    if (const auto greeting = parse_greeting(input); greeting && !std::ranges::equal(write_greeting(*greeting), input))
        std::abort();
    if (const auto report = parse_streams_report(input); report && *report) {
        const std::string text = write_streams_report(**report);
        const auto again = parse_streams_report(as_bytes(text));
        if (!again || !*again || **again != **report) std::abort();
    }
    return 0;
}
