#include "services/measure/path/trace.h"

#include <algorithm>

#include "base/random.h"
#include "services/measure/path/engine_traces.h"
#include "services/measure/path/interfaces.h"
#include "services/measure/path/probe_sockets.h"

namespace quipu::path {
namespace {

constexpr Nanoseconds kLookAround = std::chrono::milliseconds(100);

std::uint16_t drawn_port(Rng& rng) {
    return static_cast<std::uint16_t>(32'768 + rng.below(28'000));
}

Flow flow_of(const TraceSettings& settings, const net::IpAddress& source, Rng& rng) {
    Flow out{.protocol = settings.protocol,
             .source = source,
             .target = settings.target,
             .source_port = settings.source_port,
             .target_port = settings.target_port};
    if (out.source_port == 0) out.source_port = drawn_port(rng);
    if (out.target_port == 0)
        out.target_port = out.protocol == Protocol::udp   ? kUdpTarget
                          : out.protocol == Protocol::tcp ? kTcpTarget
                                                          : drawn_port(rng);
    return out;
}

void wait_for_answers(const ProbeSockets& sockets, Nanoseconds patience) {
    std::vector<pollfd> watched;
    sockets.watch(watched);
    const Nanoseconds bounded = std::clamp(patience, Nanoseconds::zero(), kLookAround);
    const timespec time{.tv_sec = 0, .tv_nsec = static_cast<long>(bounded.count())};
    ::ppoll(watched.data(), watched.size(), &time, nullptr);
}

}  // namespace

Result<PathRecord> trace(const TraceSettings& wanted, const Clock& clock) {
    TraceSettings settings = wanted;
    const net::IpAddress source = TRY(source_towards(settings.target, settings.source));
    ProbeSockets sockets = TRY(ProbeSockets::open(source, settings.protocol == Protocol::tcp));
    if (settings.mtu) settings.first_mtu = mtu_of_interface(source).value_or(settings.first_mtu);
    Rng rng = Rng::from_system();
    Traces traces(settings.gap, static_cast<std::uint16_t>(rng.below(kLastIdentity)));
    traces.start(0, settings, flow_of(settings, source, rng), clock.now());
    std::optional<Error> refused;
    bool any_sent = false;
    const auto tell = [&] {
        if (!settings.found) return;
        for (const Hop& hop : traces.take_settled(0))
            settings.found(hop);
    };
    for (bool stopped = false;;) {
        traces.tick(clock.monotonic());
        while (auto out = traces.due(clock.monotonic())) {
            const Monotonic at = clock.monotonic();
            if (auto done = sockets.send(out->flow, out->probe); done) {
                traces.sent(*out, at);
                any_sent = true;
            } else {
                traces.not_sent(*out);
                refused = std::move(done.error());
            }
        }
        tell();
        stopped = settings.interrupted && settings.interrupted();
        if (auto done = traces.take_done(stopped); !done.empty()) {
            if (!any_sent && refused) return std::unexpected(std::move(*refused));
            if (stopped && done[0].record.hops.empty())
                return fail(ErrorCode::cancelled, "interrupted before anything was heard", settings.target.text());
            return std::move(done[0].record);
        }
        wait_for_answers(sockets, traces.when() - clock.monotonic());
        sockets.receive(clock, [&](const Answer& answer, Monotonic at) { traces.answered(answer, at); });
    }
}

}  // namespace quipu::path
