#include <cstdlib>

#include "services/measure/codec_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    using namespace quipu::measure;
    if (size == 0) return 0;
    const ByteSpan input(data + 1, size - 1);
    ByteReader in(input);
    ByteWriter out;
    if (data[0] % 2 == 0) {
        const auto records = parse_records(in);
        if (!records) return 0;
        write_records(out, *records);
        ByteReader again(out.span());
        const auto second = parse_records(again);
        if (!second || *second != *records) std::abort();
    } else {
        const auto range = parse_skip(in);
        if (!range) return 0;
        write_skip(out, *range);
        ByteReader again(out.span());
        const auto second = parse_skip(again);
        if (!second || *second != *range) std::abort();
    }
    return 0;
}
