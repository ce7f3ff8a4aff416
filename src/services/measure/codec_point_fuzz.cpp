#include <cstdlib>

#include "services/measure/codec_point.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    using namespace quipu::measure;
    ByteReader in(ByteSpan(data, size));
    const auto record = parse_point(in);
    if (!record) return 0;
    ByteWriter out;
    write_point(out, *record);
    ByteReader again(out.span());
    const auto second = parse_point(again);
    if (!second || *second != *record) std::abort();
    return 0;
}
