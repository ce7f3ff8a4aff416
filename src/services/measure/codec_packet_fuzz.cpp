#include <cstdlib>

#include "services/measure/codec_packet.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    ByteReader in(ByteSpan(data, size));
    const auto packet = measure::parse_test_packet(in);
    if (!packet) return 0;
    ByteWriter out;
    measure::write_test_packet(out, *packet);
    ByteReader again(out.span());
    const auto second = measure::parse_test_packet(again);
    if (!second || second->sequence != packet->sequence || second->sent != packet->sent ||
        second->error != packet->error)
        std::abort();
    return 0;
}
