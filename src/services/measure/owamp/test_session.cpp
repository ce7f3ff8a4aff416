#include "services/measure/owamp/test_session.h"

#include <algorithm>

namespace quipu::owamp {
namespace {

/// Whether NTP time `a` is later than `b` by more than `limit`, also across 2036.
bool is_later(Fixed a, Fixed b, Fixed limit) {
    const auto difference = static_cast<std::int64_t>(a - b);
    return difference > 0 && static_cast<Fixed>(difference) > limit;
}

/// |a − b|, likewise.
Fixed apart(Fixed a, Fixed b) {
    const Fixed difference = a - b;
    return std::min(difference, Fixed{0} - difference);
}

}  // namespace

Time last_due(const TestSession& session) {
    SendSchedule schedule(session.slots, session.sid);
    Fixed offset = 0;
    for (std::uint32_t i = 0; i < session.packets; ++i)
        offset = schedule.next();
    return measure::from_ntp(session.start) + to_duration(offset);
}

std::vector<PacketRecord> complete_records(const TestSession& session, std::vector<PacketRecord> arrived,
                                           const SessionDescription& sent, Time stopped,
                                           const ErrorEstimate& own_error) {
    const std::uint32_t next = std::min(sent.next_sequence, session.packets);
    std::vector<Fixed> due(next);
    SendSchedule schedule(session.slots, session.sid);
    for (Fixed& each : due)
        each = session.start + schedule.next();
    // Accounted for: arrived, or never sent. Ranges ascend; one that does not says nothing.
    std::vector<bool> came(next);
    std::uint32_t free = 0;
    for (const SkipRange& range : sent.skips)
        if (range.first >= free)
            for (; free <= range.last && free < next; ++free)
                if (free >= range.first) came[free] = true;
    std::erase_if(arrived, [&](const PacketRecord& record) {
        if (record.sequence >= next) return true;
        // What was due the timeout ago is lost, however late it left: records of lost packets stay in order.
        const Fixed planned = due[record.sequence];
        if (apart(record.received, record.sent) > session.timeout ||
            is_later(record.received, planned, session.timeout))
            return true;
        // RFC 4656 §4.2: a stamp that is off its schedule by more than the timeout is not believed.
        if (apart(record.sent, planned) > session.timeout) return true;
        came[record.sequence] = true;
        return false;
    });
    const Fixed waited = measure::to_ntp(stopped) - session.timeout;
    std::vector<PacketRecord> lost;
    for (std::uint32_t i = 0; i < next; ++i) {
        if (came[i] || static_cast<std::int64_t>(waited - due[i]) < 0) continue;
        // RFC 4656 §3.9: the presumed time of sending, an error of the sender that nobody knows, TTL 255.
        lost.push_back({.sequence = i,
                        .send_error = {.synchronised = false, .scale = 0, .multiplier = 1},
                        .receive_error = own_error,
                        .sent = due[i],
                        .received = 0,
                        .ttl = 255});
    }
    // In the order in which it was known of each.
    std::vector<PacketRecord> out;
    out.reserve(arrived.size() + lost.size());
    std::ranges::merge(arrived, lost, std::back_inserter(out), [&](const PacketRecord& a, const PacketRecord& b) {
        const auto known = [&](const PacketRecord& record) {
            return record.lost() ? record.sent + session.timeout : record.received;
        };
        return static_cast<std::int64_t>(known(a) - known(b)) < 0;
    });
    return out;
}

std::uint32_t next_after(const std::vector<PacketRecord>& arrived) {
    std::uint32_t next = 0;
    for (const PacketRecord& record : arrived)
        next = std::max(next, record.sequence + 1);
    return next;
}

}  // namespace quipu::owamp
