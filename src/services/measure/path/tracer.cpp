#include "services/measure/path/tracer.h"

#include <algorithm>

namespace quipu::path {
namespace {

constexpr std::size_t kMostAtOnce = 64;
constexpr Nanoseconds kTracerGap = std::chrono::milliseconds(5);  // 200 probes a second at most
constexpr std::size_t kMostSources = 8;

/// A probe a hop, and another where nobody answers: what matters is the way, and thousands of peers are to be traced.
TraceSettings mesh_settings(const Peer& peer, std::uint16_t port) {
    TraceSettings out;
    out.target = peer.address.address;
    out.source_port = port;
    out.target_port = peer.address.port;
    out.closed_port = kUdpTarget;
    out.probes = 1;
    out.retries = 1;
    out.most_silent = 4;
    out.in_flight = 4;
    out.gap = kTracerGap;
    out.patience = std::chrono::milliseconds(1500);
    return out;
}

}  // namespace

Result<std::unique_ptr<Tracer>> Tracer::open(const Clock& clock, std::vector<net::IpAddress> addresses,
                                             std::uint16_t port, std::function<void(const TracedPath&)> found) {
    std::unique_ptr<Tracer> out(
        new Tracer(clock, std::move(addresses), port, std::move(found), TRY(net::Waker::create()), Rng::from_system()));
    // Whether it may at all is known now, before anything is asked of it.
    const auto any = out->addresses_.empty() ? TRY(net::IpAddress::parse("0.0.0.0")) : out->addresses_.front();
    out->sockets_.emplace(any, TRY(ProbeSockets::open(any, false)));
    out->thread_ = std::jthread([tracer = out.get()] { tracer->run(); });
    return out;
}

Tracer::Tracer(const Clock& clock, std::vector<net::IpAddress> addresses, std::uint16_t port,
               std::function<void(const TracedPath&)> found, net::Waker waker, Rng rng)
    : clock_(clock),
      addresses_(std::move(addresses)),
      port_(port),
      found_(std::move(found)),
      waker_(std::move(waker)),
      tour_(rng),
      traces_(kTracerGap, static_cast<std::uint16_t>(rng.below(kLastIdentity))) {}

Tracer::~Tracer() {
    stop();
}

void Tracer::stop() {
    stopping_ = true;
    waker_.wake();
    if (thread_.joinable()) thread_.join();
}

void Tracer::order(std::vector<Peer> peers, Nanoseconds every) {
    if (every <= Nanoseconds::zero()) peers.clear();
    orders_.with([&](Orders& orders) {
        orders.peers = std::move(peers);
        orders.every = every;
    });
    waker_.wake();
}

void Tracer::hurry(std::string site) {
    orders_.with([&](Orders& orders) { orders.hurry.push_back(std::move(site)); });
    waker_.wake();
}

void Tracer::run() {
    while (!stopping_) {
        take_orders();
        traces_.tick(clock_.monotonic());
        begin();
        send();
        finish();
        wait();
        for (auto& [source, sockets] : sockets_)
            sockets.receive(clock_, [&](const Answer& answer, Monotonic at) { traces_.answered(answer, at); });
    }
}

void Tracer::take_orders() {
    Orders orders = orders_.with([](Orders& waiting) { return std::exchange(waiting, {}); });
    const Monotonic now = clock_.monotonic();
    if (orders.peers) tour_.assign(*orders.peers, orders.every, now);
    for (const std::string& site : orders.hurry)
        tour_.hurry(site, now);
}

void Tracer::begin() {
    while (traces_.running() < kMostAtOnce) {
        const Monotonic now = clock_.monotonic();
        const auto peer = tour_.due(now);
        if (!peer) return;
        const auto source = source_for(peer->address.address);
        if (!source || sockets_from(*source) == nullptr) {
            tour_.over(peer->site, false, now);
            continue;
        }
        const TraceSettings settings = mesh_settings(*peer, port_);
        const std::uint32_t number = next_trace_++;
        sites_[number] = peer->site;
        traces_.start(number, settings,
                      {.protocol = Protocol::udp,
                       .source = *source,
                       .target = settings.target,
                       .source_port = settings.source_port,
                       .target_port = settings.target_port},
                      clock_.now());
    }
}

void Tracer::send() {
    while (const auto out = traces_.due(clock_.monotonic())) {
        ProbeSockets* sockets = sockets_from(out->flow.source);
        const Monotonic at = clock_.monotonic();
        if (sockets != nullptr && sockets->send(out->flow, out->probe))
            traces_.sent(*out, at);
        else
            traces_.not_sent(*out);
    }
}

void Tracer::finish() {
    for (auto& done : traces_.take_done()) {
        const auto at = sites_.find(done.trace);
        tour_.over(at->second, done.record.reached, clock_.monotonic());
        found_({.to = at->second, .record = std::move(done.record)});
        sites_.erase(at);
    }
}

void Tracer::wait() {
    std::vector<pollfd> watched(1);  // the first is the waker's
    for (const auto& [source, sockets] : sockets_)
        sockets.watch(watched);
    Monotonic until = traces_.when();
    if (traces_.running() < kMostAtOnce) until = std::min(until, tour_.when());
    const Monotonic now = clock_.monotonic();
    // Never longer than an hour: what is asked of the kernel must fit its own counting.
    waker_.wait(watched, std::clamp(until - now, Nanoseconds::zero(), Nanoseconds(std::chrono::hours(1))));
}

std::optional<net::IpAddress> Tracer::source_for(const net::IpAddress& target) const {
    const auto own = std::ranges::find_if(
        addresses_, [&](const net::IpAddress& address) { return address.is_v6() == target.is_v6(); });
    const auto found = source_towards(target, own == addresses_.end() ? std::nullopt : std::optional(*own));
    return found ? std::optional(*found) : std::nullopt;
}

ProbeSockets* Tracer::sockets_from(const net::IpAddress& source) {
    if (const auto at = sockets_.find(source); at != sockets_.end()) return &at->second;
    if (sockets_.size() >= kMostSources) sockets_.clear();
    auto opened = ProbeSockets::open(source, false);
    return opened ? &sockets_.emplace(source, std::move(*opened)).first->second : nullptr;
}

}  // namespace quipu::path
