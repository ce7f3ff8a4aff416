#include <cstdlib>

#include "services/measure/codec_raw.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    using namespace quipu::measure;
    ByteReader in(ByteSpan(data, size));
    const auto minute = parse_raw(in);
    if (!minute) return 0;
    ByteWriter out;
    write_raw(out, *minute);
    ByteReader again(out.span());
    const auto second = parse_raw(again);
    if (!second || *second != *minute) std::abort();
    return 0;
}
