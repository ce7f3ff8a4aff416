#pragma once
// The server of OWAMP-Control: who is spoken with, which sessions it takes part in, and what is fetched of them (RFC
// 4656 §3). ServerSession is one control connection; what all of them share stands in ServerState. Octets and time in,
// octets out; test packets go through TestEnds.

#include <list>
#include <map>
#include <memory>

#include "net/address.h"
#include "services/measure/owamp/keys.h"
#include "services/measure/owamp/test_session.h"

namespace quipu::owamp {

/// What one client may have at a time: an address in open mode, a user otherwise.
struct ServerLimits {
    std::uint32_t connections = 100;
    std::uint32_t sessions = 1'000;
    std::uint32_t packets = 1'000'000;           ///< of one session
    double packets_per_second = 10'000;          ///< of all its sessions; to the client and from it apart
    std::uint32_t padding = 9'000;               ///< octets of one packet
    ByteCount records{std::int64_t{64} << 20U};  ///< memory for records, of all its sessions
    static constexpr auto describe() {
        using T = ServerLimits;
        return fields(field<&T::connections>("connections", "Control connections at a time").at_least(1),
                      field<&T::sessions>("sessions", "Test sessions at a time"),
                      field<&T::packets>("packets", "Packets of one session"),
                      field<&T::packets_per_second>(
                          "packets_per_second", "Mean rate of all sessions to the client together, and of all from it"),
                      field<&T::padding>("padding", "Octets of padding of one packet"),
                      field<&T::records>("records", "Memory for the records of all sessions together"));
    }
};

struct ServerSettings {
    std::uint32_t modes = mode::kOpen;  ///< offered
    Keys keys;
    std::uint32_t count = 2048;          ///< of PBKDF2
    std::vector<net::Prefix> allowed{};  ///< who may connect; empty: everybody
    ServerLimits open{.connections = 20, .sessions = 20, .packets = 100'000, .packets_per_second = 1'000};
    ServerLimits keyed;
    ByteCount kept{std::int64_t{256} << 20U};     ///< memory for sessions that have ended and may be fetched
    Nanoseconds keep = std::chrono::minutes(30);  ///< and for how long
    Nanoseconds set_up_patience = std::chrono::seconds(30);
    Nanoseconds servwait = std::chrono::seconds(900);  ///< RFC 5357 §3.1: a connection without sessions is left then
};

struct ServerCounters {
    std::uint64_t connections = 0, connections_refused = 0, set_ups_refused = 0, sessions = 0, sessions_refused = 0,
                  fetched = 0, faults = 0;
};

/// A session that has ended, for Fetch-Session.
struct EndedSession {
    std::string owner;
    RequestSession request;
    SessionDescription sent;
    std::vector<PacketRecord> records;
    std::uint8_t finished = 1;
    Time ended{};
};

/// A session that is received here and runs, for Fetch-Session.
struct RunningSession {
    std::string owner;
    RequestSession request;
    TestEnds::Id id = 0;
    /// What fetches have found out of it: each packet is judged once.
    struct Known {
        explicit Known(const RequestSession& request);
        TestSession test;  ///< without the slots, which `due` has
        DueTimes due;
        std::size_t arrivals = 0;  ///< that were judged
        std::uint32_t next = 0;    ///< one beyond the highest believed
    };
    std::unique_ptr<Known> known{};  ///< from the first fetch on
};

/// TWAMP's session-reflectors, as a control connection sees them.
class Reflectors {
  public:
    /// What a reflector must know of a session.
    struct Session {
        TestMode mode = TestMode::open;
        ControlKeys keys;  ///< of this session; not in open mode
        net::Endpoint peer;
        std::uint16_t reflected_padding = 0;  ///< RFC 6038 §4
        bool symmetrical = false;             ///< RFC 6038 §5
    };

    Reflectors() = default;
    Reflectors(const Reflectors&) = delete;
    Reflectors& operator=(const Reflectors&) = delete;
    virtual ~Reflectors() = default;

    /// A socket at `local`, at `port` if that is free. ErrorCode::conflict: there is a session from `peer` there.
    virtual Result<TestEnds::Place> reserve(const net::IpAddress& local, std::uint16_t port, std::uint8_t dscp,
                                            const net::Endpoint& peer) = 0;
    /// One at any port where there is no session from `peer`.
    virtual Result<TestEnds::Place> reserve_elsewhere(const net::IpAddress& local, std::uint8_t dscp,
                                                      const net::Endpoint& peer) = 0;
    virtual void start(const TestEnds::Place& place, const Session& session) = 0;
    /// Ends it, or what was only reserved.
    virtual void stop(const TestEnds::Place& place, const net::Endpoint& peer) = 0;
};

/// What the connections of one server share. Used from one thread.
class ServerState {
  public:
    ServerState(ServerSettings settings, TestEnds& ends, SecretSource secrets, Time now)
        : settings_(std::move(settings)), ends_(ends), secrets_(std::move(secrets)), started_(now) {}

    struct Use {
        std::uint32_t connections = 0, sessions = 0;
        double sent_per_second = 0, received_per_second = 0;  ///< packets
        std::int64_t records = 0;                             ///< octets
        [[nodiscard]] double& rate(bool server_sends) { return server_sends ? sent_per_second : received_per_second; }
    };
    [[nodiscard]] const ServerSettings& settings() const { return settings_; }
    [[nodiscard]] const ServerLimits& limits_of(bool keyed) const { return keyed ? settings_.keyed : settings_.open; }
    [[nodiscard]] TestEnds& ends() { return ends_; }
    [[nodiscard]] const SecretSource& secrets() const { return secrets_; }
    [[nodiscard]] Time started() const { return started_; }
    [[nodiscard]] Use& use_of(const std::string& client) { return uses_[client]; }
    /// Forgets a client that uses nothing.
    void left(const std::string& client);

    void keep(EndedSession session);
    [[nodiscard]] const EndedSession* find(const Sid& sid, Time now);

    struct Unlist {
        ServerState* state = nullptr;
        void operator()(const RunningSession* session) const;
    };
    using Listed = std::unique_ptr<const RunningSession, Unlist>;
    /// Found for as long as what is answered lives; the state outlives it.
    [[nodiscard]] Listed list(RunningSession session);
    [[nodiscard]] RunningSession* find_running(const Sid& sid);
    [[nodiscard]] ServerCounters& counters() { return counters_; }

    /// RFC 5357 §3.8: a reflector goes on for a session's timeout after Stop-Sessions.
    void stop_later(Reflectors& reflectors, const TestEnds::Place& place, const net::Endpoint& peer, Time when);
    /// Ends those of `peer` that only go on for that time. False: there was none.
    bool stop_now(Reflectors& reflectors, const net::Endpoint& peer);
    /// Now and then: ends reflectors whose time is over.
    void tick(Time now);

  private:
    struct Stopping {
        Reflectors* reflectors;
        TestEnds::Place place;
        net::Endpoint peer;
    };
    void forget_old(Time now);

    ServerSettings settings_;
    TestEnds& ends_;
    SecretSource secrets_;
    Time started_;
    std::map<std::string, Use> uses_;
    std::list<EndedSession> ended_;  // oldest first
    std::map<Sid, std::list<EndedSession>::iterator> by_sid_;
    std::int64_t kept_ = 0;  // octets
    std::map<Sid, RunningSession> running_;
    std::multimap<Time, Stopping> stopping_;
    ServerCounters counters_;
};

class ServerSession {
  public:
    /// `peer` and `local`: the ends of the control connection. With `reflectors` it speaks TWAMP, else OWAMP.
    ServerSession(ServerState& state, const net::Endpoint& peer, const net::Endpoint& local, Time now,
                  Reflectors* reflectors = nullptr);
    ~ServerSession();
    ServerSession(const ServerSession&) = delete;
    ServerSession& operator=(const ServerSession&) = delete;

    /// Nothing further is answered before take() was called and, perhaps with nothing, this again: an answer may be
    /// long, and many questions fit into a few octets.
    void feed(ByteSpan octets, Time now);
    /// The connection has ended: what ran is ended too.
    void hang_up(Time now);
    /// When tick() has something to do.
    [[nodiscard]] Time next() const { return next_; }
    void tick(Time now);
    [[nodiscard]] std::vector<std::uint8_t> take() { return out_.take(); }
    /// After what take() answers the connection is to be closed.
    [[nodiscard]] bool closed() const { return state_ == State::closed; }
    /// Why, when it was a fault: for the log.
    [[nodiscard]] const std::string& fault() const { return fault_; }
    /// Requests refused since the last call, each with its reason: for the log.
    [[nodiscard]] std::vector<std::string> take_refusals() { return std::exchange(refusals_, {}); }
    [[nodiscard]] const std::string& client() const { return client_; }
    [[nodiscard]] const net::Endpoint& peer() const { return peer_; }

  private:
    enum class State : std::uint8_t { set_up, requests, running, closed };
    struct Session {
        RequestSession request;
        TestSession test;
        TestEnds::Place place;
        TestEnds::Id id = 0;
        Time over{};  ///< when nothing more is to come of it
        double rate = 0;
        std::int64_t records = 0;
        bool running = false;  ///< two-way only; one-way all run or none
        ServerState::Listed listed{};
    };
    struct Refusal {
        Accept accept;
        std::string why;
    };

    bool step(Time now);
    void take_set_up(const SetUpResponse& response, Time now);
    void refuse_set_up(std::string why);
    void take_command(const Command& command, Time now);
    void request(const RequestSession& request, Time now);
    [[nodiscard]] std::expected<Session, Refusal> admit(const RequestSession& request, Time now);
    [[nodiscard]] std::expected<Session, Refusal> admit_two_way(const RequestSession& request, Time now);
    [[nodiscard]] Result<TestEnds::Place> reserve_reflector(const net::IpAddress& local, const RequestSession& request,
                                                            const net::Endpoint& peer);
    [[nodiscard]] std::expected<void, Refusal> within_limits(const RequestSession& request, Session& session,
                                                             Time now) const;
    void start(Time now);
    void stop(const StopSessions& message, Time now);
    void take_named(const NamedSessions& message, Time now);
    void start_reflecting(Session& session);
    void wait_for_commands(Time now);
    void say_stop(Accept accept);
    void fetch(const FetchSession& message, Time now);
    [[nodiscard]] bool fetch_ended(const FetchSession& message, const EndedSession& session);
    [[nodiscard]] bool fetch_running(const FetchSession& message, RunningSession& session, Time now);
    void say_fetched(FetchAck ack, const FetchedSession& answer);
    void end_session(Session& session, const SessionDescription& sent, std::vector<PacketRecord> arrived,
                     std::uint8_t finished, Time now);
    void abandon(Time now);
    void end_two_way(const Session& session, Time now);
    void give_back(const Session& session);
    [[nodiscard]] std::uint32_t running() const;
    [[nodiscard]] std::vector<Session>::iterator find(const Sid& sid);
    [[nodiscard]] bool are(const std::vector<Sid>& sids, bool running);
    void fail_with(std::string why, Time now);
    [[nodiscard]] Sid make_sid(const net::IpAddress& receiver, Time now) const;
    [[nodiscard]] bool two_way() const { return reflectors_ != nullptr; }
    [[nodiscard]] bool keyed() const { return (mode_ & mode::kOpen) == 0; }
    [[nodiscard]] bool individual() const { return (mode_ & mode::kIndividual) != 0; }
    [[nodiscard]] std::uint32_t offered() const;

    ServerState& shared_;
    Reflectors* const reflectors_;
    const net::Endpoint peer_, local_;
    State state_ = State::set_up;
    ControlReader in_;
    ControlWriter out_;
    ServerGreeting greeting_;
    std::uint32_t mode_ = 0;
    ControlKeys keys_;
    std::string address_;  // counts connections
    std::string client_;   // counts sessions: the user, or the address
    std::vector<Session> sessions_;
    bool stop_said_ = false;
    Time next_{};
    std::string fault_;
    std::vector<std::string> refusals_;
};

}  // namespace quipu::owamp
