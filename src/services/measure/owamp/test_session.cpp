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

bool is_kept(const PacketRecord& record, Fixed due, Fixed timeout) {
    // What was due the timeout ago is lost, however late it left: records of lost packets stay in order.
    if (apart(record.received, record.sent) > timeout || is_later(record.received, due, timeout)) return false;
    // RFC 4656 §4.2: a stamp that is off its schedule by more than the timeout is not believed.
    return apart(record.sent, due) <= timeout;
}

}  // namespace

Time last_due(const TestSession& session) {
    SendSchedule schedule(session.slots, session.sid);
    Fixed offset = 0;
    for (std::uint32_t i = 0; i < session.packets; ++i)
        offset = schedule.next();
    return measure::from_ntp(session.start) + to_duration(offset);
}

std::span<const Fixed> DueTimes::first(std::uint32_t count) {
    while (due_.size() < count)
        due_.push_back(start_ + schedule_.next());
    return std::span<const Fixed>(due_).first(count);
}

std::vector<PacketRecord> complete_records(const TestSession& session, std::vector<PacketRecord> arrived,
                                           const SessionDescription& sent, Time stopped,
                                           const ErrorEstimate& own_error) {
    DueTimes due(session.start, session.slots, session.sid);
    return complete_records(session, std::move(arrived), sent, stopped, own_error, {}, due);
}

std::vector<PacketRecord> complete_records(const TestSession& session, std::vector<PacketRecord> arrived,
                                           const SessionDescription& sent, Time stopped, const ErrorEstimate& own_error,
                                           const SequenceRange& range, DueTimes& due_times) {
    std::uint32_t next = std::min(sent.next_sequence, session.packets);
    if (range.last < next) next = range.last + 1;
    if (range.first >= next) return {};
    const auto due = due_times.first(next);
    // Accounted for: arrived, or never sent. Ranges ascend; one that does not says nothing.
    std::vector<bool> came(next - range.first);
    std::uint64_t free = 0;
    for (const SkipRange& skipped : sent.skips) {
        if (skipped.first < free) continue;
        free = std::max(free, std::uint64_t{skipped.last} + 1);
        for (std::uint32_t i = std::max(skipped.first, range.first); i <= skipped.last && i < next; ++i)
            came[i - range.first] = true;
    }
    std::erase_if(arrived, [&](const PacketRecord& record) {
        const std::uint32_t sequence = record.sequence;
        if (sequence < range.first || sequence >= next) return true;
        if (!is_kept(record, due[sequence], session.timeout)) return true;
        came[sequence - range.first] = true;
        return false;
    });
    const Fixed waited = measure::to_ntp(stopped) - session.timeout;
    std::vector<PacketRecord> lost;
    for (std::uint32_t i = range.first; i < next; ++i) {
        if (came[i - range.first] || static_cast<std::int64_t>(waited - due[i]) < 0) continue;
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

std::uint32_t next_after(const TestSession& session, const std::vector<PacketRecord>& arrived, DueTimes& due) {
    std::uint32_t next = 0;
    for (const PacketRecord& record : arrived)
        if (record.sequence >= next && record.sequence < session.packets &&
            is_kept(record, due.of(record.sequence), session.timeout))
            next = record.sequence + 1;
    return next;
}

}  // namespace quipu::owamp
