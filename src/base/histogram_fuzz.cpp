// Whatever parses is in order, counts right, and is written and read back the same.
#include <cstdlib>

#include "base/histogram.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    quipu::ByteReader in({data, size});
    const auto histogram = quipu::Histogram::parse(in);
    if (!histogram) return 0;
    static_cast<void>(histogram->quantile(0.5));
    quipu::ByteWriter out;
    histogram->write(out);
    quipu::ByteReader written(out.span());
    const auto again = quipu::Histogram::parse(written);
    if (!again || *again != *histogram) std::abort();
    return 0;
}
