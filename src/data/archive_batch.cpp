#include "data/archive_batch.h"

#include <memory>
#include <zstd.h>

namespace quipu::data {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint64_t kMostColumns = 1024;
constexpr std::size_t kLargestPlain = std::size_t{256} << 20U;  // of one batch; ours have a hundredth of it

// Differences and their sums wrap around in 64 bits, so that no value is out of reach.
std::int64_t minus(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t plus(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

struct FreeCompression {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

std::span<const RecordBatch::Bucket> RecordBatch::buckets(std::size_t row, std::size_t column) const {
    if (column >= histograms_.size()) return {};
    const Histograms& held = histograms_[column];
    const std::size_t start = row == 0 ? 0 : held.ends[row - 1];
    return std::span(held.buckets).subspan(start, held.ends[row] - start);
}

void RecordBatch::reserve(std::size_t rows) {
    times_.reserve(rows);
    series_.reserve(rows);
    for (auto& column : integers_)
        column.reserve(rows);
    for (Histograms& column : histograms_)
        column.ends.reserve(rows);
}

void RecordBatch::add(const ArchiveRecord& record) {
    times_.push_back(record.time);
    for (std::size_t i = 0; i < integers_.size(); ++i)
        integers_[i].push_back(record.integers[i]);
    for (std::size_t i = 0; i < histograms_.size(); ++i) {
        const auto& buckets = record.histograms[i].buckets();
        histograms_[i].buckets.insert(histograms_[i].buckets.end(), buckets.begin(), buckets.end());
        histograms_[i].ends.push_back(static_cast<std::uint32_t>(histograms_[i].buckets.size()));
    }
}

void RecordBatch::add(const ArchiveRecord& record, std::uint32_t series) {
    add(record);
    series_.push_back(series);
}

void RecordBatch::add(const RecordBatch& other, std::size_t row) {
    while (integers_.size() < other.integers_.size())
        integers_.emplace_back(size(), 0);
    while (histograms_.size() < other.histograms_.size())
        histograms_.push_back({std::vector<std::uint32_t>(size(), 0), {}});
    times_.push_back(other.times_[row]);
    for (std::size_t i = 0; i < integers_.size(); ++i)
        integers_[i].push_back(other.integer(row, i));
    for (std::size_t i = 0; i < histograms_.size(); ++i) {
        const auto buckets = other.buckets(row, i);
        histograms_[i].buckets.insert(histograms_[i].buckets.end(), buckets.begin(), buckets.end());
        histograms_[i].ends.push_back(static_cast<std::uint32_t>(histograms_[i].buckets.size()));
    }
}

ArchiveRecord RecordBatch::record(std::size_t row, std::size_t integer_columns, std::size_t histogram_columns) const {
    ArchiveRecord out;
    out.time = times_[row];
    out.integers.reserve(integer_columns);
    for (std::size_t i = 0; i < integer_columns; ++i)
        out.integers.push_back(integer(row, i));
    out.histograms.resize(histogram_columns);
    for (std::size_t i = 0; i < histogram_columns; ++i)
        for (const auto& [index, count] : buckets(row, i))
            out.histograms[i].add_bucket(index, count);
    return out;
}

void RecordBatch::write_histograms(ByteWriter& out, const Histograms& column) {
    // Four runs, each of one kind of number: how many, where they begin, the gaps, the counts.
    std::uint32_t start = 0;
    for (const std::uint32_t end : column.ends) {
        out.varint(end - start);
        start = end;
    }
    start = 0;
    std::int64_t previous = 0;
    for (const std::uint32_t end : column.ends) {
        if (end != start) {
            out.zigzag(column.buckets[start].first - previous);
            previous = column.buckets[start].first;
        }
        start = end;
    }
    start = 0;
    for (const std::uint32_t end : column.ends) {
        for (std::uint32_t i = start + 1; i < end; ++i)
            out.varint(column.buckets[i].first - column.buckets[i - 1].first - 1);
        start = end;
    }
    for (const Bucket& bucket : column.buckets)
        out.varint(bucket.second - 1);
}

bool RecordBatch::parse_histograms(ByteReader& in, std::size_t rows, Histograms& column) {
    const std::uint64_t limit = Histogram::bucket_limit();
    column.ends.reserve(rows);
    std::uint64_t total = 0;
    for (std::size_t row = 0; row < rows; ++row) {
        total += std::min(in.varint(), limit + 1);
        // Each bucket takes two octets at least: the claim is checked before memory is set aside for it.
        if (total * 2 > in.remaining()) return false;
        column.ends.push_back(static_cast<std::uint32_t>(total));
    }
    column.buckets.resize(static_cast<std::size_t>(total));
    std::uint32_t start = 0;
    std::int64_t previous = 0;
    for (const std::uint32_t end : column.ends) {
        if (end != start) {
            previous = plus(previous, in.zigzag());
            if (previous < 0 || previous >= static_cast<std::int64_t>(limit)) return false;
            column.buckets[start].first = static_cast<std::uint32_t>(previous);
        }
        start = end;
    }
    start = 0;
    for (const std::uint32_t end : column.ends) {
        for (std::uint32_t i = start + 1; i < end; ++i) {
            const std::uint64_t gap = in.varint();
            const std::uint64_t index = column.buckets[i - 1].first + gap + 1;
            if (gap >= limit || index >= limit) return false;
            column.buckets[i].first = static_cast<std::uint32_t>(index);
        }
        start = end;
    }
    for (Bucket& bucket : column.buckets) {
        bucket.second = in.varint() + 1;
        if (bucket.second == 0) return false;
    }
    return in.ok();
}

void RecordBatch::write(ByteWriter& out) const {
    out.u8(kVersion);
    out.varint(size());
    out.varint(integers_.size());
    out.varint(histograms_.size());
    out.u8(series_.empty() ? 0 : 1);
    for (const std::uint32_t series : series_)
        out.varint(series);
    // Times that come at equal steps have second differences of zero.
    std::int64_t previous = 0;
    std::int64_t step = 0;
    for (const Time time : times_) {
        const std::int64_t value = time.time_since_epoch().count();
        const std::int64_t next_step = minus(value, previous);
        out.zigzag(minus(next_step, step));
        step = next_step;
        previous = value;
    }
    for (const auto& column : integers_) {
        previous = 0;
        for (const std::int64_t value : column) {
            out.zigzag(minus(value, previous));
            previous = value;
        }
    }
    for (const Histograms& column : histograms_)
        write_histograms(out, column);
}

Result<RecordBatch> RecordBatch::parse(ByteReader& in) {
    const auto malformed = [&](std::string_view why) {
        return fail(ErrorCode::corrupt, "archive block: " + std::string(why), "octet " + std::to_string(in.offset()));
    };
    if (in.u8() != kVersion) return malformed("unknown version");
    const std::uint64_t rows = in.varint();
    const std::uint64_t integers = in.varint();
    const std::uint64_t histograms = in.varint();
    const std::uint8_t tagged = in.u8();
    if (tagged > 1) return malformed("unknown flag");
    if (integers > kMostColumns || histograms > kMostColumns) return malformed("claims too many columns");
    // Each value takes an octet at least: the claim is checked before memory is set aside for it.
    if (rows > in.remaining() / (1 + integers + histograms + tagged))
        return malformed("claims more rows than there can be");

    RecordBatch out(static_cast<std::size_t>(integers), static_cast<std::size_t>(histograms));
    const auto count = static_cast<std::size_t>(rows);
    for (std::size_t i = 0; tagged == 1 && i < count; ++i) {
        const std::uint64_t series = in.varint();
        if (series > UINT32_MAX) return malformed("series out of range");
        out.series_.push_back(static_cast<std::uint32_t>(series));
    }
    out.times_.reserve(count);
    std::int64_t previous = 0;
    std::int64_t step = 0;
    for (std::size_t i = 0; i < count; ++i) {
        step = plus(step, in.zigzag());
        previous = plus(previous, step);
        out.times_.emplace_back(Nanoseconds(previous));
    }
    for (auto& column : out.integers_) {
        column.resize(count);
        previous = 0;
        for (std::int64_t& value : column) {
            previous = plus(previous, in.zigzag());
            value = previous;
        }
    }
    for (Histograms& column : out.histograms_)
        if (!parse_histograms(in, count, column)) return malformed("histogram out of range");
    if (!in.ok()) return malformed("ends too early");
    if (!in.at_end()) return malformed("has more octets than it says");
    return out;
}

std::vector<std::uint8_t> pack(const RecordBatch& batch, int level) {
    thread_local const std::unique_ptr<ZSTD_CCtx, FreeCompression> context(ZSTD_createCCtx());
    thread_local ByteWriter plain;
    plain.clear();
    batch.write(plain);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
    std::vector<std::uint8_t> out(ZSTD_compressBound(plain.size()));
    const std::size_t size = ZSTD_compress2(context.get(), out.data(), out.size(), plain.span().data(), plain.size());
    // The bound makes room for the worst case, so only a lack of memory can be left.
    if (ZSTD_isError(size) != 0) throw std::bad_alloc();
    out.resize(size);
    out.shrink_to_fit();
    return out;
}

Result<RecordBatch> unpack(ByteSpan packed) {
    thread_local const std::unique_ptr<ZSTD_DCtx, FreeCompression> context(ZSTD_createDCtx());
    thread_local std::vector<std::uint8_t> plain;
    const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
    if (size > kLargestPlain) return fail(ErrorCode::corrupt, "archive block: not compressed as it should be");
    if (plain.size() < size) plain.resize(static_cast<std::size_t>(size));
    const std::size_t got =
        ZSTD_decompressDCtx(context.get(), plain.data(), plain.size(), packed.data(), packed.size());
    if (ZSTD_isError(got) != 0)
        return fail(ErrorCode::corrupt, std::string("archive block: ") + ZSTD_getErrorName(got));
    ByteReader in(ByteSpan(plain).first(got));
    return RecordBatch::parse(in);
}

}  // namespace quipu::data
