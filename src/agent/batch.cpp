#include "agent/batch.h"

#include <fmt/format.h>

namespace quipu::agent {
namespace {

constexpr std::uint32_t kMagic = 0x51504231;  // "QPB1"

/// Names become keys of tables and metrics: a small alphabet, a bounded length.
bool is_name(std::string_view text) {
    constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return !text.empty() && text.size() <= kMaxNameOctets &&
           text.find_first_not_of(kAlphabet) == std::string_view::npos;
}

std::unexpected<Error> wrong(const ByteReader& in, std::string what) {
    return fail(ErrorCode::invalid, std::move(what), fmt::format("octet {}", in.offset()));
}

Result<BatchStream> parse_stream(ByteReader& in) {
    BatchStream stream;
    const std::string_view name = in.text();
    stream.first_sequence = in.varint();
    const std::uint64_t count = in.varint();
    if (!in.ok()) return wrong(in, "a stream's head is cut short");
    if (!is_name(name))
        return wrong(
            in, "a stream's name is empty, too long or has other characters than letters, digits, '.', '_' and '-'");
    // Each record takes an octet at least: a larger count is a lie, and nothing is reserved for it.
    if (count > in.remaining())
        return wrong(in, fmt::format("stream {} says {} records and has not so many octets", name, count));
    stream.stream = name;
    stream.payloads.reserve(static_cast<std::size_t>(count));
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::string_view payload = in.text();
        if (!in.ok()) return wrong(in, fmt::format("record {} of stream {} is cut short", i, name));
        if (payload.size() > kMaxPayloadOctets)
            return fail(ErrorCode::too_large,
                        fmt::format("record {} of stream {} is longer than {} octets", i, name, kMaxPayloadOctets));
        stream.payloads.push_back(as_bytes(payload));
    }
    return stream;
}

}  // namespace

Result<Batch> parse_batch(ByteSpan bytes) {
    if (bytes.size() > kMaxBatchOctets)
        return fail(ErrorCode::too_large,
                    fmt::format("a batch of {} octets is longer than {}", bytes.size(), kMaxBatchOctets));
    ByteReader in(bytes);
    if (in.u32() != kMagic) return wrong(in, "not a batch of records: it does not begin with QPB1");
    Batch batch;
    const std::string_view spool = in.text();
    const std::uint64_t count = in.varint();
    if (!in.ok()) return wrong(in, "the batch's head is cut short");
    if (!is_name(spool)) return wrong(in, "the spool's identity is malformed");
    if (count > kMaxStreams)
        return fail(ErrorCode::too_large, fmt::format("{} streams are more than {}", count, kMaxStreams));
    batch.spool = spool;
    for (std::uint64_t i = 0; i < count; ++i)
        batch.streams.push_back(TRY(parse_stream(in)));
    if (!in.at_end()) return wrong(in, "something follows the last record");
    return batch;
}

void write_batch(ByteWriter& out, const Batch& batch) {
    out.u32(kMagic);
    out.text(batch.spool);
    out.varint(batch.streams.size());
    for (const BatchStream& stream : batch.streams) {
        out.text(stream.stream);
        out.varint(stream.first_sequence);
        out.varint(stream.payloads.size());
        for (const ByteSpan payload : stream.payloads)
            out.text(as_text(payload));
    }
}

}  // namespace quipu::agent
