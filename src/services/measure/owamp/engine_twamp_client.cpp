#include "services/measure/owamp/engine_twamp_client.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

#include "services/measure/owamp/exponential.h"
#include "services/measure/owamp/set_up.h"

namespace quipu::owamp {
namespace {

using What = NamedSessions::What;

std::unexpected<Error> refused(std::string_view what, Accept accept, const net::Endpoint& peer) {
    return fail(ErrorCode::unavailable, fmt::format("{} was refused: {}", what, enum_name(accept)), peer.text());
}

}  // namespace

Result<void> TwampClientSession::feed(ByteSpan octets, Time now) {
    in_.feed(octets);
    while (!running() && !stopped() && TRY(step(now)))
        in_.release();
    return {};
}

/// False when there is no whole message.
Result<bool> TwampClientSession::step(Time now) {
    switch (state_) {
        case State::greeting: {
            const auto greeting = TRY(read_greeting(in_));
            if (!greeting) return false;
            TRY(take_greeting(*greeting));
            return true;
        }
        case State::server_start: {
            const auto start = TRY(read_server_start(in_, keyed() ? &keys_ : nullptr));
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
            start();
            return true;
        }
        case State::start_ack: {
            if (!TRY(by_name() ? take_named(What::start_ack) : take_start_ack())) return false;
            state_ = State::running;
            return true;
        }
        case State::stop_ack: {
            if (!TRY(take_named(What::stop_ack))) return false;
            state_ = State::stopped;
            return true;
        }
        case State::running:
        case State::stopped: break;
    }
    return false;
}

Result<void> TwampClientSession::take_greeting(const ServerGreeting& greeting) {
    const std::uint32_t common = greeting.modes & settings_.modes & mode::kSecurity;
    if (common == 0)
        return fail(greeting.modes == 0 ? ErrorCode::forbidden : ErrorCode::unsupported,
                    fmt::format("the server offers modes {} and we would take {}", greeting.modes, settings_.modes),
                    peer_.text(), "0 is a server that does not speak with us");
    const bool offered = (greeting.modes & mode::kIndividual) != 0;
    if (settings_.by_name.value_or(false) && !offered)
        return fail(ErrorCode::unsupported, "the server does not start and stop sessions by name (RFC 5938)",
                    peer_.text(), "leave out --individual");
    // RFC 5618's mixed mode is a weaker one than the encrypted, though its number is higher.
    const std::uint32_t strict = common & ~mode::kMixed;
    mode_ = strict > mode::kOpen || (common & mode::kMixed) == 0 ? std::bit_floor(strict) : mode::kMixed;
    // RFC 5938 §3.1: chosen together with a security mode.
    if (offered && settings_.by_name.value_or(true)) mode_ |= mode::kIndividual;
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
    request.receiver = reflector().address;
    request.padding = padding();
    request.start = measure::to_ntp(now + settings_.start_delay);
    request.timeout = to_fixed(settings_.timeout);
    request.type_p = std::uint32_t{settings_.dscp} << 24U;
    write(out_, settings_.unnamed.without(request));
    state_ = State::accept;
}

/// RFC 5938: where names were agreed on, the plain commands must not be used.
void TwampClientSession::start() {
    if (by_name())
        write(out_, NamedSessions{.what = What::start, .accept = Accept::ok, .sids = {sid_}});
    else
        write(out_, StartSessions{});
    state_ = State::start_ack;
}

void TwampClientSession::stop() {
    if (by_name())
        write(out_, NamedSessions{.what = What::stop, .accept = Accept::ok, .sids = {sid_}});
    else
        write(out_, StopSessions{.accept = Accept::ok, .count = 1, .sessions = {}}, true);
    state_ = by_name() ? State::stop_ack : State::stopped;
}

Result<bool> TwampClientSession::take_start_ack() {
    const auto ack = TRY(read_start_ack(in_));
    if (!ack) return false;
    if (ack->accept != Accept::ok) return refused("the start", ack->accept, peer_);
    return true;
}

/// RFC 5938 §3.3, §3.5: an acknowledgement names the sessions that it is about; ours is the only one.
Result<bool> TwampClientSession::take_named(What what) {
    const auto ack = TRY(read_named(in_, {.sessions = 1}));
    if (!ack) return false;
    const std::string_view asked = what == What::start_ack ? "the start" : "the stop";
    if (ack->what != what)
        return fail(ErrorCode::invalid,
                    fmt::format("the server answers {} with message {}", asked, static_cast<int>(ack->what)),
                    peer_.text());
    if (ack->sids != std::vector{sid_})
        return fail(ErrorCode::invalid, fmt::format("the server acknowledges {} of another session than ours", asked),
                    peer_.text());
    if (ack->accept != Accept::ok) return refused(asked, ack->accept, peer_);
    return true;
}

std::optional<ControlKeys> TwampClientSession::keys() const {
    if (mode() == TestMode::open) return std::nullopt;
    return test_keys(keys_, sid_);
}

std::uint32_t TwampClientSession::padding() const {
    // RFC 5357 §4.2.1: 41 octets to 14, 112 to 48.
    return std::max<std::uint32_t>(settings_.padding, mode() == TestMode::open ? 27 : 64);
}

}  // namespace quipu::owamp
