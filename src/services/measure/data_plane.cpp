#include "services/measure/data_plane.h"

#include <algorithm>
#include <array>
#include <sys/prctl.h>

#include "services/measure/path/codec_probe.h"

namespace quipu::measure {
namespace {

constexpr Nanoseconds kProvisionalEvery = std::chrono::seconds(10);
// Minutes closed between two looks at the sockets: sorting a minute of 600 delays takes some 30 µs.
constexpr std::size_t kCloseAtOnce = 8;
constexpr std::size_t kReceiveBatches = 16;

}  // namespace

Result<std::unique_ptr<DataPlane>> DataPlane::open(const Clock& clock, const std::vector<net::IpAddress>& addresses,
                                                   std::uint16_t port, Nanoseconds declared_clock_error,
                                                   Nanoseconds clock_shift) {
    std::unique_ptr<DataPlane> plane(
        new DataPlane(clock, declared_clock_error, clock_shift, TRY(net::Waker::create())));
    TRY(plane->bind(addresses, port));
    plane->packets_.resize(net::kUdpBatch);
    plane->due_.resize(plane->sockets_.size());
    plane->last_arrival_.resize(plane->sockets_.size(), clock.now());
    plane->each_second(clock.now());
    return plane;
}

Result<void> DataPlane::bind(const std::vector<net::IpAddress>& addresses, std::uint16_t port) {
    const std::vector<net::IpAddress> wildcards {
        TRY(net::IpAddress::parse("0.0.0.0"))
        , TRY(net::IpAddress::parse("::"))
    };
    port_ = port;
    for (const auto& address : addresses.empty() ? wildcards : addresses) {
        auto socket = net::UdpSocket::bind({address, port_}, {});
        if (!socket) {
            // A machine without IPv6 measures by IPv4 alone.
            if (addresses.empty() && address.is_v6() && !sockets_.empty()) continue;
            return std::unexpected(socket.error());
        }
        port_ = socket->local().port;
        sockets_.push_back(std::move(*socket));
    }
    return {};
}

DataPlane::~DataPlane() {
    stop();
}

void DataPlane::start() {
    thread_ = std::jthread([this] { run(); });
}

void DataPlane::stop() {
    stopping_ = true;
    waker_.wake();
    if (thread_.joinable()) thread_.join();
}

void DataPlane::order(Orders orders) {
    orders_.with([&](auto& waiting) { waiting = std::move(orders); });
    waker_.wake();
}

std::vector<OutboxEntry> DataPlane::take_outbox() {
    return outbox_.with([](auto& entries) { return std::exchange(entries, {}); });
}

PointCounters DataPlane::counters() const {
    return published_.with([](const auto& counters) { return counters; });
}

ClockQuality DataPlane::clock() const {
    return published_quality_.with([](const auto& quality) { return quality; });
}

void DataPlane::run() {
    // Packets leave at their time, not up to 50 µs later for the sake of fewer wake-ups.
    static_cast<void>(::prctl(PR_SET_TIMERSLACK, 1000UL));
    while (!stopping_) {
        take_orders(clock_.now());
        receive();
        const Time now = clock_.now();
        notice_clocks();
        send();
        const bool more = close_minutes(now);
        if (now >= next_second_ || next_second_ - now > std::chrono::seconds(2)) each_second(now);
        if (!more) wait(std::min(sender_.next(), next_second_));
    }
    receive();
    receiver_.finish(clock_.now());
    static_cast<void>(close_minutes(clock_.now()));
    publish();
}

void DataPlane::wait(Time until) {
    std::array<pollfd, 18> watched{};
    std::size_t count = 1;  // the first is the waker's
    for (std::size_t i = 0; i < sockets_.size() && count < watched.size(); ++i) {
        const bool full = blocked_ && !due_[i].empty();
        watched[count++] = {
            .fd = sockets_[i].fd(), .events = static_cast<short>(full ? POLLIN | POLLOUT : POLLIN), .revents = 0};
    }
    waker_.wait(std::span(watched).first(count), until - clock_.now());
}

void DataPlane::take_orders(Time now) {
    auto orders = orders_.with([](auto& waiting) { return std::exchange(waiting, std::nullopt); });
    if (!orders) return;
    std::vector<SenderSession> senders;
    targets_.clear();
    target_sockets_.clear();
    for (auto& due : due_)
        due.clear();
    for (std::size_t i = 0; i < orders->send.size(); ++i) {
        const auto& session = orders->send[i];
        senders.push_back({session.site, session.schedule(), orders->sent_until[i]});
        target_sockets_.push_back(socket_for(session.address.address));
        targets_.push_back(session);
    }
    sender_.assign(std::move(senders), now);
    std::vector<ReceiverSession> receivers;
    for (const auto& session : orders->receive)
        receivers.push_back({session.site, session.address, session.schedule()});
    receiver_.assign(std::move(receivers), now);
    receiver_.keep_raw(orders->raw);
}

std::size_t DataPlane::socket_for(const net::IpAddress& peer) const {
    for (std::size_t i = 0; i < sockets_.size(); ++i)
        if (sockets_[i].local().address.is_v6() == peer.is_v6()) return i;
    return 0;
}

void DataPlane::receive() {
    for (std::size_t at = 0; at < sockets_.size(); ++at) {
        net::UdpSocket& socket = sockets_[at];
        // Bounded, so that a flood does not stop the sending.
        for (std::size_t i = 0; i < kReceiveBatches; ++i) {
            const std::uint64_t overflowed = socket.overflowed();
            const auto batch = socket.receive();
            if (!batch || batch->empty()) break;
            const Time before = std::exchange(last_arrival_[at], batch->back().received);
            if (const std::uint64_t drops = socket.overflowed() - overflowed; drops > 0) {
                counters_.own_drops += drops;
                receiver_.dropped(before, last_arrival_[at], drops);
            }
            for (const auto& datagram : *batch) {
                // A path's probe has come to its end: who sent it learns that from another port (path/tracer.h).
                if (datagram.bytes.size() == path::kProbePayload) continue;
                if (!datagram.kernel_time) ++counters_.without_kernel_time;
                receiver_.arrive(datagram.peer, datagram.bytes, datagram.received + shift_, datagram.ttl,
                                 datagram.truncated);
            }
            if (batch->size() < net::kUdpBatch) break;
        }
    }
}

void DataPlane::send() {
    const Time now = clock_.now();
    std::vector<SenderEngine::Due> due;
    sender_.collect(now, 16 * net::kUdpBatch, due);
    for (const auto& packet : due)
        due_[target_sockets_[packet.session]].push_back(packet);
    blocked_ = false;
    bool empty = true;
    for (std::size_t socket = 0; socket < sockets_.size(); ++socket) {
        while (!due_[socket].empty() && send_batch(socket)) {
        }
        empty = empty && due_[socket].empty();
    }
    if (empty && sender_.next() > now) sent_until_ = now.time_since_epoch().count();
}

/// False when the kernel takes no more for now.
bool DataPlane::send_batch(std::size_t socket) {
    auto& due = due_[socket];
    const std::size_t count = std::min(due.size(), net::kUdpBatch);
    std::array<net::OutDatagram, net::kUdpBatch> batch;
    const auto error = ErrorEstimate::from(quality_.bound, quality_.synchronised);
    for (std::size_t i = 0; i < count; ++i) {
        const auto& target = targets_[due[i].session];
        ByteWriter out(kTestPacketOctets + target.padding);
        // The stamp is the last thing before the system call.
        const Time sent = clock_.now();
        write_test_packet(
            out, {.sequence = due[i].sequence, .sent = sent + shift_, .error = error, .padding = target.padding});
        meter_.sent_late(sent - due[i].due);
        packets_[i] = out.take();
        batch[i] = {packets_[i], target.address};
    }
    const auto taken = sockets_[socket].send(std::span(batch).first(count));
    if (!taken) {
        counters_.send_errors += count;
        due.erase(due.begin(), due.begin() + static_cast<std::ptrdiff_t>(count));
        return true;
    }
    counters_.sent += *taken;
    due.erase(due.begin(), due.begin() + static_cast<std::ptrdiff_t>(*taken));
    blocked_ = *taken < count;
    return !blocked_;
}

/// Compares the two clocks, read close to each other: when this thread is put aside between the readings, that is no
/// step.
void DataPlane::notice_clocks() {
    const Monotonic before = clock_.monotonic();
    const Time now = clock_.now();
    const Monotonic monotonic = clock_.monotonic();
    if (monotonic - before > kClockStep / 10) return;
    receiver_.notice_clocks(now, monotonic);
    const Nanoseconds step = (now - last_now_) - (monotonic - last_monotonic_);
    const bool first = last_now_ == Time{};
    last_now_ = now;
    last_monotonic_ = monotonic;
    if (!first && std::chrono::abs(step) > kClockStep) meter_.stepped(step);
    // Small corrections are within the sender's patience; a schedule that lies behind or ahead is found again.
    if (!first && (step > kSendPatience || step < -kSendPatience)) sender_.step_to(now);
}

bool DataPlane::close_minutes(Time now) {
    records_.clear();
    const bool more = receiver_.close(now, kCloseAtOnce, records_);
    for (const auto& record : records_) {
        ByteWriter out(256);
        write_record(out, record);
        put(kMinuteStream, out.take());
    }
    for (const auto& minute : receiver_.take_raw()) {
        ByteWriter out(16 * minute.packets.size() + 64);
        write_raw(out, minute);
        put(kRawStream, out.take());
    }
    counters_.records += records_.size();
    return more;
}

void DataPlane::each_second(Time now) {
    next_second_ = std::chrono::floor<std::chrono::seconds>(now) + std::chrono::seconds(1);
    quality_ = clock_quality();
    if (declared_ > Nanoseconds::zero()) {
        quality_.bound = declared_;
        quality_.synchronised = true;
    }
    receiver_.set_clock_error(quality_.bound, quality_.synchronised);
    published_quality_.with([&](auto& quality) { quality = quality_; });
    for (const auto& range : sender_.take_skips()) {
        ByteWriter out(64);
        write_skip(out, range);
        put(kSkipsStream, out.take());
    }
    if (now >= next_provisional_ || next_provisional_ - now > 2 * kProvisionalEvery) {
        next_provisional_ = now + kProvisionalEvery;
        std::vector<MinuteRecord> running;
        receiver_.provisional(now, running);
        if (!running.empty()) {
            ByteWriter out(64 * running.size());
            write_records(out, running);
            put(kProvisionalStream, out.take(), true);
        }
    }
    publish();
    if (meter_.over(now)) look_at_self(now);
}

void DataPlane::look_at_self(Time now) {
    const PointTotals totals{.sent = counters_.sent,
                             .skipped = counters_.skipped,
                             .send_errors = counters_.send_errors,
                             .received = counters_.received,
                             .own_drops = counters_.own_drops,
                             .refused = counters_.refused,
                             .records_lost = records_lost_,
                             .usage = process_usage()};
    const auto record = meter_.close(now, totals, quality_, declared_ > Nanoseconds::zero());
    if (!record) return;
    ByteWriter out(96);
    write_point(out, *record);
    put(kPointStream, out.take());
}

void DataPlane::publish() {
    const auto& seen = receiver_.counters();
    counters_.received = seen.received;
    counters_.duplicates = seen.duplicates;
    counters_.refused = seen.truncated + seen.zero_multiplier + seen.oversized + seen.unknown_peer + seen.out_of_time;
    counters_.skipped = sender_.skipped();
    published_.with([&](auto& published) { published = counters_; });
}

void DataPlane::put(std::string_view stream, std::vector<std::uint8_t> payload, bool offered) {
    outbox_.with([&](auto& entries) { entries.push_back({stream, std::move(payload), offered}); });
}

}  // namespace quipu::measure
