// What is fetched of a session (RFC 4656 §3.9): one that has ended, or the part that is known of one that runs.

#include <algorithm>
#include <iterator>

#include "services/measure/owamp/engine_server.h"

namespace quipu::owamp {
namespace {

constexpr std::uint8_t kRuns = 0, kEndedNormally = 1;  // Finished

bool is_complete(const FetchSession& wanted) {
    return wanted.first == 0 && wanted.last == 0xffffffff;
}

}  // namespace

RunningSession::Known::Known(const RequestSession& request)
    : test{.sid = request.sid,
           .mode = TestMode::open,
           .keys = {},
           .peer = {},
           .start = request.start,
           .slots = {},
           .packets = request.packets,
           .padding = request.padding,
           .timeout = request.timeout},
      due(request.start, request.slots, request.sid) {}

void ServerSession::fetch(const FetchSession& wanted, Time now) {
    bool answered = false;
    if (wanted.first <= wanted.last) {
        if (const EndedSession* ended = shared_.find(wanted.sid, now))
            answered = fetch_ended(wanted, *ended);
        else if (RunningSession* running = shared_.find_running(wanted.sid))
            answered = fetch_running(wanted, *running, now);
    }
    if (!answered) write(out_, FetchAck{.accept = Accept::failure});
}

bool ServerSession::fetch_ended(const FetchSession& wanted, const EndedSession& session) {
    if (session.owner != client_) return false;
    // A complete session is one that ended normally.
    if (is_complete(wanted) && session.finished != kEndedNormally) return false;
    FetchedSession answer{.request = session.request, .skips = session.sent.skips, .records = {}};
    const SequenceRange range{wanted.first, wanted.last};
    std::ranges::copy_if(session.records, std::back_inserter(answer.records),
                         [&](const PacketRecord& record) { return range.contains(record.sequence); });
    say_fetched({.finished = session.finished, .next_sequence = session.sent.next_sequence}, answer);
    return true;
}

/// What was due the timeout ago and lies below the highest that came is lost; the rest may still come.
bool ServerSession::fetch_running(const FetchSession& wanted, RunningSession& session, Time now) {
    if (session.owner != client_ || is_complete(wanted)) return false;
    if (!session.known) session.known = std::make_unique<RunningSession::Known>(session.request);
    RunningSession::Known& known = *session.known;
    const auto fresh = shared_.ends().received(session.id, {}, known.arrivals);
    known.arrivals += fresh.size();
    known.next = std::max(known.next, next_after(known.test, fresh, known.due));
    const SequenceRange range{wanted.first, wanted.last};
    FetchedSession answer{.request = session.request, .skips = {}, .records = {}};
    answer.records =
        complete_records(known.test, shared_.ends().received(session.id, range, 0),
                         {session.request.sid, known.next, {}}, now, shared_.ends().clock_error(), range, known.due);
    // Next Seqno and skips are zero until it has ended.
    say_fetched({.finished = kRuns}, answer);
    return true;
}

void ServerSession::say_fetched(FetchAck ack, const FetchedSession& answer) {
    ack.skips = static_cast<std::uint32_t>(answer.skips.size());
    ack.records = static_cast<std::uint32_t>(answer.records.size());
    write(out_, ack);
    write(out_, answer);
    ++shared_.counters().fetched;
}

}  // namespace quipu::owamp
