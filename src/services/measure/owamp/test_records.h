#pragma once
// Records and results that tests of summaries and words begin with.

#include "services/measure/owamp/engine_client.h"

namespace quipu::owamp {

inline const Time kBegan = *parse_time("2011-11-21T12:00:00Z");

/// Due 100 ms after the one before, stamped at that time.
inline PacketRecord record(std::uint32_t sequence, std::optional<Nanoseconds> delay, std::uint8_t ttl = 253) {
    const Time sent = kBegan + std::chrono::milliseconds(100) * (sequence + 1);
    return {.sequence = sequence,
            .send_error = ErrorEstimate::from(std::chrono::microseconds(100), true),
            .receive_error = ErrorEstimate::from(std::chrono::microseconds(100), true),
            .sent = measure::to_ntp(sent),
            .received = delay ? measure::to_ntp(sent + *delay) : 0,
            .ttl = ttl};
}

inline ClientResult result_with(std::vector<PacketRecord> records, std::uint32_t sent) {
    ClientResult out;
    out.request.packets = sent;
    out.request.sender = *net::IpAddress::parse("192.0.2.1");
    out.request.sender_port = 5001;
    out.request.receiver = *net::IpAddress::parse("2001:db8::2");
    out.request.receiver_port = 6001;
    out.request.sid = {0xc0, 0, 2, 1};
    out.request.start = measure::to_ntp(kBegan);
    out.request.slots = {{Slot::Type::fixed, to_fixed(std::chrono::milliseconds(100))}};
    out.sent = {out.request.sid, sent, {}};
    out.finished = 1;
    out.records = std::move(records);
    return out;
}

}  // namespace quipu::owamp
