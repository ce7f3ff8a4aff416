#include "data/clickhouse_rows.h"

#include <bit>

namespace quipu::data {
namespace {

std::string between(std::string_view text, char quote) {
    std::string out(1, quote);
    for (const char c : text) {
        if (c == '\0') {
            out += "\\0";
            continue;
        }
        if (c == '\\' || c == quote) out += '\\';
        out += c;
    }
    return out += quote;
}

}  // namespace

void RowWriter::varint(std::uint64_t value) {
    for (; value >= 0x80U; value >>= 7U)
        octets_.push_back(static_cast<char>(static_cast<std::uint8_t>(value | 0x80U)));
    octets_.push_back(static_cast<char>(value));
}

void RowWriter::text(std::string_view value) {
    varint(value.size());
    octets_ += value;
}

void RowWriter::histogram(const Histogram& value) {
    varint(value.buckets().size());
    for (const auto& [index, count] : value.buckets())
        little(index);
    varint(value.buckets().size());
    for (const auto& [index, count] : value.buckets())
        little(count);
}

Histogram RowReader::histogram() {
    Histogram out;
    const std::uint64_t size = in_.varint();
    if (size > in_.remaining() / sizeof(std::uint32_t)) in_.fail_here();
    ByteReader indices = in_.sub(static_cast<std::size_t>(size) * sizeof(std::uint32_t));
    if (in_.varint() != size || size > in_.remaining() / sizeof(std::uint64_t)) in_.fail_here();
    for (std::uint64_t i = 0; i < size && in_.ok(); ++i) {
        const std::uint32_t index = std::byteswap(indices.u32());
        if (index >= Histogram::bucket_limit()) in_.fail_here();
        out.add_bucket(index, u64());
    }
    return in_.ok() ? out : Histogram();
}

Result<void> RowReader::finish() const {
    if (in_.ok() && in_.at_end()) return {};
    return fail(ErrorCode::corrupt, "ClickHouse's answer is cut short or is none of ours",
                "octet " + std::to_string(in_.offset()));
}

std::string sql_text(std::string_view text) {
    return between(text, '\'');
}

std::string sql_name(std::string_view name) {
    return between(name, '`');
}

}  // namespace quipu::data
