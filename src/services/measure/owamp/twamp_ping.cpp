#include "services/measure/owamp/twamp_ping.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

#include "services/measure/owamp/control_socket.h"
#include "services/measure/owamp/exponential.h"
#include "services/measure/owamp/set_up.h"

namespace quipu::owamp {
namespace {

constexpr Nanoseconds kTwampPatience = std::chrono::seconds(30);

std::unexpected<Error> refused(std::string_view what, Accept accept, const net::Endpoint& peer) {
    return fail(ErrorCode::unavailable, fmt::format("{} was refused: {}", what, enum_name(accept)), peer.text());
}

}  // namespace

Result<void> TwampClientSession::feed(ByteSpan octets, Time now) {
    in_.feed(octets);
    while (!running() && TRY(step(now)))
        in_.release();
    return {};
}

Result<bool> TwampClientSession::step(Time now) {
    switch (state_) {
        case State::greeting: {
            const auto greeting = TRY(read_greeting(in_));
            if (!greeting) return false;
            TRY(take_greeting(*greeting));
            return true;
        }
        case State::server_start: {
            const bool keyed = mode_ != mode::kOpen;
            const auto start = TRY(read_server_start(in_, keyed ? &keys_ : nullptr));
            if (!start) return false;
            if (start->accept != Accept::ok) return refused("the connection", start->accept, peer_);
            ask(now);
            return true;
        }
        case State::accept: {
            const auto answer = TRY(read_accept_session(in_));
            if (!answer) return false;
            if (answer->accept != Accept::ok) return refused("the session", answer->accept, peer_);
            sid_ = answer->sid;
            port_ = answer->port;
            write(out_, StartSessions{});
            state_ = State::start_ack;
            return true;
        }
        case State::start_ack: {
            const auto ack = TRY(read_start_ack(in_));
            if (!ack) return false;
            if (ack->accept != Accept::ok) return refused("the start", ack->accept, peer_);
            state_ = State::running;
            return true;
        }
        case State::running: break;
    }
    return false;
}

Result<void> TwampClientSession::take_greeting(const ServerGreeting& greeting) {
    const std::uint32_t common = greeting.modes & settings_.modes & mode::kSecurity;
    if (common == 0)
        return fail(greeting.modes == 0 ? ErrorCode::forbidden : ErrorCode::unsupported,
                    fmt::format("the server offers modes {} and we would take {}", greeting.modes, settings_.modes),
                    peer_.text(), "0 is a server that does not speak with us");
    // RFC 5618's mixed mode is a weaker one than the encrypted, though its number is higher.
    const std::uint32_t strict = common & ~mode::kMixed;
    mode_ = strict > mode::kOpen || (common & mode::kMixed) == 0 ? std::bit_floor(strict) : mode::kMixed;
    TRY(set_up(greeting, {mode_, settings_.user, settings_.pass_phrase, peer_.text()}, secrets_, out_, keys_));
    state_ = State::server_start;
    return {};
}

void TwampClientSession::ask(Time now) {
    RequestSession request;
    request.two_way = true;
    request.ip_version = local_.address.is_v6() ? 6 : 4;
    request.sender_port = sender_port_;
    // RFC 5357 §3.5: a wish; the server answers with another one if that is not free.
    request.receiver_port = sender_port_;
    request.sender = local_.address;
    request.receiver = peer_.address;
    request.padding = padding();
    request.start = measure::to_ntp(now);
    request.timeout = to_fixed(settings_.timeout);
    request.type_p = std::uint32_t{settings_.dscp} << 24U;
    write(out_, request);
    state_ = State::accept;
}

std::optional<ControlKeys> TwampClientSession::keys() const {
    if (mode() == TestMode::open) return std::nullopt;
    return test_keys(keys_, sid_);
}

std::uint32_t TwampClientSession::padding() const {
    // RFC 5357 §4.2.1: 41 octets to 14, 112 to 48.
    return std::max<std::uint32_t>(settings_.padding, mode() == TestMode::open ? 27 : 64);
}

void TwampClientSession::stop() {
    write(out_, StopSessions{.accept = Accept::ok, .count = 1, .sessions = {}}, true);
}

Result<stamp::ClientResult> twamp_ping(const net::Endpoint& server, const TwampSettings& settings,
                                       stamp::ClientSettings session, const Clock& clock) {
    const net::Descriptor socket = TRY(connect_control(server));
    const net::Endpoint local = TRY(net::local_endpoint(socket.get()));
    auto sender = TRY(stamp::session_socket(local.address, settings.dscp));
    TwampClientSession control(settings, system_secrets(), server, local, sender.local().port);
    std::array<std::uint8_t, 4096> buffer{};
    for (const Monotonic end = clock.monotonic() + kTwampPatience; !control.running();) {
        const ByteSpan octets = TRY(read_control(socket.get(), buffer, end - clock.monotonic()));
        if (octets.empty() && clock.monotonic() >= end)
            return fail(ErrorCode::timeout, "the server does not answer", server.text());
        TRY(control.feed(octets, clock.now()));
        TRY(write_control(socket.get(), control.take()));
    }
    session.reflector = control.reflector();
    session.form = {stamp::Protocol::twamp, control.mode() == TestMode::open            ? stamp::Mode::open
                                            : control.mode() == TestMode::authenticated ? stamp::Mode::authenticated
                                                                                        : stamp::Mode::encrypted};
    session.octets = session.form.question_octets() + control.padding();
    if (const auto keys = control.keys()) session.twamp_keys = stamp::TwampKeys{.aes = keys->aes, .hmac = keys->hmac};
    auto result = stamp::run_session(session, clock, std::move(sender));
    control.stop();
    TRY(write_control(socket.get(), control.take()));
    return result;
}

}  // namespace quipu::owamp
