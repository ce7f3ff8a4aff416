#include "services/measure/stamp/server_reflector.h"

#include <algorithm>
#include <sys/prctl.h>
#include <time.h>

#include "base/log.h"
#include "services/measure/clock_error.h"

namespace quipu::stamp {
namespace {

constexpr LogEvent kRefused{
    LogLevel::warning, "REFLECTOR_REFUSED",
    "A test packet got no answer; told for the 1st, 2nd, 4th, 8th… time of each reason",
    "\"reflection\" and \"too-short\" are forged questions; \"rate\" and \"sessions\" are limits that "
    "--stamp-rate and --stamp-sessions, or [measure_servers.stamp], set."};
constexpr std::size_t kBatchesInTurn = 16;
// From so many questions a second on they are gathered for a moment before they are answered: a few system calls for
// all of them instead of for each. Both of a question's stamps, the kernel's on arrival and ours on sending, stay true.
constexpr std::size_t kBusyPerSecond = 5'000;
constexpr Nanoseconds kRateOver = std::chrono::milliseconds(10);
constexpr timespec kGather{.tv_sec = 0, .tv_nsec = 1'000'000};

constexpr std::size_t kMostSockets = 256;
constexpr std::size_t kMostPorts = 64;  // that clients of a control connection asked for, one way or the other

net::UdpSocket::Options options_of(std::uint8_t dscp) {
    return {.dscp = dscp, .arrivals = true, .joins = true};
}

}  // namespace

Result<std::unique_ptr<ReflectorServer>> ReflectorServer::start(const std::vector<net::Endpoint>& listen,
                                                                ReflectorSettings settings,
                                                                Nanoseconds declared_clock_error, const Clock& clock,
                                                                const net::PortRange& ports) {
    std::unique_ptr<ReflectorServer> out(
        new ReflectorServer(std::move(settings), declared_clock_error, clock, ports, TRY(net::Waker::create())));
    std::uint16_t taken = 0;
    for (net::Endpoint local : listen) {
        // Both families get the same free port.
        if (local.port == 0) local.port = taken;
        auto socket = net::UdpSocket::bind(local, options_of(0));
        if (!socket) {
            // A machine without IPv6 reflects by IPv4 alone.
            if (local.address == net::IpAddress::v6(std::array<std::uint8_t, 16>{}) && !out->sockets_.empty()) continue;
            return std::unexpected(socket.error());
        }
        taken = socket->local().port;
        out->sockets_.push_back({.socket = std::move(*socket), .asked = local});
    }
    out->each_second();
    out->thread_ = std::jthread([server = out.get()] { server->run(); });
    return out;
}

ReflectorServer::~ReflectorServer() {
    stopping_ = true;
    waker_.wake();
    if (thread_.joinable()) thread_.join();
}

std::vector<net::Endpoint> ReflectorServer::listening() const {
    const std::scoped_lock lock(mutex_);
    std::vector<net::Endpoint> out;
    for (const Socket& socket : sockets_)
        if (!socket.granted_only) out.push_back(socket.socket.local());
    return out;
}

ReflectorCounters ReflectorServer::counters() const {
    const std::scoped_lock lock(mutex_);
    ReflectorCounters out = counters_;
    out.reflected = engine_.reflected();
    out.sessions = engine_.sessions();
    for (std::size_t why = 0; why < kRefusals; ++why)
        out.refused += engine_.refused(static_cast<Refusal>(why));
    return out;
}

Result<ReflectorServer::Place> ReflectorServer::reserve(const net::Endpoint& wanted, std::uint8_t dscp,
                                                        std::span<const std::uint32_t> except) {
    const net::Endpoint local{wanted.address, ports_.holds(wanted.port) ? wanted.port : std::uint16_t{0}};
    const std::scoped_lock lock(mutex_);
    bool chosen = local.port != 0;
    for (std::uint32_t number = 0; number < sockets_.size(); ++number) {
        const Socket& socket = sockets_[number];
        if (!socket.granted_only || socket.asked.address != local.address || socket.dscp != dscp) continue;
        const bool as_asked = socket.asked == local;
        // Whoever excepts some takes any other that is there, whatever port it was once asked for with.
        if (!as_asked && except.empty()) continue;
        if (std::ranges::find(except, number) == except.end()) return Place{number, socket.socket.local().port};
        chosen = chosen || as_asked;
    }
    // Sockets stay, and whoever asks chooses the port, or how many: it must not end with all ports and files of the
    // machine.
    const auto others = std::ranges::count(sockets_, true, &Socket::chosen);
    if (sockets_.size() >= kMostSockets || (chosen && std::cmp_greater_equal(others, kMostPorts)))
        return fail(ErrorCode::exhausted, "there are as many sockets for sessions as may be", local.text());
    auto socket = TRY(local.port != 0 ? net::UdpSocket::bind(local, options_of(dscp))
                                      : net::UdpSocket::bind(local.address, ports_, options_of(dscp)));
    sockets_.push_back(
        {.socket = std::move(socket), .asked = local, .dscp = dscp, .granted_only = true, .chosen = chosen});
    waker_.wake();
    return Place{static_cast<std::uint32_t>(sockets_.size() - 1), sockets_.back().socket.local().port};
}

bool ReflectorServer::grant(const Place& place, const net::Endpoint& peer, const GrantedSession& session) {
    const std::scoped_lock lock(mutex_);
    return engine_.grant(place.socket, peer, session, clock_.monotonic());
}

std::optional<SessionCounts> ReflectorServer::revoke(const Place& place, const net::Endpoint& peer) {
    const std::scoped_lock lock(mutex_);
    return engine_.revoke(place.socket, peer);
}

void ReflectorServer::run() {
    static_cast<void>(::prctl(PR_SET_TIMERSLACK, 1000UL));
    std::vector<Socket*> sockets;
    Time next_second = clock_.now() + std::chrono::seconds(1);
    Monotonic counted_from = clock_.monotonic();
    std::size_t counted = 0;
    bool busy = false;
    while (!stopping_) {
        {
            const std::scoped_lock lock(mutex_);
            for (std::size_t i = sockets.size(); i < sockets_.size(); ++i)
                sockets.push_back(&sockets_[i]);
        }
        // One switch of context for each batch, not one to wait for its first question and one to gather more.
        if (busy)
            ::clock_nanosleep(CLOCK_MONOTONIC, 0, &kGather, nullptr);
        else
            wait(sockets, next_second);
        for (std::uint32_t number = 0; number < sockets.size(); ++number)
            counted += reflect_waiting(number, *sockets[number]);
        if (const Nanoseconds over = clock_.monotonic() - counted_from; over >= kRateOver) {
            busy = std::chrono::duration<double>(over).count() * kBusyPerSecond < static_cast<double>(counted);
            counted_from += over;
            counted = 0;
        }
        const Time now = clock_.now();
        if (now >= next_second || next_second - now > std::chrono::seconds(2)) {
            each_second();
            next_second = now + std::chrono::seconds(1);
        }
    }
}

void ReflectorServer::wait(const std::vector<Socket*>& sockets, Time until) {
    std::vector<pollfd> watched(1);  // the waker's
    for (const Socket* socket : sockets)
        watched.push_back({.fd = socket->socket.fd(), .events = POLLIN, .revents = 0});
    waker_.wait(watched, until - clock_.now());
}

/// How many there were. Bounded, so that one socket's flood does not keep the others waiting.
std::size_t ReflectorServer::reflect_waiting(std::uint32_t number, Socket& socket) {
    std::size_t all = 0;
    for (std::size_t turn = 0; turn < kBatchesInTurn; ++turn) {
        const std::uint64_t overflowed = socket.socket.overflowed();
        const auto batch = socket.socket.receive();
        if (!batch || batch->empty()) break;
        all += batch->size();
        const std::size_t ready = answer(number, socket, *batch);
        std::array<net::OutDatagram, net::kUdpBatch> out;
        for (std::size_t i = 0; i < ready; ++i)
            out[i] = {reflections_[i].bytes, reflections_[i].to, reflections_[i].from,
                      reflections_[i].tos == 0 ? std::int16_t{-1} : reflections_[i].tos};
        const auto taken = socket.socket.send(std::span(out).first(ready));
        const std::scoped_lock lock(mutex_);
        counters_.received += batch->size();
        counters_.overflowed += socket.socket.overflowed() - overflowed;
        counters_.unsent += ready - taken.value_or(0);
        if (batch->size() < net::kUdpBatch) break;
    }
    return all;
}

/// All are decided before the first is stamped: what a stamp waits for is the system call, not another packet's table.
std::size_t ReflectorServer::answer(std::uint32_t number, const Socket& socket, std::span<const net::Datagram> batch) {
    const std::scoped_lock lock(mutex_);
    const Monotonic now = clock_.monotonic();
    const net::Endpoint own = socket.socket.local();
    std::size_t ready = 0;
    for (const net::Datagram& datagram : batch) {
        const Arrival arrival{.socket = number,
                              .granted_only = socket.granted_only,
                              .peer = datagram.peer,
                              .local = {datagram.local.value_or(own.address), own.port},
                              .bytes = datagram.bytes,
                              .received = datagram.received + shift_,
                              .ttl = datagram.ttl,
                              .tos = datagram.tos,
                              .truncated = datagram.truncated};
        if (engine_.prepare(arrival, now, reflections_[ready])) ++ready;
    }
    for (std::size_t i = 0; i < ready; ++i)
        engine_.seal(reflections_[i], clock_.now() + shift_);
    return ready;
}

void ReflectorServer::each_second() {
    const auto quality =
        declared_ > Nanoseconds::zero() ? measure::ClockQuality{declared_, true} : measure::clock_quality();
    std::vector<ReflectorEngine::Told> told;
    {
        const std::scoped_lock lock(mutex_);
        engine_.set_clock({.error = measure::ErrorEstimate::from(quality.bound, quality.synchronised), .ptp = false});
        engine_.age(clock_.monotonic());
        told = engine_.take_told();
    }
    for (const auto& one : told)
        log(kRefused, {{"reason", enum_name(one.why)}, {"times", one.times}, {"peer", one.peer.text()}});
}

}  // namespace quipu::stamp
