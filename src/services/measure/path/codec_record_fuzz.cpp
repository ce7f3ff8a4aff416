#include <cstdlib>

#include "services/measure/path/codec_record.h"
#include "services/measure/path/ways.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    ByteReader in(ByteSpan(data, size));
    const auto path = path::parse_path(in);
    if (!path) return 0;
    ByteWriter out;
    path::write_path(out, *path);
    ByteReader again(out.span());
    const auto second = path::parse_path(again);
    if (!second || *second != *path || !path::fits(second->record, path->record)) std::abort();
    return 0;
}
