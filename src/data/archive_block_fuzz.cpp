// What stands in the archive's files is read back through this parser; a damaged disk must not end the program.

#include <cstdlib>

#include "data/archive_batch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu;
    const ByteSpan input(data, size);
    static_cast<void>(data::unpack(input));
    ByteReader in(input);
    const auto batch = data::RecordBatch::parse(in);
    if (!batch) return 0;
    // What was understood means the same when it is written and read again.
    const auto again = data::unpack(data::pack(*batch, 1));
    if (!again || *again != *batch) std::abort();
    for (std::size_t row = 0; row < batch->size(); ++row)
        static_cast<void>(batch->record(row, batch->integer_columns() + 1, batch->histogram_columns() + 1));
    return 0;
}
