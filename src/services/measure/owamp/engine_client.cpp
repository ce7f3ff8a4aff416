#include "services/measure/owamp/engine_client.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

#include "services/measure/owamp/set_up.h"

namespace quipu::owamp {
namespace {

// For each message, of records for each part of them; a server may first have to write down what it received.
constexpr Nanoseconds kAnswerPatience = std::chrono::seconds(45);
constexpr std::uint32_t kCopies = 16;  // of a packet, that a server may have received
constexpr Nanoseconds kStartMargin = std::chrono::milliseconds(100);
constexpr Nanoseconds kLongestRoundTrip = std::chrono::seconds(5);  // a slower answer says nothing of the way

std::string_view meaning_of(Accept accept) {
    switch (accept) {
        case Accept::ok: return "accepted";
        case Accept::failure: return "the server refuses, without a reason";
        case Accept::internal_error: return "the server has an internal error";
        case Accept::not_supported: return "the server does not support this";
        case Accept::permanent_limit: return "this is above the server's limits";
        case Accept::temporary_limit: return "this is above what the server has left now";
    }
    return "the server answers something unknown";
}

}  // namespace

ClientSession::ClientSession(ClientSettings settings, TestEnds& ends, SecretSource secrets, const net::Endpoint& peer,
                             const net::Endpoint& local)
    : settings_(std::move(settings)), ends_(ends), secrets_(std::move(secrets)), peer_(peer), local_(local) {
    for (const auto& wanted : settings_.sessions) {
        sessions_.push_back({.wanted = wanted, .result = {}, .test = {}, .place = {}});
        sessions_.back().result.to_server = wanted.to_server;
    }
}

ClientSession::~ClientSession() {
    for (Session& session : sessions_) {
        if (session.id == 0) continue;
        if (session.wanted.to_server)
            static_cast<void>(ends_.stop_sending(session.id));
        else
            static_cast<void>(ends_.stop_receiving(session.id));
    }
}

void ClientSession::feed(ByteSpan octets, Time now) {
    in_.feed(octets);
    // Records may be many; of every other message all must come in time.
    if (!octets.empty() && state_ == State::fetched) next_ = now + kAnswerPatience;
    while (!closed()) {
        const auto more = step(now);
        if (!more) {
            error_ = more.error();
            state_ = State::done;
        }
        if (!more || !*more) return;
        in_.release();
        if (state_ != State::running) next_ = now + kAnswerPatience;
    }
}

/// False when there is no whole message.
Result<bool> ClientSession::step(Time now) {
    switch (state_) {
        case State::greeting: {
            const auto greeting = TRY(read_greeting(in_));
            if (!greeting) return false;
            TRY(take_greeting(*greeting, now));
            return true;
        }
        case State::server_start: {
            const auto start = TRY(read_server_start(in_, keyed() ? &keys_ : nullptr));
            if (!start) return false;
            if (start->accept != Accept::ok)
                return fail(ErrorCode::forbidden, std::string(meaning_of(start->accept)), peer_.text(),
                            keyed() ? "see the user and the key" : "see which modes and addresses it allows");
            round_trip_ = std::clamp(now - set_up_at_, Nanoseconds::zero(), kLongestRoundTrip);
            // A round trip for each request and for the start: packets must not be due before.
            const auto answers = static_cast<std::int64_t>(sessions_.size() + 1);
            start_ = measure::to_ntp(now + std::max(settings_.start_delay, answers * round_trip_ + kStartMargin));
            TRY(ask(now));
            return true;
        }
        case State::accept: {
            const auto answer = TRY(read_accept_session(in_));
            if (!answer) return false;
            TRY(take_accept(*answer, now));
            return true;
        }
        case State::start_ack: {
            const auto ack = TRY(read_start_ack(in_));
            if (!ack) return false;
            if (ack->accept != Accept::ok)
                return fail(ErrorCode::unavailable, std::string(meaning_of(ack->accept)), peer_.text());
            run(now);
            return true;
        }
        case State::running:
        case State::stopping: {
            const auto command = TRY(read_command(in_, false, {}));
            if (!command) return false;
            const auto* message = std::get_if<StopSessions>(&*command);
            if (message == nullptr) return fail(ErrorCode::invalid, "the server gave a command", peer_.text());
            TRY(take_stop(*message, now));
            return true;
        }
        case State::fetch_ack: {
            const auto ack = TRY(read_fetch_ack(in_));
            if (!ack) return false;
            if (ack->accept == Accept::ok) {
                ack_ = *ack;
                state_ = State::fetched;
                return true;
            }
            sessions_[fetching_].result.fetch_refused =
                Error(ErrorCode::unavailable,
                      fmt::format("the server gives no records of the session to it: {}", enum_name(ack->accept)),
                      peer_.text());
            sessions_[fetching_].fetched = true;
            fetch_next();
            return true;
        }
        case State::fetched: {
            ClientResult& result = sessions_[fetching_].result;
            // Each packet, and some of them more than once.
            const std::uint64_t most = kCopies * std::uint64_t{result.request.packets} + kCopies;
            auto session = TRY(read_fetched(
                in_, ack_, {.records = static_cast<std::uint32_t>(std::min<std::uint64_t>(most, 0xffffffff))}));
            if (!session) return false;
            result.records = std::move(session->records);
            std::erase_if(result.records,
                          [&](const PacketRecord& record) { return record.sequence >= result.request.packets; });
            result.finished = ack_.finished;
            result.sent = {result.request.sid, ack_.next_sequence, std::move(session->skips)};
            sessions_[fetching_].fetched = true;
            fetch_next();
            return true;
        }
        case State::done: break;
    }
    return false;
}

Result<void> ClientSession::take_greeting(const ServerGreeting& greeting, Time now) {
    if (greeting.modes == 0)
        return fail(ErrorCode::forbidden, "the server does not speak with us", peer_.text(),
                    "see which addresses it allows, and whether it has too many connections");
    const std::uint32_t common =
        greeting.modes & settings_.modes & (mode::kOpen | mode::kAuthenticated | mode::kEncrypted);
    if (common == 0)
        return fail(ErrorCode::unsupported,
                    fmt::format("the server offers modes {} and we would take {}", greeting.modes, settings_.modes),
                    peer_.text(), "-A names the modes: O open, A authenticated, E encrypted; A and E need -u and -k");
    mode_ = std::bit_floor(common);
    TRY(set_up(greeting, {mode_, settings_.user, settings_.pass_phrase, peer_.text()}, secrets_, out_, keys_));
    set_up_at_ = now;
    state_ = State::server_start;
    return {};
}

/// Asks for the next session, or starts them.
Result<void> ClientSession::ask(Time now) {
    if (asked_ == sessions_.size()) {
        if (std::ranges::none_of(sessions_, [](const Session& s) { return s.result.accept == Accept::ok; }))
            return fail(ErrorCode::unavailable, std::string(meaning_of(sessions_.front().result.accept)), peer_.text());
        write(out_, StartSessions{});
        state_ = State::start_ack;
        return {};
    }
    Session& session = sessions_[asked_];
    const auto& wanted = session.wanted;
    session.place = TRY(ends_.reserve(local_.address, std::nullopt, wanted.dscp));
    RequestSession& request = session.result.request;
    request.ip_version = local_.address.is_v6() ? 6 : 4;
    request.server_receives = wanted.to_server;
    request.server_sends = !wanted.to_server;
    request.packets = wanted.packets;
    request.sender = wanted.to_server ? local_.address : far();
    request.receiver = wanted.to_server ? far() : local_.address;
    (wanted.to_server ? request.sender_port : request.receiver_port) = session.place.port;
    if (!wanted.to_server) {
        // RFC 4656 §3.5: the receiver makes the SID: its address, the time, four octets by chance.
        ByteWriter sid(16);
        sid.bytes(ByteSpan(local_.address.octets()).subspan(local_.address.is_v6() ? 12 : 0, 4));
        sid.u64(measure::to_ntp(now));
        std::array<std::uint8_t, 4> chance{};
        secrets_(chance);
        sid.bytes(chance);
        std::ranges::copy(sid.span(), request.sid.begin());
    }
    request.padding = wanted.padding;
    request.start = start_;
    request.timeout = to_fixed(wanted.timeout);
    request.type_p = std::uint32_t{wanted.dscp} << 24U;
    request.slots = wanted.slots;
    write(out_, settings_.unnamed.without(request));
    state_ = State::accept;
    return {};
}

Result<void> ClientSession::take_accept(const AcceptSession& answer, Time now) {
    Session& session = sessions_[asked_++];
    session.result.accept = answer.accept;
    if (answer.accept == Accept::ok) {
        RequestSession& request = session.result.request;
        if (session.wanted.to_server) request.sid = answer.sid;
        (session.wanted.to_server ? request.receiver_port : request.sender_port) = answer.port;
        session.test = {.sid = request.sid,
                        .mode = test_mode_of(mode_),
                        .keys = keyed() ? test_keys(keys_, request.sid) : ControlKeys{},
                        .peer = {far(), answer.port},
                        .start = request.start,
                        .slots = request.slots,
                        .packets = request.packets,
                        .padding = request.padding,
                        .timeout = request.timeout};
        // Before Start-Sessions: the server's first packet may be here before its answer.
        if (!session.wanted.to_server) session.id = ends_.receive(session.test, session.place);
    }
    return ask(now);
}

void ClientSession::run(Time now) {
    Time until = now;
    for (Session& session : sessions_) {
        if (session.result.accept != Accept::ok) continue;
        until = std::max(until, last_due(session.test) + to_duration(session.test.timeout));
        if (session.wanted.to_server) session.id = ends_.send(session.test, session.place);
    }
    until_ = until + settings_.end_delay + round_trip_;
    next_ = *until_;
    state_ = State::running;
}

void ClientSession::tick(Time now) {
    if (closed() || now < next_) return;
    if (state_ == State::greeting && next_ == Time{}) {
        next_ = now + kAnswerPatience;
        return;
    }
    if (state_ == State::running) return say_stop(now);
    error_ = Error(ErrorCode::timeout, "the server does not answer", peer_.text());
    state_ = State::done;
}

void ClientSession::interrupt(Time now) {
    if (state_ == State::running) return say_stop(now);
    error_ = Error(ErrorCode::cancelled, "ended before there was a result", peer_.text());
    state_ = State::done;
}

void ClientSession::say_stop(Time now) {
    StopSessions message;
    for (Session& session : sessions_) {
        if (session.id == 0 || !session.wanted.to_server) continue;
        session.result.sent = ends_.stop_sending(session.id);
        session.id = 0;
        message.sessions.push_back(session.result.sent);
    }
    write(out_, message, false);
    stop_said_ = true;
    state_ = State::stopping;
    next_ = now + kAnswerPatience;
}

Result<void> ClientSession::take_stop(const StopSessions& message, Time now) {
    for (Session& session : sessions_) {
        if (session.id == 0 || session.wanted.to_server) continue;
        const auto sent = std::ranges::find(message.sessions, session.test.sid, &SessionDescription::sid);
        if (sent == message.sessions.end())
            return fail(ErrorCode::invalid, "the server's Stop-Sessions leaves a session out", peer_.text());
        session.result.sent = *sent;
        session.result.finished = message.accept == Accept::ok ? 1 : 2;
        session.result.records =
            complete_records(session.test, ends_.stop_receiving(session.id), *sent, now, ends_.clock_error());
        session.id = 0;
    }
    if (!stop_said_) say_stop(now);
    fetch_next();
    return {};
}

void ClientSession::fetch_next() {
    const auto next = std::ranges::find_if(sessions_, [](const Session& session) {
        return session.wanted.to_server && session.result.accept == Accept::ok && !session.fetched;
    });
    if (next == sessions_.end()) {
        state_ = State::done;
        return;
    }
    fetching_ = static_cast<std::size_t>(next - sessions_.begin());
    write(out_, FetchSession{.sid = next->result.request.sid});
    state_ = State::fetch_ack;
}

Result<std::vector<ClientResult>> ClientSession::results() {
    if (error_) return std::unexpected(*error_);
    std::vector<ClientResult> out;
    for (Session& session : sessions_)
        out.push_back(std::move(session.result));
    return out;
}

}  // namespace quipu::owamp
