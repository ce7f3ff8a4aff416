#include "services/measure/owamp/engine_server.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

#include "services/measure/stamp/engine_reflector.h"

namespace quipu::owamp {
namespace {

// Beyond the timeout of the last packet the client has this long to say Stop-Sessions first.
constexpr Nanoseconds kClientStopsFirst = std::chrono::seconds(3);
constexpr Nanoseconds kStopPatience = std::chrono::seconds(30);
// RFC 5357 §3.1: while TWAMP's sessions run the control connection may be silent; this bounds a client that is gone.
constexpr Nanoseconds kLongestSilence = std::chrono::hours(24);
constexpr std::size_t kMostTold = 16;  // refusals between two looks of the log

}  // namespace

ServerSession::ServerSession(ServerState& state, const net::Endpoint& peer, const net::Endpoint& local, Time now,
                             Reflectors* reflectors)
    : shared_(state),
      reflectors_(reflectors),
      peer_(peer),
      local_(local),
      address_(stamp::client_of(peer.address).text()),
      next_(now) {
    ++shared_.counters().connections;
    ServerState::Use& use = shared_.use_of(address_);
    ++use.connections;
    const auto& allowed = shared_.settings().allowed;
    const bool may = allowed.empty() || std::ranges::any_of(allowed, [&](const net::Prefix& prefix) {
                         return prefix.contains(peer_.address);
                     });
    const auto most = std::max(shared_.settings().open.connections, shared_.settings().keyed.connections);
    if (may && use.connections <= most) {
        greeting_.modes = offered();
        greeting_.count = shared_.settings().count;
        shared_.secrets()(greeting_.challenge);
        shared_.secrets()(greeting_.salt);
        next_ = now + shared_.settings().set_up_patience;
    }
    // RFC 4656 §3.1: Modes of zero says that we will not speak.
    write(out_, greeting_);
    if (greeting_.modes == 0) {
        ++shared_.counters().connections_refused;
        fault_ = may ? "too many connections" : "its address is not among those allowed";
        state_ = State::closed;
    }
}

ServerSession::~ServerSession() {
    --shared_.use_of(address_).connections;
    shared_.left(address_);
}

/// RFC 5618, RFC 5938, RFC 6038: TWAMP has modes of its own.
std::uint32_t ServerSession::offered() const {
    std::uint32_t out = shared_.settings().modes;
    if (!two_way()) return out;
    if ((out & mode::kEncrypted) != 0) out |= mode::kMixed;
    return out | mode::kIndividual | mode::kReflectOctets | mode::kSymmetricalSize;
}

void ServerSession::hang_up(Time now) {
    abandon(now);
    state_ = State::closed;
}

void ServerSession::feed(ByteSpan octets, Time now) {
    if (closed()) return;
    in_.feed(octets);
    while (!closed() && out_.size() == 0 && step(now))
        in_.release();
}

/// False when there is no whole message.
bool ServerSession::step(Time now) {
    if (state_ == State::set_up) {
        const auto response = read_set_up(in_);
        if (!response || !response->has_value()) return false;
        take_set_up(**response, now);
        return true;
    }
    const auto command = read_command(in_, two_way(), {});
    if (!command) {
        // RFC 4656 §3.3: a schedule longer than we read is a limit; the rest of the message is not waited for.
        if (command.error().code == ErrorCode::too_large) write(out_, AcceptSession{.accept = Accept::permanent_limit});
        fail_with(command.error().what, now);
        return false;
    }
    if (!command->has_value()) return false;
    take_command(**command, now);
    return true;
}

void ServerSession::take_set_up(const SetUpResponse& response, Time now) {
    mode_ = response.mode;
    if (!std::has_single_bit(mode_ & mode::kSecurity)) return refuse_set_up(fmt::format("there is no mode {}", mode_));
    if ((mode_ & ~offered()) != 0) return refuse_set_up(fmt::format("mode {} is not offered", mode_));
    ServerStart start{.accept = Accept::ok, .server_iv = {}, .start_time = measure::to_ntp(shared_.started())};
    client_ = address_;
    if (keyed()) {
        const auto user = shared_.settings().keys.find(response.key_id);
        // The same work for a user that there is not: how long it takes tells nothing.
        const std::string& phrase = user == shared_.settings().keys.end() ? fault_ : user->second;
        const auto keys =
            open_token(derive_key(phrase, greeting_.salt, greeting_.count), greeting_.challenge, response.token);
        if (user == shared_.settings().keys.end() || !keys) return refuse_set_up("its user or key is wrong");
        keys_ = *keys;
        client_ = "user " + response.key_id;
        shared_.secrets()(start.server_iv);
        in_.protect(keys_, response.client_iv);
    }
    if (shared_.use_of(address_).connections > shared_.limits_of(keyed()).connections)
        return refuse_set_up("too many connections");
    write(out_, start, keyed() ? &keys_ : nullptr);
    wait_for_commands(now);
}

/// RFC 5357 §3.1: SERVWAIT counts while no session runs.
void ServerSession::wait_for_commands(Time now) {
    state_ = State::requests;
    next_ = now + shared_.settings().servwait;
}

void ServerSession::refuse_set_up(std::string why) {
    ++shared_.counters().set_ups_refused;
    write(out_, ServerStart{.accept = Accept::failure}, nullptr);
    fault_ = std::move(why);
    state_ = State::closed;
}

void ServerSession::take_command(const Command& command, Time now) {
    const auto* stopped = std::get_if<StopSessions>(&command);
    const auto* named = std::get_if<NamedSessions>(&command);
    // RFC 4656 §3.7: while tests run nothing but Stop-Sessions is said, and at no other time. RFC 5938: anything at any
    // time.
    if (!individual() && ((state_ == State::running) != (stopped != nullptr) || named != nullptr))
        return fail_with("a command at the wrong time", now);
    if (state_ != State::running) wait_for_commands(now);
    if (stopped != nullptr) return stop(*stopped, now);
    if (named != nullptr) return take_named(*named, now);
    if (const auto* asked = std::get_if<RequestSession>(&command)) return request(*asked, now);
    if (const auto* wanted = std::get_if<FetchSession>(&command)) return fetch(*wanted, now);
    start(now);
}

void ServerSession::request(const RequestSession& asked, Time now) {
    auto session = two_way() ? admit_two_way(asked, now) : admit(asked, now);
    if (!session) {
        ++shared_.counters().sessions_refused;
        if (refusals_.size() < kMostTold) refusals_.push_back(std::move(session.error().why));
        write(out_, AcceptSession{.accept = session.error().accept});
        return;
    }
    ++shared_.counters().sessions;
    ServerState::Use& use = shared_.use_of(client_);
    ++use.sessions;
    use.rate(asked.server_sends) += session->rate;
    use.records += session->records;
    write(out_, AcceptSession{.accept = Accept::ok,
                              .port = session->place.port,
                              .sid = session->request.sid,
                              .reflected_octets = session->request.reflected_octets});
    sessions_.push_back(std::move(*session));
}

void ServerSession::start(Time now) {
    Time over = now;
    for (Session& session : sessions_) {
        if (two_way()) {
            if (!session.running) start_reflecting(session);
            continue;
        }
        session.over = last_due(session.test) + to_duration(session.test.timeout);
        over = std::max(over, session.over);
        session.id = session.request.server_sends ? shared_.ends().send(session.test, session.place)
                                                  : shared_.ends().receive(session.test, session.place);
        if (session.request.server_receives)
            session.listed = shared_.list({.owner = client_, .request = session.request, .id = session.id});
    }
    write(out_, StartAck{Accept::ok});
    state_ = State::running;
    stop_said_ = false;
    next_ = two_way() ? now + kLongestSilence : over + kClientStopsFirst;
}

void ServerSession::start_reflecting(Session& session) {
    reflectors_->start(session.place, {.mode = session.test.mode,
                                       .keys = session.test.keys,
                                       .peer = session.test.peer,
                                       .reflected_padding = session.request.reflected_padding,
                                       .symmetrical = (mode_ & mode::kSymmetricalSize) != 0});
    session.running = true;
}

std::uint32_t ServerSession::running() const {
    return static_cast<std::uint32_t>(std::ranges::count(sessions_, true, &Session::running));
}

std::vector<ServerSession::Session>::iterator ServerSession::find(const Sid& sid) {
    return std::ranges::find(sessions_, sid, [](const Session& session) { return session.request.sid; });
}

/// Whether these are sessions of ours, each named once, and all of them run or none does.
bool ServerSession::are(const std::vector<Sid>& sids, bool running) {
    if (sids.empty() || sids.size() > sessions_.size()) return false;
    auto sorted = sids;
    std::ranges::sort(sorted);
    return std::ranges::adjacent_find(sorted) == sorted.end() && std::ranges::all_of(sids, [&](const Sid& sid) {
               const auto at = find(sid);
               return at != sessions_.end() && at->running == running;
           });
}

/// All that are named or none: whoever names one that there is not, or that is so already, has lost count.
void ServerSession::take_named(const NamedSessions& message, Time now) {
    const bool starts = message.what == NamedSessions::What::start;
    const bool good = are(message.sids, !starts);
    write(out_, NamedSessions{.what = starts ? NamedSessions::What::start_ack : NamedSessions::What::stop_ack,
                              .accept = good ? Accept::ok : Accept::failure,
                              .sids = message.sids});
    if (!good) return;
    for (const Sid& sid : message.sids) {
        const auto session = find(sid);
        if (starts) {
            start_reflecting(*session);
        } else {
            end_two_way(*session, now);
            sessions_.erase(session);
        }
    }
    if (running() == 0) return wait_for_commands(now);
    state_ = State::running;
    next_ = now + kLongestSilence;
}

void ServerSession::tick(Time now) {
    if (closed() || now < next_) return;
    if (state_ != State::running) return fail_with("silent for too long", now);
    if (stop_said_ || two_way()) return fail_with("no Stop-Sessions came", now);
    say_stop(Accept::ok);
    next_ = now + kStopPatience;
}

void ServerSession::say_stop(Accept accept) {
    StopSessions message{.accept = accept, .count = 0, .sessions = {}};
    for (const Session& session : sessions_)
        if (session.request.server_sends) message.sessions.push_back(shared_.ends().stop_sending(session.id));
    write(out_, message, false);
    stop_said_ = true;
}

void ServerSession::stop(const StopSessions& message, Time now) {
    if (two_way()) {
        // RFC 5357 §3.8: the client alone says it, of all sessions, and nothing is answered.
        if (message.count != running()) return fail_with("Stop-Sessions leaves a session out", now);
        for (const Session& session : sessions_)
            if (session.running) end_two_way(session, now);
        std::erase_if(sessions_, [](const Session& session) { return session.running; });
        wait_for_commands(now);
        return;
    }
    for (Session& session : sessions_) {
        if (session.request.server_sends) continue;
        const auto sent = std::ranges::find(message.sessions, session.request.sid, &SessionDescription::sid);
        // RFC 4656 §3.8: every session that the client sends must be accounted for.
        if (sent == message.sessions.end()) return fail_with("Stop-Sessions leaves a session out", now);
        end_session(session, *sent, shared_.ends().stop_receiving(session.id), message.accept == Accept::ok ? 1 : 2,
                    now);
    }
    if (!stop_said_) say_stop(Accept::ok);
    abandon(now);
    wait_for_commands(now);
}

/// Keeps what was received of a session for Fetch-Session.
void ServerSession::end_session(Session& session, const SessionDescription& sent, std::vector<PacketRecord> arrived,
                                std::uint8_t finished, Time now) {
    EndedSession ended{
        .owner = client_,
        .request = session.request,
        .sent = sent,
        .records = complete_records(session.test, std::move(arrived), sent, now, shared_.ends().clock_error()),
        .finished = finished,
        .ended = now};
    ended.sent.next_sequence = std::min(sent.next_sequence, session.request.packets);
    session.listed.reset();
    shared_.keep(std::move(ended));
    session.id = 0;
}

/// RFC 5357 §3.8: what is under way is still reflected, for the session's timeout.
void ServerSession::end_two_way(const Session& session, Time now) {
    shared_.stop_later(*reflectors_, session.place, session.test.peer, now + to_duration(session.request.timeout));
    give_back(session);
}

void ServerSession::give_back(const Session& session) {
    ServerState::Use& use = shared_.use_of(client_);
    --use.sessions;
    use.rate(session.request.server_sends) -= session.rate;
    use.records -= session.records;
}

/// Whatever of the sessions is still there ends now.
void ServerSession::abandon(Time now) {
    for (Session& session : sessions_) {
        if (two_way()) {
            end_two_way(session, now);
            continue;
        }
        if (session.request.server_sends) {
            if (session.id != 0) static_cast<void>(shared_.ends().stop_sending(session.id));
        } else if (session.id != 0) {
            // How much the client sent nobody says: only what came is known.
            auto arrived = shared_.ends().stop_receiving(session.id);
            DueTimes due(session.test.start, session.test.slots, session.test.sid);
            const std::uint32_t next = next_after(session.test, arrived, due);
            end_session(session, {session.request.sid, next, {}}, std::move(arrived), 2, now);
        } else {
            shared_.ends().release(session.place, session.test.peer);
        }
        give_back(session);
    }
    sessions_.clear();
    shared_.left(client_);
}

void ServerSession::fail_with(std::string why, Time now) {
    ++shared_.counters().faults;
    fault_ = std::move(why);
    abandon(now);
    state_ = State::closed;
}

/// RFC 4656 §3.5: the receiver's address, the time, and four octets that nobody knows.
Sid ServerSession::make_sid(const net::IpAddress& receiver, Time now) const {
    ByteWriter out(16);
    out.bytes(ByteSpan(receiver.octets()).subspan(receiver.is_v6() ? 12 : 0, 4));
    out.u64(measure::to_ntp(now));
    std::array<std::uint8_t, 4> chance{};
    shared_.secrets()(chance);
    out.bytes(chance);
    Sid sid{};
    std::ranges::copy(out.span(), sid.begin());
    return sid;
}

}  // namespace quipu::owamp
