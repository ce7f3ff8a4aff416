#include "services/measure/owamp/test_plane.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace quipu::owamp {
namespace {

constexpr Nanoseconds kLookAtClock = std::chrono::seconds(1);
constexpr std::size_t kMostReceived = 16;    // batches of a socket before others get their turn
constexpr std::size_t kMostLookedAt = 4096;  // records at a time: some 20 µs
constexpr int kFullPatience = 5;             // milliseconds for the kernel's buffer to drain

}  // namespace

Result<std::unique_ptr<TestPlane>> TestPlane::start(const Clock& clock, const TestPlaneSettings& settings) {
    std::unique_ptr<TestPlane> plane(new TestPlane(clock, settings, TRY(net::Waker::create())));
    plane->packets_.resize(net::kUdpBatch);
    plane->look_at_clock();
    plane->thread_ = std::jthread([&self = *plane] { self.run(); });
    return plane;
}

TestPlane::~TestPlane() {
    stopping_ = true;
    waker_.wake();
    if (thread_.joinable()) thread_.join();
}

Result<TestEnds::Place> TestPlane::reserve(const net::IpAddress& local, std::optional<net::Endpoint> peer,
                                           std::uint8_t dscp) {
    const std::scoped_lock lock(mutex_);
    for (std::uint32_t i = 0; i < sockets_.size(); ++i) {
        const Socket& socket = sockets_[i];
        if (socket.local != local || socket.dscp != dscp) continue;
        if (!peer || receiver_.reserve(i, *peer)) return Place{i, socket.socket.local().port};
    }
    sockets_.push_back({
        TRY(net::UdpSocket::bind(local, settings_.ports, {.dscp = dscp, .sent_times = net::SentTimes::asked}))
        , local, dscp
    });
    const auto last = static_cast<std::uint32_t>(sockets_.size() - 1);
    if (peer) static_cast<void>(receiver_.reserve(last, *peer));
    waker_.wake();
    return Place{last, sockets_.back().socket.local().port};
}

void TestPlane::release(const Place& place, const net::Endpoint& peer) {
    const std::scoped_lock lock(mutex_);
    receiver_.release(place.socket, peer);
}

TestEnds::Id TestPlane::send(TestSession session, const Place& place) {
    const std::scoped_lock lock(mutex_);
    const Id id = sender_.add(std::move(session), place.socket);
    waker_.wake();
    return id;
}

TestEnds::Id TestPlane::receive(TestSession session, const Place& place) {
    const std::scoped_lock lock(mutex_);
    return receiver_.add(std::move(session), place.socket);
}

SessionDescription TestPlane::stop_sending(Id id) {
    const std::scoped_lock lock(mutex_);
    return sender_.remove(id);
}

std::vector<PacketRecord> TestPlane::received(Id id, const SequenceRange& range, std::size_t from) const {
    std::vector<PacketRecord> out, part;
    part.reserve(kMostLookedAt);
    for (bool more = true; more;) {
        part.clear();
        {
            // In parts: what is due leaves between them, however much there is to look through.
            const std::scoped_lock lock(mutex_);
            const auto* records = receiver_.records(id);
            if (records == nullptr || from >= records->size()) break;
            const auto looked_at = std::span(*records).subspan(from, std::min(kMostLookedAt, records->size() - from));
            std::ranges::copy_if(looked_at, std::back_inserter(part),
                                 [&](const PacketRecord& record) { return range.contains(record.sequence); });
            from += looked_at.size();
            more = from < records->size();
        }
        out.insert(out.end(), part.begin(), part.end());
    }
    return out;
}

std::vector<PacketRecord> TestPlane::stop_receiving(Id id) {
    const std::scoped_lock lock(mutex_);
    return receiver_.remove(id);
}

ErrorEstimate TestPlane::clock_error() const {
    const std::scoped_lock lock(mutex_);
    return error_;
}

measure::ClockQuality TestPlane::clock() const {
    const std::scoped_lock lock(mutex_);
    return quality_;
}

TrafficCounters TestPlane::counters() const {
    const std::scoped_lock lock(mutex_);
    TrafficCounters out = receiver_.counters();
    out.sent = sender_.counters().sent;
    out.skipped = sender_.counters().skipped;
    out.overflowed = overflowed_;
    return out;
}

Lateness::Figures TestPlane::lateness() const {
    const std::scoped_lock lock(mutex_);
    return lateness_.figures();
}

void TestPlane::look_at_clock() {
    quality_ = settings_.clock_error > Nanoseconds::zero() ? measure::ClockQuality{settings_.clock_error, true}
                                                           : measure::clock_quality();
    error_ = ErrorEstimate::from(quality_.bound, quality_.synchronised);
    // RFC 4656 §4.1.2: the error is that of the stamp, so what lies between it and the packet's leaving is part of it.
    sent_error_ = ErrorEstimate::from(quality_.bound + lateness_.bound(), quality_.synchronised);
}

void TestPlane::run() {
    static_cast<void>(::prctl(PR_SET_TIMERSLACK, 1000UL));
    std::vector<Socket*> sockets;
    Time look = clock_.now();
    while (!stopping_) {
        Time next{};
        {
            const std::scoped_lock lock(mutex_);
            while (sockets.size() < sockets_.size())
                sockets.push_back(&sockets_[sockets.size()]);
            if (clock_.now() >= look) {
                look_at_clock();
                look = clock_.now() + kLookAtClock;
            }
        }
        receive_waiting(sockets);
        while (send_due()) {
        }
        {
            const std::scoped_lock lock(mutex_);
            next = sender_.next();
        }
        wait(sockets, std::min(next, clock_.now() + kLookAtClock));
    }
}

void TestPlane::receive_waiting(const std::vector<Socket*>& sockets) {
    std::uint64_t overflowed = 0;
    for (std::uint32_t i = 0; i < sockets.size(); ++i) {
        for (std::size_t round = 0; round < kMostReceived; ++round) {
            const auto batch = sockets[i]->socket.receive();
            if (!batch || batch->empty()) break;
            const std::scoped_lock lock(mutex_);
            for (const auto& datagram : *batch)
                receiver_.arrive(i, datagram.peer, datagram.bytes, datagram.received, datagram.ttl, error_);
            if (batch->size() < net::kUdpBatch) break;
        }
        overflowed += sockets[i]->socket.overflowed();
    }
    overflowed_ = overflowed;
}

/// One batch; true when there may be more.
bool TestPlane::send_due() {
    due_.clear();
    std::array<net::OutDatagram, net::kUdpBatch> batch;
    std::size_t begin = 0;
    struct Run {  // neighbours of one socket
        std::size_t end;
        net::UdpSocket* socket;
    };
    std::vector<Run> runs;
    std::size_t sampled = net::kUdpBatch;
    Time stamp;
    {
        const std::scoped_lock lock(mutex_);
        const Time now = clock_.now();
        sender_.collect(now, net::kUdpBatch, due_);
        // Within a batch the first waits longest for the call, the last longest in it.
        if (!due_.empty() && sample_.wanted(now)) sampled = turn_++ % due_.size();
        for (std::size_t i = 0; i < due_.size(); ++i) {
            auto& due = due_[i];
            packets_[i].resize(due.octets);
            const Time written = clock_.now();
            due.packets->write(packets_[i],
                               {.sequence = due.sequence, .sent = measure::to_ntp(written), .error = sent_error_});
            batch[i] = {.bytes = packets_[i], .peer = due.peer, .asks_sent_time = i == sampled};
            if (i == sampled) stamp = written;
            if (i + 1 == due_.size() || due_[i + 1].socket != due.socket)
                runs.push_back({i + 1, &sockets_[due.socket].socket});
        }
    }
    for (const auto& [end, socket] : runs) {
        const std::uint32_t number = socket->asked();
        const std::uint32_t at = due_[begin].socket;
        while (begin < end) {
            const auto taken = socket->send(std::span(batch).subspan(begin, end - begin));
            begin += taken ? *taken : end - begin;
            if (begin == end) break;
            pollfd full{.fd = socket->fd(), .events = POLLOUT, .revents = 0};
            if (::poll(&full, 1, kFullPatience) <= 0) begin = end;  // they count as lost on the way: they are
        }
        if (socket->asked() == number) continue;
        sample_.asked(at, number, stamp);
        hear_what_left(at, *socket);  // most devices have taken it by now
    }
    return due_.size() == net::kUdpBatch;
}

void TestPlane::hear_what_left(std::uint32_t at, net::UdpSocket& socket) {
    for (const auto& sent : socket.sent_times()) {
        const auto late = sample_.told(at, sent.number, sent.time);
        if (!late) continue;
        const std::scoped_lock lock(mutex_);
        lateness_.add(*late);
        sent_error_ = ErrorEstimate::from(quality_.bound + lateness_.bound(), quality_.synchronised);
    }
}

void TestPlane::wait(const std::vector<Socket*>& sockets, Time until) {
    std::vector<pollfd> watched(1);  // the waker's
    for (const Socket* socket : sockets)
        watched.push_back({.fd = socket->socket.fd(), .events = POLLIN, .revents = 0});
    waker_.wait(watched, until - clock_.now());
    for (std::uint32_t i = 0; i < sockets.size(); ++i)
        if ((watched[i + 1].revents & POLLERR) != 0) hear_what_left(i, sockets[i]->socket);
}

}  // namespace quipu::owamp
