#include <cstdlib>

#include "agent/batch.h"

// Whatever parses is written back and read again as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto batch = quipu::agent::parse_batch({data, size});
    if (!batch) return 0;
    quipu::ByteWriter out;
    quipu::agent::write_batch(out, *batch);
    const auto again = quipu::agent::parse_batch(out.span());
    if (!again || again->spool != batch->spool || again->streams.size() != batch->streams.size()) std::abort();
    for (std::size_t i = 0; i < batch->streams.size(); ++i) {
        const auto& before = batch->streams[i];
        const auto& after = again->streams[i];
        if (before.stream != after.stream || before.first_sequence != after.first_sequence ||
            before.payloads.size() != after.payloads.size())
            std::abort();
    }
    return 0;
}
