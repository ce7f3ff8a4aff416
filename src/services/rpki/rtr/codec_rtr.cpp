#include "services/rpki/rtr/codec_rtr.h"

#include <algorithm>
#include <fmt/format.h>

namespace quipu::rpki::rtr {
namespace {

constexpr std::uint8_t kAnnounce = 1;

template <class... F>
struct Overloaded : F... {
    using F::operator()...;
};

void write_header(ByteWriter& out, std::uint8_t version, PduType type, std::uint16_t field, std::size_t length) {
    out.u8(version);
    out.u8(static_cast<std::uint8_t>(type));
    out.u16(field);
    out.u32(static_cast<std::uint32_t>(length));
}

template <class Address>
void put_address(std::uint8_t* at, Address address) {
    for (std::size_t i = sizeof(Address); i-- > 0; address >>= 8U)
        at[i] = static_cast<std::uint8_t>(address);
}

Result<PrefixPdu> parse_prefix(ByteReader& in, bool v6) {
    PrefixPdu out;
    out.announce = (in.u8() & kAnnounce) != 0;
    out.vrp.v6 = v6;
    out.vrp.length = in.u8();
    out.vrp.max_length = in.u8();
    in.skip(1);
    const unsigned width = v6 ? 128 : 32;
    if (v6) {
        const std::uint64_t high = in.u64();
        out.vrp.address = (Ipv6{high} << 64U) | in.u64();
    } else {
        out.vrp.address = in.u32();
    }
    out.vrp.as = in.u32();
    if (out.vrp.length > out.vrp.max_length || out.vrp.max_length > width)
        return fail(ErrorCode::invalid,
                    fmt::format("a length of {} and a maximal length of {} of {} bits", out.vrp.length,
                                out.vrp.max_length, width),
                    "prefix");
    const unsigned host_bits = width - out.vrp.length;
    out.vrp.address = host_bits == 128 ? Ipv6{0} : (out.vrp.address >> host_bits) << host_bits;
    return out;
}

Result<RouterKeyPdu> parse_router_key(ByteReader& in, std::uint8_t flags) {
    RouterKeyPdu out;
    out.announce = (flags & kAnnounce) != 0;
    const ByteSpan id = in.bytes(out.key_id.size());
    std::ranges::copy(id, out.key_id.begin());
    out.as = in.u32();
    const ByteSpan info = in.rest();
    out.key_info.assign(info.begin(), info.end());
    return out;
}

// draft-ietf-sidrops-8210bis §5.12
Result<AspaPdu> parse_aspa(ByteReader& in, std::uint8_t flags) {
    AspaPdu out;
    out.announce = (flags & kAnnounce) != 0;
    out.customer = in.u32();
    while (in.remaining() >= 4)
        out.providers.push_back(in.u32());
    const auto& providers = out.providers;
    if (std::ranges::adjacent_find(providers, std::greater_equal<>()) != providers.end())
        return fail(ErrorCode::invalid, "providers that are not in increasing order", "ASPA");
    if (out.announce && providers.empty()) return fail(ErrorCode::invalid, "an announcement without providers", "ASPA");
    if (out.announce && providers.size() > 1 && providers.front() == 0)
        return fail(ErrorCode::invalid, "AS 0 among other providers", "ASPA");
    if (!out.announce && !providers.empty()) return fail(ErrorCode::invalid, "a withdrawal with providers", "ASPA");
    return out;
}

Result<ErrorReport> parse_error(ByteReader& in, std::uint16_t code) {
    ErrorReport out;
    out.failure = static_cast<Failure>(code);
    const ByteSpan pdu = in.bytes(in.u32());
    out.pdu.assign(pdu.begin(), pdu.end());
    out.text = as_text(in.bytes(in.u32()));
    return out;
}

Result<decltype(Pdu::body)> parse_body(ByteReader& in, const Header& header) {
    const auto flags = static_cast<std::uint8_t>(header.field >> 8U);
    switch (header.type) {
        case PduType::serial_notify: return SerialNotify{header.field, in.u32()};
        case PduType::serial_query: return SerialQuery{header.field, in.u32()};
        case PduType::reset_query: return ResetQuery{};
        case PduType::cache_response: return CacheResponse{header.field};
        case PduType::ipv4_prefix: return TRY(parse_prefix(in, false));
        case PduType::ipv6_prefix: return TRY(parse_prefix(in, true));
        case PduType::end_of_data: {
            EndOfData out{header.field, in.u32(), {}};
            if (header.version > 0) {
                out.intervals.refresh = in.u32();
                out.intervals.retry = in.u32();
                out.intervals.expire = in.u32();
            }
            return out;
        }
        case PduType::cache_reset: return CacheReset{};
        case PduType::router_key:
            if (header.version < 1) break;
            return TRY(parse_router_key(in, flags));
        case PduType::error_report: return TRY(parse_error(in, header.field));
        case PduType::aspa:
            if (header.version < 2) break;
            return TRY(parse_aspa(in, flags));
    }
    return fail(ErrorCode::unsupported,
                fmt::format("version {} has no PDU type {}", header.version, static_cast<int>(header.type)), "PDU");
}

void write_error(ByteWriter& out, std::uint8_t version, const ErrorReport& error) {
    constexpr std::size_t kFixed = kHeaderSize + 4 + 4;
    constexpr std::size_t kLongestText = 1024;
    const std::string_view text = std::string_view(error.text).substr(0, kLongestText);
    const ByteSpan pdu = ByteSpan(error.pdu).first(std::min(error.pdu.size(), kLongestPdu - kFixed - text.size()));
    write_header(out, version, PduType::error_report, static_cast<std::uint16_t>(error.failure),
                 kFixed + pdu.size() + text.size());
    out.u32(static_cast<std::uint32_t>(pdu.size()));
    out.bytes(pdu);
    out.u32(static_cast<std::uint32_t>(text.size()));
    out.bytes(as_bytes(text));
}

}  // namespace

std::string name_of(Failure failure) {
    switch (failure) {
        case Failure::corrupt_data: return "Corrupt Data";
        case Failure::internal_error: return "Internal Error";
        case Failure::no_data_available: return "No Data Available";
        case Failure::invalid_request: return "Invalid Request";
        case Failure::unsupported_version: return "Unsupported Protocol Version";
        case Failure::unsupported_pdu_type: return "Unsupported PDU Type";
        case Failure::withdrawal_of_unknown_record: return "Withdrawal of Unknown Record";
        case Failure::duplicate_announcement: return "Duplicate Announcement Received";
        case Failure::unexpected_version: return "Unexpected Protocol Version";
        case Failure::aspa_provider_list: return "ASPA Provider List Error";
        case Failure::transport_failed: return "Transport Failed";
        case Failure::ordering: return "Ordering Error";
        case Failure::cache_restart: return "Cache Restart";
        case Failure::cache_shutdown: return "Cache Shutdown";
    }
    return fmt::format("error {}", static_cast<int>(failure));
}

Header parse_header(ByteReader& in) {
    Header out;
    out.version = in.u8();
    out.type = static_cast<PduType>(in.u8());
    out.field = in.u16();
    out.length = in.u32();
    return out;
}

Result<Pdu> parse(ByteReader& in) {
    const Header header = parse_header(in);
    if (in.ok() && (header.length < kHeaderSize || header.length > kLongestPdu))
        return fail(ErrorCode::invalid, fmt::format("a length of {} octets", header.length), "PDU");
    if (in.ok() && header.version > kHighestVersion)
        return fail(ErrorCode::unsupported, fmt::format("version {} is not known", header.version), "PDU");
    ByteReader inner = in.sub(header.length - kHeaderSize);
    TRY(in.finish("a PDU"));
    Pdu out {
        header.version, TRY(parse_body(inner, header))
    };
    TRY(inner.finish("a PDU of its type"));
    if (!inner.at_end())
        return fail(ErrorCode::invalid,
                    fmt::format("{} octets too many for PDU type {}", inner.remaining(), static_cast<int>(header.type)),
                    "PDU");
    return out;
}

void write(ByteWriter& out, const Pdu& pdu) {
    const std::uint8_t version = pdu.version;
    std::visit(
        Overloaded{
            [&](const SerialNotify& body) {
                write_header(out, version, PduType::serial_notify, body.session, 12);
                out.u32(body.serial);
            },
            [&](const SerialQuery& body) {
                write_header(out, version, PduType::serial_query, body.session, 12);
                out.u32(body.serial);
            },
            [&](const ResetQuery&) { write_header(out, version, PduType::reset_query, 0, 8); },
            [&](const CacheResponse& body) { write_header(out, version, PduType::cache_response, body.session, 8); },
            [&](const PrefixPdu& body) { write_vrp(out, version, body.announce, body.vrp); },
            [&](const EndOfData& body) {
                write_header(out, version, PduType::end_of_data, body.session, version == 0 ? 12 : 24);
                out.u32(body.serial);
                if (version == 0) return;
                out.u32(body.intervals.refresh);
                out.u32(body.intervals.retry);
                out.u32(body.intervals.expire);
            },
            [&](const CacheReset&) { write_header(out, version, PduType::cache_reset, 0, 8); },
            [&](const RouterKeyPdu& body) {
                write_router_key(out, version, body.announce,
                                 {.as = {body.as, body.as}, .key_id = body.key_id, .key_info = body.key_info}, body.as);
            },
            [&](const AspaPdu& body) { write_aspa(out, version, body.announce, body.customer, body.providers); },
            [&](const ErrorReport& body) { write_error(out, version, body); },
        },
        pdu.body);
}

void write_vrp(ByteWriter& out, std::uint8_t version, bool announce, const Vrp& vrp) {
    // One append for each of a million, not ten.
    std::array<std::uint8_t, 32> octets{};
    const std::size_t address = vrp.v6 ? 16 : 4;
    octets[0] = version;
    octets[1] = static_cast<std::uint8_t>(vrp.v6 ? PduType::ipv6_prefix : PduType::ipv4_prefix);
    octets[7] = static_cast<std::uint8_t>(16 + address);
    octets[8] = announce ? kAnnounce : 0;
    octets[9] = vrp.length;
    octets[10] = vrp.max_length;
    if (vrp.v6)
        put_address(&octets[12], vrp.address);
    else
        put_address(&octets[12], static_cast<Ipv4>(vrp.address));
    put_address(&octets[12 + address], vrp.as);
    out.bytes(ByteSpan(octets).first(16 + address));
}

void write_router_key(ByteWriter& out, std::uint8_t version, bool announce, const RouterKey& key, Asn as) {
    write_header(out, version, PduType::router_key, announce ? kAnnounce << 8U : 0,
                 kHeaderSize + key.key_id.size() + 4 + key.key_info.size());
    out.bytes(key.key_id);
    out.u32(as);
    out.bytes(key.key_info);
}

void write_aspa(ByteWriter& out, std::uint8_t version, bool announce, Asn customer, std::span<const Asn> providers) {
    write_header(out, version, PduType::aspa, announce ? kAnnounce << 8U : 0, kHeaderSize + 4 + 4 * providers.size());
    out.u32(customer);
    for (const Asn provider : providers)
        out.u32(provider);
}

}  // namespace quipu::rpki::rtr
