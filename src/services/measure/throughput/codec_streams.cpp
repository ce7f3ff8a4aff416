#include "services/measure/throughput/codec_streams.h"

#include <algorithm>

#include "base/value.h"

namespace quipu::throughput {
namespace {

constexpr std::string_view kMagic = "QUIPUTP1";

}  // namespace

std::array<std::uint8_t, kGreetingOctets> write_greeting(const Greeting& greeting) {
    ByteWriter out;
    out.bytes(as_bytes(kMagic));
    out.u64(greeting.test);
    out.u32(greeting.stream);
    out.u32(greeting.streams);
    out.u64(greeting.duration_us);
    std::array<std::uint8_t, kGreetingOctets> octets{};
    std::ranges::copy(out.span(), octets.begin());
    return octets;
}

Result<Greeting> parse_greeting(ByteSpan octets) {
    ByteReader in(octets);
    const ByteSpan magic = in.bytes(kMagic.size());
    const Greeting out{.test = in.u64(), .stream = in.u32(), .streams = in.u32(), .duration_us = in.u64()};
    TRY(in.finish("greeting"));
    if (as_text(magic) != kMagic || in.remaining() != 0)
        return fail(ErrorCode::invalid, "is no greeting of a throughput test");
    if (out.streams < 1 || out.streams > kMostStreams || out.stream > out.streams)
        return fail(ErrorCode::invalid, "greets from a stream that can't be");
    return out;
}

std::string write_streams_report(const StreamsReport& report) {
    const std::string text = json_text(report);
    ByteWriter out;
    out.u32(static_cast<std::uint32_t>(text.size()));
    out.bytes(as_bytes(text));
    return std::string(as_text(out.span()));
}

Result<std::optional<StreamsReport>> parse_streams_report(ByteSpan octets) {
    ByteReader in(octets);
    const std::uint32_t length = in.u32();
    if (!in.ok()) return std::optional<StreamsReport>();
    if (length > kMostStreamsReportOctets) return fail(ErrorCode::too_large, "the receiver's report is too long");
    if (in.remaining() < length) return std::optional<StreamsReport>();
    const Value value = TRY(parse_json(as_text(in.bytes(length))));
    return std::optional(TRY(read<StreamsReport>(value, "the receiver's report")));
}

}  // namespace quipu::throughput
