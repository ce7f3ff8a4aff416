#include "data/clickhouse_rows.h"

using namespace quipu;

/// An answer of any kind: rows of a key, a time and a histogram, to the end or to the first fault.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    data::RowReader in(as_text({data, size}));
    data::RowWriter out;
    while (in.more()) {
        out.text(in.text());
        out.i64(in.i64());
        out.histogram(in.histogram());
    }
    if (in.finish() && out.take().size() > size) __builtin_trap();
    return 0;
}
