// The control messages as they are written; codec_control.cpp reads them.

#include "services/measure/owamp/codec_control.h"
#include "services/measure/owamp/control_wire.h"

namespace quipu::owamp {
namespace {

void fill_block(ByteWriter& out) {
    out.zeros((kBlock - out.size() % kBlock) % kBlock);
}

void write_error(ByteWriter& out, const ErrorEstimate& error) {
    out.u8(static_cast<std::uint8_t>((error.synchronised ? 0x80U : 0U) | (error.scale & 0x3fU)));
    out.u8(error.multiplier);
}

void write_address(ByteWriter& out, const net::IpAddress& address) {
    out.bytes(ByteSpan(address.octets()).first(address.is_v6() ? 16 : 4));
    if (!address.is_v6()) out.zeros(12);
}

ByteWriter request_text(const RequestSession& m) {
    ByteWriter out(kRequestText);
    out.u8(static_cast<std::uint8_t>(m.two_way ? Number::request_two_way : Number::request));
    out.u8(m.ip_version);
    out.u8(m.server_sends ? 1 : 0);
    out.u8(m.server_receives ? 1 : 0);
    out.u32(static_cast<std::uint32_t>(m.slots.size()));
    out.u32(m.packets);
    out.u16(m.sender_port);
    out.u16(m.receiver_port);
    write_address(out, m.sender);
    write_address(out, m.receiver);
    out.bytes(m.sid);
    out.u32(m.padding);
    out.u64(m.start);
    out.u64(m.timeout);
    out.u32(m.type_p);
    out.u16(m.reflected_octets);
    out.u16(m.reflected_padding);
    out.zeros(4);
    return out;
}

void write_slots(ControlWriter& out, const std::vector<Slot>& slots) {
    ByteWriter text(slots.size() * kBlock);
    for (const Slot& slot : slots) {
        text.u8(static_cast<std::uint8_t>(slot.type));
        text.zeros(7);
        text.u64(slot.parameter);
    }
    out.text(text.span());
    out.digest();
}

}  // namespace

void write(ControlWriter& out, const ServerGreeting& message) {
    ByteWriter text(kGreetingOctets);
    text.zeros(12);
    text.u32(message.modes);
    text.bytes(message.challenge);
    text.bytes(message.salt);
    text.u32(message.count);
    text.zeros(12);
    out.clear(text.span());
}

void write(ControlWriter& out, const SetUpResponse& message) {
    ByteWriter text(kSetUpOctets);
    text.u32(message.mode);
    const std::size_t length = std::min(message.key_id.size(), kKeyIdOctets);
    text.bytes(as_bytes(message.key_id).first(length));
    text.zeros(kKeyIdOctets - length);
    text.bytes(message.token);
    text.bytes(message.client_iv);
    out.clear(text.span());
}

void write(ControlWriter& out, const ServerStart& message, const ControlKeys* keys) {
    ByteWriter text(48);
    text.zeros(15);
    text.u8(static_cast<std::uint8_t>(message.accept));
    text.bytes(message.server_iv);
    out.clear(text.span());
    if (keys != nullptr) out.protect(*keys, message.server_iv);
    text.clear();
    text.u64(message.start_time);
    text.zeros(8);
    out.text(text.span());
}

void write(ControlWriter& out, const RequestSession& message) {
    out.text(request_text(message).span());
    out.digest();
    if (!message.two_way) write_slots(out, message.slots);
}

void write(ControlWriter& out, const AcceptSession& message) {
    ByteWriter text(kAcceptText);
    text.u8(static_cast<std::uint8_t>(message.accept));
    text.zeros(1);
    text.u16(message.port);
    text.bytes(message.sid);
    text.u16(message.reflected_octets);
    text.u16(message.server_octets);
    text.zeros(8);
    out.text(text.span());
    out.digest();
}

void write(ControlWriter& out, const StartSessions&) {
    ByteWriter text(kBlock);
    text.u8(static_cast<std::uint8_t>(Number::start));
    text.zeros(15);
    out.text(text.span());
    out.digest();
}

void write(ControlWriter& out, const StartAck& message) {
    ByteWriter text(kBlock);
    text.u8(static_cast<std::uint8_t>(message.accept));
    text.zeros(15);
    out.text(text.span());
    out.digest();
}

void write(ControlWriter& out, const StopSessions& message, bool two_way) {
    ByteWriter text;
    text.u8(static_cast<std::uint8_t>(Number::stop));
    text.u8(static_cast<std::uint8_t>(message.accept));
    text.zeros(2);
    text.u32(two_way ? message.count : static_cast<std::uint32_t>(message.sessions.size()));
    text.zeros(8);
    for (const SessionDescription& session : message.sessions) {
        text.bytes(session.sid);
        text.u32(session.next_sequence);
        text.u32(static_cast<std::uint32_t>(session.skips.size()));
        for (const SkipRange& range : session.skips) {
            text.u32(range.first);
            text.u32(range.last);
        }
        fill_block(text);
    }
    out.text(text.span());
    out.digest();
}

void write(ControlWriter& out, const NamedSessions& message) {
    ByteWriter text((message.sids.size() + 1) * kBlock);
    text.u8(static_cast<std::uint8_t>(message.what));
    text.u8(static_cast<std::uint8_t>(message.accept));
    text.zeros(10);
    text.u32(static_cast<std::uint32_t>(message.sids.size()));
    for (const Sid& sid : message.sids)
        text.bytes(sid);
    out.text(text.span());
    out.digest();
}

void write(ControlWriter& out, const FetchSession& message) {
    ByteWriter text(kFetchText);
    text.u8(static_cast<std::uint8_t>(Number::fetch));
    text.zeros(7);
    text.u32(message.first);
    text.u32(message.last);
    text.bytes(message.sid);
    out.text(text.span());
    out.digest();
}

void write(ControlWriter& out, const FetchAck& message) {
    ByteWriter text(kBlock);
    text.u8(static_cast<std::uint8_t>(message.accept));
    text.u8(message.finished);
    text.zeros(2);
    text.u32(message.next_sequence);
    text.u32(message.skips);
    text.u32(message.records);
    out.text(text.span());
    out.digest();
}

void write(ControlWriter& out, const FetchedSession& message) {
    write(out, message.request);
    ByteWriter text(message.records.size() * kRecordOctets + kBlock);
    for (const SkipRange& range : message.skips) {
        text.u32(range.first);
        text.u32(range.last);
    }
    fill_block(text);
    out.text(text.span());
    out.digest();
    text.clear();
    for (const PacketRecord& record : message.records)
        write_record(text, record);
    fill_block(text);
    out.text(text.span());
    out.digest();
}

void write_record(ByteWriter& out, const PacketRecord& record) {
    out.u32(record.sequence);
    write_error(out, record.send_error);
    write_error(out, record.receive_error);
    out.u64(record.sent);
    out.u64(record.received);
    out.u8(record.ttl);
}

RequestSession UnnamedEnds::without(RequestSession request) const {
    const auto zero =
        request.ip_version == 6 ? net::IpAddress::v6(std::array<std::uint8_t, 16>{}) : net::IpAddress::v4(0);
    if (sender) request.sender = zero;
    if (receiver) request.receiver = zero;
    return request;
}

}  // namespace quipu::owamp
