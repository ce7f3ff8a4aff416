#include "services/measure/engine_receiver.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <set>
#include <utility>

namespace quipu::measure {
namespace {

// Until a minute is closed, with room for a clock that is a little behind.
constexpr Nanoseconds kDropsKept = std::chrono::minutes(3);
constexpr Nanoseconds kDropsJoined = std::chrono::milliseconds(10);
constexpr std::size_t kMostDrops = 256;
// A packet may have left this much late, and have been on the way a little longer or shorter than all others.
constexpr Nanoseconds kDropSlack = std::chrono::milliseconds(2);

/// Nearest rank, as Histogram::quantile.
std::int64_t quantile(const std::vector<std::int64_t>& sorted, double q) {
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(sorted.size())));
    return sorted[rank == 0 ? 0 : rank - 1];
}

void fill_delays(MinuteRecord& record, std::vector<std::int64_t>& delays) {
    if (delays.empty()) return;
    std::ranges::sort(delays);
    record.delay_min = delays.front();
    record.delay_p05 = quantile(delays, 0.05);
    record.delay_p25 = quantile(delays, 0.25);
    record.delay_median = quantile(delays, 0.5);
    record.delay_p75 = quantile(delays, 0.75);
    record.delay_p95 = quantile(delays, 0.95);
    record.delay_p99 = quantile(delays, 0.99);
    record.delay_max = delays.back();
    for (const std::int64_t delay : delays) {
        record.delays.add(delay);
        if (delay < 0) ++record.negative;
    }
}

}  // namespace

std::size_t ReceiverEngine::PeerHash::operator()(const net::Endpoint& peer) const {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, peer.address.octets().data(), 8);
    std::memcpy(&low, peer.address.octets().data() + 8, 8);
    return static_cast<std::size_t>((high * 0x9e3779b97f4a7c15ULL ^ low) * 0xff51afd7ed558ccdULL +
                                    peer.port * 0xc4ceb9fe1a85ec53ULL);
}

void ReceiverEngine::assign(std::vector<ReceiverSession> sessions, Time now) {
    std::vector<Session> old = std::exchange(sessions_, {});
    const auto old_by_peer = std::exchange(by_peer_, {});
    std::vector<bool> stays(old.size());
    std::set<std::string> senders;
    const std::int64_t running = minute_of(now);
    std::erase_if(ended_minutes_, [&](const auto& told) { return told.second < running; });
    for (auto& what : sessions) {
        const auto index = static_cast<std::uint32_t>(sessions_.size());
        if (!by_peer_.try_emplace(what.peer, index).second) continue;
        if (const auto kept = old_by_peer.find(what.peer); kept != old_by_peer.end()) {
            Session& before = old[kept->second];
            if (before.what.from == what.from && before.what.schedule == what.schedule) {
                sessions_.push_back(std::move(before));
                stays[kept->second] = true;
                continue;
            }
        }
        Session session;
        session.next_minute = running;
        if (const auto told = ended_minutes_.find(what.from); told != ended_minutes_.end())
            session.next_minute = told->second + 1;
        session.first_index = std::max(what.schedule.index_at(now), session.next_minute * what.schedule.per_minute);
        session.next_expected = session.first_index;
        senders.insert(what.from);
        session.what = std::move(what);
        sessions_.push_back(std::move(session));
    }
    for (std::size_t i = 0; i < old.size(); ++i) {
        if (stays[i]) continue;
        // The running minute is told once: by the sender's new session, if it has one.
        const bool goes_on = senders.contains(old[i].what.from);
        end(old[i], goes_on ? running - 1 : running);
        if (old[i].next_minute > running) ended_minutes_[old[i].what.from] = running;
    }
    scan_ = 0;
    earliest_ = kAbsent;
}

void ReceiverEngine::end(Session& session, std::int64_t last_minute) {
    for (; session.next_minute <= last_minute; ++session.next_minute) {
        const std::int64_t per_minute = session.what.schedule.per_minute;
        const std::int64_t begin = std::max(session.next_minute * per_minute, session.first_index);
        const std::int64_t until = std::min((session.next_minute + 1) * per_minute, session.next_expected);
        if (until <= begin) continue;
        ended_.push_back(record_of(session, session.next_minute, until));
        if (keep_raw_) note_raw(session, session.next_minute, until);
    }
}

void ReceiverEngine::finish(Time now) {
    for (Session& session : sessions_)
        end(session, minute_of(now) - 1);
}

void ReceiverEngine::arrive(const net::Endpoint& peer, ByteSpan datagram, Time received, std::int16_t ttl, bool cut) {
    const auto at = by_peer_.find(peer);
    if (at == by_peer_.end()) {
        ++counters_.unknown_peer;
        return;
    }
    if (cut) {
        ++counters_.oversized;
        return;
    }
    ByteReader in(datagram);
    const auto packet = parse_test_packet(in);
    if (!packet) {
        ++(packet.error() == PacketFault::truncated ? counters_.truncated : counters_.zero_multiplier);
        return;
    }
    Session& session = sessions_[at->second];
    const Schedule& schedule = session.what.schedule;
    const std::int64_t index = schedule.unwrap(packet->sequence, received);
    const std::int64_t minute = schedule.minute_of_index(index);
    // The next minute is taken too: the sender's clock may be a little ahead of ours.
    if (index < session.first_index || minute < session.next_minute || minute > minute_of(received) + 1 ||
        minute > session.next_minute + 2) {
        ++counters_.out_of_time;
        return;
    }
    count(session, index, *packet, received, ttl);
}

void ReceiverEngine::count(Session& session, std::int64_t index, const TestPacket& packet, Time received,
                           std::int16_t ttl) {
    const Schedule& schedule = session.what.schedule;
    const std::int64_t minute = schedule.minute_of_index(index);
    Minute& open = session.open[minute % 3];
    if (open.minute != minute) {
        open.minute = minute;
        open.delays.assign(schedule.per_minute, kAbsent);
        open.received = open.duplicated = open.reordered = 0;
        open.ttl = -1;
        open.clock_error = 0;
        open.raw.clear();
    }
    if (keep_raw_ && open.raw.size() < 2UL * schedule.per_minute)
        open.raw.push_back({.sequence = packet.sequence,
                            .sent = packet.sent,
                            .received = received,
                            .sent_error = packet.error,
                            .received_error = error_,
                            .ttl = ttl});
    std::int64_t& delay = open.delays[schedule.place_of_index(index)];
    if (delay != kAbsent) {
        ++open.duplicated;
        ++counters_.duplicates;
        return;
    }
    delay = (received - packet.sent).count();
    ++open.received;
    ++counters_.received;
    open.ttl = ttl;
    const auto error =
        std::min<std::int64_t>(packet.error.bound().count(), std::numeric_limits<std::int64_t>::max() / 4);
    open.clock_error = std::max(open.clock_error, error + clock_error_.count());
    // RFC 4737 §3.3: s >= NextExp is in order and moves NextExp; below it the packet is reordered.
    if (index >= session.next_expected)
        session.next_expected = index + 1;
    else
        ++open.reordered;
}

bool ReceiverEngine::close(Time now, std::size_t limit, std::vector<MinuteRecord>& out) {
    std::ranges::move(ended_, std::back_inserter(out));
    ended_.clear();
    // The last minute whose waiting time is over.
    const std::int64_t last = minute_of(now - kLossTimeout) - 1;
    if (earliest_ > last) return false;
    while (scan_ < sessions_.size()) {
        Session& session = sessions_[scan_];
        while (session.next_minute <= last) {
            if (limit == 0) return true;
            --limit;
            const std::int64_t minute = session.next_minute++;
            const std::int64_t end = (minute + 1) * session.what.schedule.per_minute;
            if (end <= session.first_index) continue;
            out.push_back(record_of(session, minute, end));
            if (keep_raw_) note_raw(session, minute, end);
            session.next_expected = std::max(session.next_expected, end);
        }
        ++scan_;
    }
    scan_ = 0;
    earliest_ = last + 1;
    return false;
}

void ReceiverEngine::keep_raw(bool wanted) {
    keep_raw_ = wanted;
    if (wanted) return;
    raw_ = {};
    for (Session& session : sessions_)
        for (Minute& open : session.open)
            open.raw = {};
}

/// What came, and what was due and did not come.
void ReceiverEngine::note_raw(const Session& session, std::int64_t minute, std::int64_t until_index) {
    const Schedule& schedule = session.what.schedule;
    const Minute& open = session.open[minute % 3];
    const bool heard = open.minute == minute;
    std::vector<RawPacket> all;
    if (heard) all = open.raw;
    for (ScheduleCursor cursor(schedule, start_of_minute(minute)); cursor.index() < until_index; cursor.advance()) {
        if (cursor.index() < session.first_index) continue;
        if (heard && open.delays[schedule.place_of_index(cursor.index())] != kAbsent) continue;
        all.push_back({.sequence = cursor.sequence(), .sent = cursor.due(), .received = {}, .received_error = error_});
    }
    std::uint32_t part = 0;
    for (auto at = all.begin(); at != all.end(); ++part) {
        const auto end = at + std::min<std::ptrdiff_t>(all.end() - at, kMostRawPackets);
        raw_.push_back({session.what.from, start_of_minute(minute), part, {at, end}});
        at = end;
    }
}

void ReceiverEngine::provisional(Time now, std::vector<MinuteRecord>& out) const {
    const std::int64_t minute = minute_of(now);
    for (const Session& session : sessions_) {
        // What was due a second ago should be here: few ways on Earth take longer.
        const std::int64_t until = session.what.schedule.index_at(now - std::chrono::seconds(1));
        if (session.next_minute > minute ||
            until <= std::max(session.first_index, minute * session.what.schedule.per_minute))
            continue;
        MinuteRecord record = record_of(session, minute, until);
        record.delays.clear();
        out.push_back(std::move(record));
    }
}

MinuteRecord ReceiverEngine::record_of(const Session& session, std::int64_t minute, std::int64_t until_index) const {
    const Schedule& schedule = session.what.schedule;
    const std::int64_t begin = minute * schedule.per_minute;
    const std::int64_t first = std::max(begin, session.first_index);
    MinuteRecord record;
    record.from = session.what.from;
    record.minute = start_of_minute(minute);
    record.scheduled = static_cast<std::uint32_t>(until_index - first);
    const Minute& open = session.open[minute % 3];
    // Delays from before and after a step can't be compared: the bound says so.
    const std::int64_t step = minute == step_minute_ || minute + 1 == step_minute_ ? step_error_ : 0;
    record.clock_error = clock_error_.count() + step;
    const auto count_own = [&](const std::vector<bool>& own) {
        record.own_drops = static_cast<std::uint32_t>(std::ranges::count(own, true));
        return own;
    };
    record.loss_run = record.scheduled;
    if (open.minute != minute) {
        if (!drops_.empty()) count_own(own_drops(session, record, first, until_index));
        record.loss_run -= record.own_drops;
        return record;
    }
    record.loss_run = 0;
    record.duplicated = open.duplicated;
    record.reordered = open.reordered;
    record.ttl = open.ttl;
    record.clock_error = std::max(record.clock_error, open.clock_error + step);
    std::vector<std::int64_t> delays;
    delays.reserve(open.received);
    std::int64_t before = kAbsent;
    for (std::int64_t index = first; index < until_index; ++index) {
        const std::int64_t delay = open.delays[static_cast<std::size_t>(index - begin)];
        if (delay != kAbsent) {
            delays.push_back(delay);
            if (before != kAbsent) {
                record.ipdv_sum += std::abs(delay - before);
                ++record.ipdv_count;
            }
        }
        before = delay;
    }
    record.received = static_cast<std::uint32_t>(delays.size());
    fill_delays(record, delays);
    std::vector<bool> own;
    if (!drops_.empty() && record.received < record.scheduled)
        own = count_own(own_drops(session, record, first, until_index));
    std::uint32_t run = 0;
    for (std::int64_t index = first; index < until_index; ++index) {
        const bool lost = open.delays[static_cast<std::size_t>(index - begin)] == kAbsent &&
                          (own.empty() || !own[static_cast<std::size_t>(index - first)]);
        run = lost ? run + 1 : 0;
        record.loss_run = std::max(record.loss_run, run);
    }
    return record;
}

void ReceiverEngine::dropped(Time after, Time until, std::uint64_t count) {
    std::erase_if(drops_, [&](const Drops& old) { return old.until < until - kDropsKept; });
    // A flood drops with each batch: neighbours are one time, and no more times are kept than can be looked through.
    if (!drops_.empty() && (after <= drops_.back().until + kDropsJoined || drops_.size() >= kMostDrops)) {
        drops_.back().until = std::max(drops_.back().until, until);
        drops_.back().count += count;
        return;
    }
    drops_.push_back({after, until, count});
}

std::vector<bool> ReceiverEngine::own_drops(const Session& session, const MinuteRecord& record, std::int64_t first,
                                            std::int64_t until_index) const {
    const Schedule& schedule = session.what.schedule;
    std::vector<bool> out(static_cast<std::size_t>(until_index - first), false);
    // It would have come as long after it was due as the others, or, when none came, before it was given up.
    const bool silent = record.received == 0;
    const Nanoseconds slack = kDropSlack + Nanoseconds(record.clock_error);
    const Nanoseconds least = silent ? Nanoseconds(0) : Nanoseconds(record.delay_min);
    const Nanoseconds most = silent ? kLossTimeout : Nanoseconds(record.delay_max);
    std::vector<std::uint64_t> left;
    for (const Drops& drops : drops_)
        left.push_back(drops.count);
    const std::int64_t minute = schedule.minute_of_index(first);
    const Minute& open = session.open[minute % 3];
    ScheduleCursor cursor(schedule, start_of_minute(minute));
    while (cursor.index() < first)
        cursor.advance();
    for (; cursor.index() < until_index; cursor.advance()) {
        if (open.minute == minute && open.delays[schedule.place_of_index(cursor.index())] != kAbsent) continue;
        for (std::size_t i = 0; i < drops_.size(); ++i) {
            if (left[i] == 0 || cursor.due() + most + slack < drops_[i].after ||
                cursor.due() + least - slack > drops_[i].until)
                continue;
            --left[i];
            out[static_cast<std::size_t>(cursor.index() - first)] = true;
            break;
        }
    }
    return out;
}

void ReceiverEngine::notice_clocks(Time now, Monotonic monotonic) {
    const Time before = std::exchange(last_now_, now);
    const Monotonic monotonic_before = std::exchange(last_monotonic_, monotonic);
    if (!std::exchange(clock_seen_, true)) return;
    const Nanoseconds step = (now - before) - (monotonic - monotonic_before);
    if (step <= kClockStep && step >= -kClockStep) return;
    ++counters_.clock_steps;
    step_error_ = std::max(minute_of(now) <= step_minute_ + 1 ? step_error_ : 0, std::abs(step.count()));
    step_minute_ = std::max(minute_of(before), minute_of(now));
    if (step > kLongAbsence || step < -kLongAbsence) void_open_minutes(before, now);
}

/// Forward: nobody listened in the minutes between. Back: the open minutes come again by the clock; they are not
/// measured twice, and records go on when the clock has passed them.
void ReceiverEngine::void_open_minutes(Time before, Time now) {
    const std::int64_t resume = now > before ? minute_of(now) : minute_of(before) + 1;
    for (Session& session : sessions_) {
        for (Minute& open : session.open)
            open.minute = kAbsent;
        if (resume <= session.next_minute) continue;
        counters_.minutes_voided += static_cast<std::uint64_t>(resume - session.next_minute);
        session.next_minute = resume;
        session.first_index = std::max(session.first_index, session.what.schedule.index_at(now));
        session.next_expected = std::max(session.next_expected, session.first_index);
    }
    earliest_ = kAbsent;
    step_error_ = 0;
}

}  // namespace quipu::measure
