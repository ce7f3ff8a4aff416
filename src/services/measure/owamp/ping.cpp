#include "services/measure/owamp/ping.h"

#include <algorithm>

#include "services/measure/owamp/control_socket.h"

namespace quipu::owamp {

Result<PingResult> ping(const PingSettings& settings, const Clock& clock) {
    constexpr auto kLook = std::chrono::milliseconds(200);
    const auto plane = TRY(TestPlane::start(clock, settings.plane));
    const net::Descriptor socket = TRY(connect_control(settings.server, settings.source));
    const int fd = socket.get();
    ClientSession session(settings.client, *plane, system_secrets(), settings.server, TRY(net::local_endpoint(fd)));
    std::vector<std::uint8_t> buffer(64 * 1024);
    bool told = false;
    while (!session.closed()) {
        const Time now = clock.now();
        if (settings.interrupted()) session.interrupt(now);
        session.tick(now);
        TRY(write_control(fd, session.take()));
        if (session.closed()) break;
        if (session.running_until() && !std::exchange(told, true)) settings.running(*session.running_until() - now);
        const auto left = std::clamp<Nanoseconds>(session.next() - now, Nanoseconds(0), kLook);
        const ByteSpan octets = TRY(read_control(fd, buffer, left));
        if (!octets.empty()) session.feed(octets, clock.now());
    }
    PingResult out {
        TRY(session.results())
        , plane->counters().overflowed
    };
    for (ClientResult& result : out.sessions)
        if (result.to_server) result.late = plane->lateness();
    return out;
}

}  // namespace quipu::owamp
