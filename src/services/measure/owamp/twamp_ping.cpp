#include "services/measure/owamp/twamp_ping.h"

#include "services/measure/owamp/control_socket.h"

namespace quipu::owamp {
namespace {

constexpr Nanoseconds kTwampPatience = std::chrono::seconds(30);

/// Octets both ways until the client is where it is waited for.
Result<void> speak(int fd, TwampClientSession& control, bool (TwampClientSession::*there)() const,
                   const net::Endpoint& server, const Clock& clock) {
    std::array<std::uint8_t, 4096> buffer{};
    TRY(write_control(fd, control.take()));
    for (const Monotonic end = clock.monotonic() + kTwampPatience; !(control.*there)();) {
        const ByteSpan octets = TRY(read_control(fd, buffer, end - clock.monotonic()));
        if (octets.empty() && clock.monotonic() >= end)
            return fail(ErrorCode::timeout, "the server does not answer", server.text());
        TRY(control.feed(octets, clock.now()));
        TRY(write_control(fd, control.take()));
    }
    return {};
}

}  // namespace

Result<TwampPingResult> twamp_ping(const TwampPingSettings& settings, const Clock& clock) {
    const net::Descriptor socket = TRY(connect_control(settings.server, settings.source));
    const net::Endpoint local = TRY(net::local_endpoint(socket.get()));
    stamp::ClientSettings session = settings.session;
    auto sender = TRY(stamp::session_socket(local.address, settings.ports, session.dscp));
    TwampSettings wanted = settings.control;
    wanted.start_delay = session.start_delay;
    TwampClientSession control(std::move(wanted), system_secrets(), settings.server, local, sender.local().port);
    TRY(speak(socket.get(), control, &TwampClientSession::running, settings.server, clock));
    settings.running(session.start_delay + session.plan.packets * session.plan.interval + session.plan.timeout);
    session.reflector = control.reflector();
    session.form = {stamp::Protocol::twamp, control.mode() == TestMode::open            ? stamp::Mode::open
                                            : control.mode() == TestMode::authenticated ? stamp::Mode::authenticated
                                                                                        : stamp::Mode::encrypted};
    session.octets = session.form.question_octets() + control.padding();
    if (const auto keys = control.keys()) session.twamp_keys = stamp::TwampKeys{.aes = keys->aes, .hmac = keys->hmac};
    TwampPingResult out {
        TRY(stamp::run_session(session, clock, std::move(sender)))
        , control.sid(), std::nullopt
    };
    control.stop();
    const auto stopped = speak(socket.get(), control, &TwampClientSession::stopped, settings.server, clock);
    if (!stopped) out.stop_fault = stopped.error();
    return out;
}

}  // namespace quipu::owamp
