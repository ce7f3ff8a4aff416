#include "services/rpki/codec_payload.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    static_cast<void>(rpki::parse_tal(as_text(ByteSpan(data, size)), "x"));
    return 0;
}
