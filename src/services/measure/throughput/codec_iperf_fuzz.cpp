// Whatever iperf3 may print is read without harm, and what was read travels to the hub and back as it is.
#include <cstdlib>

#include "services/measure/throughput/codec_iperf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    using namespace quipu::throughput;
    const ByteSpan input(data, size);
    if (const auto report = parse_iperf(as_text(input))) {
        const EndRecord record{.test = 1, .error = {}, .report = *report};
        const std::string text = write_end_record(record);
        const auto again = parse_end_record(as_bytes(text));
        if (!again || *again != record) std::abort();
    }
    if (const auto record = parse_end_record(input)) {
        const std::string text = write_end_record(*record);
        const auto again = parse_end_record(as_bytes(text));
        if (!again || *again != *record) std::abort();
    }
    return 0;
}
