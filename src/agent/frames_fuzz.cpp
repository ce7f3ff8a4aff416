#include <algorithm>
#include <cstdlib>

#include "agent/frames.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    const ByteSpan input(data, size);
    ByteReader in(input);
    // What is read, written again, is what it was read from.
    std::size_t read = 0;
    while (const auto payload = agent::next_frame(in, 64 * 1024)) {
        ByteWriter out;
        agent::write_frame_head(out, *payload);
        out.bytes(*payload);
        const ByteSpan was = input.subspan(read, out.size());
        if (!std::equal(was.begin(), was.end(), out.span().begin())) std::abort();
        read += out.size();
    }
    return 0;
}
