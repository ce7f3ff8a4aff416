#include "services/measure/owamp/codec_control.h"

#include <algorithm>
#include <fmt/format.h>

#include "services/measure/owamp/control_wire.h"

namespace quipu::owamp {
namespace {

Block block_of(ByteReader& in) {
    Block out{};
    std::ranges::copy(in.bytes(kBlock), out.begin());
    return out;
}

std::unexpected<Error> wrong_hmac(std::string_view what) {
    return fail(ErrorCode::unauthenticated, fmt::format("the HMAC of {} is wrong", what), {},
                "both ends must use the same key, and nothing between may change what they say");
}

std::unexpected<Error> over_limit(std::string_view what, std::uint64_t count, std::uint64_t limit) {
    return fail(ErrorCode::too_large, fmt::format("{} {}, and at most {} are read", count, what, limit));
}

ErrorEstimate parse_error(ByteReader& in) {
    ErrorEstimate out;
    const std::uint8_t first = in.u8();
    out.synchronised = (first & 0x80U) != 0;
    out.scale = first & 0x3fU;
    out.multiplier = in.u8();
    return out;
}

net::IpAddress parse_address(ByteReader& in, bool ipv6) {
    const Block octets = block_of(in);
    if (ipv6) return net::IpAddress::v6(octets);
    ByteReader first(octets);
    return net::IpAddress::v4(first.u32());
}

/// All but the slots; the number of slots apart.
RequestSession parse_request(ByteSpan text, std::uint32_t& slots) {
    ByteReader in(text);
    RequestSession out;
    out.two_way = in.u8() == static_cast<std::uint8_t>(Number::request_two_way);
    // Four bits must be zero, four are the version.
    out.ip_version = in.u8() & 0x0fU;
    out.server_sends = in.u8() != 0;
    out.server_receives = in.u8() != 0;
    slots = in.u32();
    out.packets = in.u32();
    out.sender_port = in.u16();
    out.receiver_port = in.u16();
    out.sender = parse_address(in, out.ip_version == 6);
    out.receiver = parse_address(in, out.ip_version == 6);
    out.sid = block_of(in);
    out.padding = in.u32();
    out.start = in.u64();
    out.timeout = in.u64();
    out.type_p = in.u32();
    const std::uint16_t octets = in.u16();
    const std::uint16_t padding = in.u16();
    if (out.two_way) {
        out.reflected_octets = octets;
        out.reflected_padding = padding;
    }
    return out;
}

Result<std::vector<Slot>> parse_slots(ByteSpan text) {
    std::vector<Slot> out;
    ByteReader in(text);
    while (!in.at_end()) {
        const std::uint8_t type = in.u8();
        in.skip(7);
        if (type > 1) return fail(ErrorCode::invalid, fmt::format("there is no slot of type {}", type));
        out.push_back({static_cast<Slot::Type>(type), in.u64()});
    }
    return out;
}

/// A request, be it the client's or the one that a fetched session begins with.
Read<RequestSession> read_request(ControlReader& in, bool two_way, const MessageLimits& limits) {
    const ByteSpan waiting = in.waiting();
    if (waiting.size() < kRequestText + kBlock) return std::nullopt;
    std::uint32_t slots = 0;
    RequestSession out = parse_request(waiting.first(kRequestText), slots);
    if (!two_way) {
        if (slots > limits.slots) return over_limit("schedule slots", slots, limits.slots);
        if (waiting.size() < kRequestText + kBlock + (slots + 1) * kBlock) return std::nullopt;
    }
    static_cast<void>(in.text(kRequestText));
    if (!in.digest()) return wrong_hmac("Request-Session");
    if (two_way) return out;
    const ByteSpan text = in.text(slots * kBlock);
    if (!in.digest()) return wrong_hmac("the schedule slots");
    out.slots = TRY(parse_slots(text));
    return out;
}

/// The octets of all of Stop-Sessions before its HMAC; nothing when they are not all there.
Read<std::size_t> stop_octets(ByteSpan waiting, std::uint32_t sessions, const MessageLimits& limits) {
    if (sessions > limits.sessions) return over_limit("session descriptions", sessions, limits.sessions);
    std::size_t at = kBlock;
    std::uint64_t skips = 0;
    for (std::uint32_t i = 0; i < sessions; ++i) {
        if (waiting.size() < at + 24) return std::nullopt;
        ByteReader count(waiting.subspan(at + 20));
        const std::uint32_t ranges = count.u32();
        skips += ranges;
        if (skips > limits.skips) return over_limit("skip ranges", skips, limits.skips);
        // SID, next sequence number, number of ranges, ranges; filled up to a whole block.
        at += (24 + std::size_t{8} * ranges + kBlock - 1) / kBlock * kBlock;
    }
    if (waiting.size() < at + kBlock) return std::nullopt;
    return at;
}

std::vector<SkipRange> parse_skips(ByteReader& in, std::uint32_t count) {
    std::vector<SkipRange> out(count);
    for (SkipRange& range : out) {
        range.first = in.u32();
        range.last = in.u32();
    }
    return out;
}

Read<Command> read_stop(ControlReader& in, bool two_way, const MessageLimits& limits) {
    ByteReader head(in.waiting());
    head.skip(1);
    StopSessions out;
    out.accept = static_cast<Accept>(head.u8());
    head.skip(2);
    const std::uint32_t count = head.u32();
    const auto octets = TRY(stop_octets(in.waiting(), two_way ? 0 : count, limits));
    if (!octets) return std::nullopt;
    ByteReader text(in.text(*octets));
    if (!in.digest()) return wrong_hmac("Stop-Sessions");
    text.skip(kBlock);
    if (two_way) out.count = count;
    for (std::uint32_t i = 0; !two_way && i < count; ++i) {
        SessionDescription session;
        session.sid = block_of(text);
        session.next_sequence = text.u32();
        const std::uint32_t ranges = text.u32();
        session.skips = parse_skips(text, ranges);
        text.skip(ranges % 2 == 0 ? 8 : 0);
        out.sessions.push_back(std::move(session));
    }
    return out;
}

}  // namespace

std::array<std::uint8_t, 64> seal_token(const Block& shared_key, const Block& challenge, const ControlKeys& keys) {
    std::array<std::uint8_t, 64> out{};
    auto at = std::ranges::copy(challenge, out.begin()).out;
    at = std::ranges::copy(keys.aes, at).out;
    std::ranges::copy(keys.hmac, at);
    Aes::cbc(Aes::Use::encrypt, shared_key, Block{}).apply(out);
    return out;
}

std::optional<ControlKeys> open_token(const Block& shared_key, const Block& challenge,
                                      const std::array<std::uint8_t, 64>& token) {
    auto plain = token;
    Aes::cbc(Aes::Use::decrypt, shared_key, Block{}).apply(plain);
    const ByteSpan octets(plain);
    if (!same_secret(octets.first(kBlock), challenge)) return std::nullopt;
    ControlKeys out;
    std::ranges::copy(octets.subspan(16, 16), out.aes.begin());
    std::ranges::copy(octets.subspan(32, 32), out.hmac.begin());
    return out;
}

Read<ServerGreeting> read_greeting(ControlReader& in) {
    if (in.waiting().size() < kGreetingOctets) return std::nullopt;
    ByteReader text(in.clear(kGreetingOctets));
    ServerGreeting out;
    text.skip(12);
    out.modes = text.u32();
    out.challenge = block_of(text);
    out.salt = block_of(text);
    out.count = text.u32();
    return out;
}

Read<SetUpResponse> read_set_up(ControlReader& in) {
    if (in.waiting().size() < kSetUpOctets) return std::nullopt;
    ByteReader text(in.clear(kSetUpOctets));
    SetUpResponse out;
    out.mode = text.u32();
    out.key_id = as_text(text.bytes(kKeyIdOctets));
    out.key_id.erase(std::min(out.key_id.find('\0'), out.key_id.size()));
    std::ranges::copy(text.bytes(out.token.size()), out.token.begin());
    out.client_iv = block_of(text);
    return out;
}

Read<ServerStart> read_server_start(ControlReader& in, const ControlKeys* keys) {
    if (in.waiting().size() < 48) return std::nullopt;
    ByteReader text(in.clear(32));
    ServerStart out;
    text.skip(15);
    out.accept = static_cast<Accept>(text.u8());
    out.server_iv = block_of(text);
    // Who refuses has no key: the rest is as it is.
    if (keys != nullptr && out.accept == Accept::ok) in.protect(*keys, out.server_iv);
    ByteReader rest(in.text(kBlock));
    out.start_time = rest.u64();
    return out;
}

Read<AcceptSession> read_accept_session(ControlReader& in) {
    if (in.waiting().size() < kAcceptText + kBlock) return std::nullopt;
    ByteReader text(in.text(kAcceptText));
    if (!in.digest()) return wrong_hmac("Accept-Session");
    AcceptSession out;
    out.accept = static_cast<Accept>(text.u8());
    text.skip(1);
    out.port = text.u16();
    out.sid = block_of(text);
    out.reflected_octets = text.u16();
    out.server_octets = text.u16();
    return out;
}

Read<StartAck> read_start_ack(ControlReader& in) {
    if (in.waiting().size() < 2 * kBlock) return std::nullopt;
    const ByteSpan text = in.text(kBlock);
    if (!in.digest()) return wrong_hmac("Start-Ack");
    return StartAck{static_cast<Accept>(text[0])};
}

Read<NamedSessions> read_named(ControlReader& in, const MessageLimits& limits) {
    const ByteSpan waiting = in.waiting();
    if (waiting.size() < kBlock) return std::nullopt;
    ByteReader head(waiting);
    const std::uint8_t number = head.u8();
    if (number < static_cast<std::uint8_t>(Number::start_n) || number > static_cast<std::uint8_t>(Number::stop_n_ack))
        return fail(ErrorCode::invalid, fmt::format("message {} names no sessions", number));
    NamedSessions out{
        .what = static_cast<NamedSessions::What>(number), .accept = static_cast<Accept>(head.u8()), .sids = {}};
    head.skip(10);
    const std::uint32_t count = head.u32();
    if (count > limits.sessions) return over_limit("session names", count, limits.sessions);
    const std::size_t octets = (std::size_t{count} + 1) * kBlock;
    if (waiting.size() < octets + kBlock) return std::nullopt;
    ByteReader text(in.text(octets));
    if (!in.digest()) return wrong_hmac("a message that names sessions");
    text.skip(kBlock);
    for (std::uint32_t i = 0; i < count; ++i)
        out.sids.push_back(block_of(text));
    return out;
}

Read<FetchAck> read_fetch_ack(ControlReader& in) {
    if (in.waiting().size() < 2 * kBlock) return std::nullopt;
    ByteReader text(in.text(kBlock));
    if (!in.digest()) return wrong_hmac("Fetch-Ack");
    FetchAck out;
    out.accept = static_cast<Accept>(text.u8());
    out.finished = text.u8();
    text.skip(2);
    out.next_sequence = text.u32();
    out.skips = text.u32();
    out.records = text.u32();
    return out;
}

Read<FetchedSession> read_fetched(ControlReader& in, const FetchAck& ack, const MessageLimits& limits) {
    if (ack.skips > limits.skips) return over_limit("skip ranges", ack.skips, limits.skips);
    if (ack.records > limits.records) return over_limit("records", ack.records, limits.records);
    const auto whole = [](std::size_t octets) { return (octets + kBlock - 1) / kBlock * kBlock; };
    const std::size_t skips = whole(std::size_t{8} * ack.skips);
    const std::size_t records = whole(kRecordOctets * ack.records);
    // The request's own length is in it.
    if (in.waiting().size() < kRequestText) return std::nullopt;
    std::uint32_t slots = 0;
    static_cast<void>(parse_request(in.waiting().first(kRequestText), slots));
    if (slots > limits.slots) return over_limit("schedule slots", slots, limits.slots);
    const std::size_t request = kRequestText + kBlock + (std::size_t{slots} + 1) * kBlock;
    if (in.waiting().size() < request + skips + kBlock + records + kBlock) return std::nullopt;
    auto first = TRY(read_request(in, false, limits));
    FetchedSession out;
    out.request = std::move(*first);
    ByteReader ranges(in.text(skips));
    if (!in.digest()) return wrong_hmac("the skip ranges");
    out.skips = parse_skips(ranges, ack.skips);
    ByteReader text(in.text(records));
    if (!in.digest()) return wrong_hmac("the records");
    out.records.reserve(ack.records);
    for (std::uint32_t i = 0; i < ack.records; ++i)
        out.records.push_back(parse_record(text));
    return out;
}

Read<Command> read_command(ControlReader& in, bool two_way, const MessageLimits& limits) {
    const ByteSpan waiting = in.waiting();
    if (waiting.size() < kBlock) return std::nullopt;
    const std::uint8_t number = waiting[0];
    switch (static_cast<Number>(number)) {
        case Number::request:
        case Number::request_two_way: {
            if ((number == static_cast<std::uint8_t>(Number::request_two_way)) != two_way) break;
            auto request = TRY(read_request(in, two_way, limits));
            if (!request) return std::nullopt;
            return std::move(*request);
        }
        case Number::start:
            if (waiting.size() < 2 * kBlock) return std::nullopt;
            static_cast<void>(in.text(kBlock));
            if (!in.digest()) return wrong_hmac("Start-Sessions");
            return StartSessions{};
        case Number::stop: return read_stop(in, two_way, limits);
        case Number::start_n:
        case Number::stop_n: {
            if (!two_way) break;
            auto named = TRY(read_named(in, limits));
            if (!named) return std::nullopt;
            return std::move(*named);
        }
        case Number::start_n_ack:
        case Number::stop_n_ack: break;
        case Number::fetch: {
            if (two_way) break;
            if (waiting.size() < kFetchText + kBlock) return std::nullopt;
            ByteReader text(in.text(kFetchText));
            if (!in.digest()) return wrong_hmac("Fetch-Session");
            FetchSession out;
            text.skip(8);
            out.first = text.u32();
            out.last = text.u32();
            out.sid = block_of(text);
            return out;
        }
    }
    return fail(ErrorCode::invalid, fmt::format("there is no command {} here", number));
}

PacketRecord parse_record(ByteReader& in) {
    PacketRecord out;
    out.sequence = in.u32();
    out.send_error = parse_error(in);
    out.receive_error = parse_error(in);
    out.sent = in.u64();
    out.received = in.u64();
    out.ttl = in.u8();
    return out;
}

}  // namespace quipu::owamp
