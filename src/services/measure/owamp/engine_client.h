#pragma once
// The client of OWAMP-Control: from the greeting to the records of its sessions (RFC 4656 §3), for one server and any
// number of sessions to it and from it. Octets and time in, octets out; test packets go through TestEnds.

#include "services/measure/owamp/lateness.h"
#include "services/measure/owamp/test_session.h"

namespace quipu::owamp {

struct ClientSettings {
    std::uint32_t modes = mode::kOpen;  ///< that would do; the strictest that the server offers is chosen
    std::string user;
    std::string pass_phrase;
    struct Wanted {
        bool to_server = true;  ///< else from it
        std::uint32_t packets = 100;
        std::vector<Slot> slots;
        std::uint32_t padding = 0;
        Nanoseconds timeout{};
        std::uint8_t dscp = 0;
    };
    std::vector<Wanted> sessions;
    /// From the first request to the schedules' begin; longer where the way to the server is.
    Nanoseconds start_delay = std::chrono::seconds(1);
    /// From the end of the last packet's timeout to Stop-Sessions, for what the clocks differ: a server that is stopped
    /// before it has given a packet up tells nothing of it.
    Nanoseconds end_delay = std::chrono::seconds(1);
    std::optional<net::IpAddress> test_address;  ///< of the server's ends; else that of the control connection
    UnnamedEnds unnamed;
};

/// How one session went. `records` are those of the receiving end.
struct ClientResult {
    bool to_server = true;
    Accept accept = Accept::ok;  ///< of the request
    RequestSession request;
    SessionDescription sent;
    std::vector<PacketRecord> records;
    std::uint8_t finished = 0;           ///< as FetchAck has it: 1 is as it should be
    std::optional<Error> fetch_refused;  ///< why there are no records, where the server gives none
    Lateness::Figures late;  ///< of our own sender, by whoever moves its packets: how long after their stamp they left
};

class ClientSession {
  public:
    /// `peer` and `local`: the ends of the control connection. `ends` and `secrets` outlive it.
    ClientSession(ClientSettings settings, TestEnds& ends, SecretSource secrets, const net::Endpoint& peer,
                  const net::Endpoint& local);
    ~ClientSession();
    ClientSession(const ClientSession&) = delete;
    ClientSession& operator=(const ClientSession&) = delete;

    void feed(ByteSpan octets, Time now);
    /// When tick() has something to do.
    [[nodiscard]] Time next() const { return next_; }
    void tick(Time now);
    [[nodiscard]] std::vector<std::uint8_t> take() { return out_.take(); }
    /// The tests run: everything that is known is in by this time.
    [[nodiscard]] std::optional<Time> running_until() const { return until_; }
    [[nodiscard]] bool closed() const { return state_ == State::done; }
    /// Ends the tests now, with what there is.
    void interrupt(Time now);
    /// Once closed: of each wanted session, in their order, or why there are none.
    [[nodiscard]] Result<std::vector<ClientResult>> results();

  private:
    enum class State : std::uint8_t {
        greeting,
        server_start,
        accept,
        start_ack,
        running,
        stopping,
        fetch_ack,
        fetched,
        done
    };
    struct Session {
        ClientSettings::Wanted wanted;
        ClientResult result;
        TestSession test;
        TestEnds::Place place;
        TestEnds::Id id = 0;
        bool fetched = false;
    };

    Result<bool> step(Time now);
    Result<void> take_greeting(const ServerGreeting& greeting, Time now);
    Result<void> ask(Time now);
    Result<void> take_accept(const AcceptSession& answer, Time now);
    void run(Time now);
    void say_stop(Time now);
    Result<void> take_stop(const StopSessions& message, Time now);
    void fetch_next();
    [[nodiscard]] bool keyed() const { return mode_ != mode::kOpen; }
    [[nodiscard]] const net::IpAddress& far() const {
        return settings_.test_address ? *settings_.test_address : peer_.address;
    }

    const ClientSettings settings_;
    TestEnds& ends_;
    const SecretSource secrets_;
    const net::Endpoint peer_, local_;
    State state_ = State::greeting;
    ControlReader in_;
    ControlWriter out_;
    std::uint32_t mode_ = 0;
    ControlKeys keys_;
    std::vector<Session> sessions_;
    std::size_t asked_ = 0;  // sessions whose request was answered
    std::size_t fetching_ = 0;
    FetchAck ack_;
    bool stop_said_ = false;
    Fixed start_ = 0;
    Time set_up_at_{};
    Nanoseconds round_trip_{};  // of the control connection; at most kLongestRoundTrip
    std::optional<Time> until_;
    Time next_{};  // nothing was waited for yet
    std::optional<Error> error_;
};

}  // namespace quipu::owamp
