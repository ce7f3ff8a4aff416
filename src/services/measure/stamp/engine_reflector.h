#pragma once
// The Session-Reflector of STAMP and of TWAMP-Test, for any number of sessions: a packet and the time go in, an answer
// comes out in two steps. prepare() decides and writes it; seal() puts in the time of sending, which stands in the
// packet and under its HMAC, so that T3 is taken as late as it can be.
//
// Two kinds of sessions:
//   - those that nobody announced (STAMP, TWAMP Light). Whoever may ask gets an answer, never longer than the question.
//   With
//     `stateful` each (socket, sender, SSID) has a counter of its own, and so loss can be told by direction; it ends
//     with idleness.
//   - those that a control connection granted (TWAMP): grant() and revoke(). Their sender's address is proven, so a
//   short
//     question may have the longer answer of RFC 5357 §4.2.1.

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/describe.h"
#include "net/address.h"
#include "services/measure/stamp/aged.h"
#include "services/measure/stamp/codec_extensions.h"
#include "services/measure/stamp/codec_packet.h"

namespace quipu::stamp {

/// Why a packet had no answer.
enum class Refusal : std::uint8_t {
    faulty,       ///< truncated, cut, a multiplier of zero
    too_short,    ///< its answer would be longer than it
    wrong_hmac,   ///< no key fits
    no_key,       ///< open, where a key is asked for
    no_session,   ///< a socket for granted sessions alone, and this is none
    not_allowed,  ///< no prefix that may ask
    reflection,   ///< it is an answer itself, or its answer would go to a reflector or to no one host: forged
    rate,         ///< its client asks too often
    sessions,     ///< its client, or all together, have too many sessions
};
inline constexpr std::size_t kRefusals = 9;
constexpr auto describe_enum(Refusal) {
    return names<Refusal>({{Refusal::faulty, "faulty"},
                           {Refusal::too_short, "too-short"},
                           {Refusal::wrong_hmac, "wrong-hmac"},
                           {Refusal::no_key, "no-key"},
                           {Refusal::no_session, "no-session"},
                           {Refusal::not_allowed, "not-allowed"},
                           {Refusal::reflection, "reflection"},
                           {Refusal::rate, "rate"},
                           {Refusal::sessions, "sessions"}});
}

struct ReflectorSettings {
    std::vector<net::Prefix> allowed;         ///< who may ask; everybody when empty
    std::map<std::string, std::string> keys;  ///< user → key of authenticated mode; tried in turn, so: few
    bool open = true;                         ///< unauthenticated packets are answered too
    bool stateful = true;
    bool may_mark = true;  ///< a sender may choose the DSCP of its answers
    std::size_t most_sessions = 65'536;
    std::size_t most_sessions_of_client = 1'024;
    std::size_t most_clients = 65'536;
    double packets_per_second_of_client = 0;             ///< 0: no limit; a second's worth may come at once
    Nanoseconds idle = std::chrono::minutes(15);         ///< RFC 8762 §4.3: then an unannounced session ends
    Nanoseconds refwait = std::chrono::seconds(900);     ///< RFC 5357 §4.2: then a granted one is reflected no more
    Nanoseconds clock_shift{};                           ///< of every stamp: a lab's wrong clock
    std::vector<std::uint16_t> reflector_ports = {862};  ///< nothing is answered to these
};

/// A session that a control connection granted.
struct GrantedSession {
    Form form{Protocol::twamp, Mode::open};
    TwampKeys keys{};  ///< not looked at in open mode
    std::uint16_t reflected_octets =
        0;                     ///< RFC 6038 §4: of the question's padding, sent back at the padding's beginning
    bool symmetrical = false;  ///< RFC 6038 §5: questions have 27 (open) or 64 zeros before their padding
};

struct SessionCounts {
    std::uint32_t received = 0;
    std::uint32_t sent = 0;
};

struct Arrival {
    std::uint32_t socket = 0;   ///< any number that names it
    bool granted_only = false;  ///< it is there for granted sessions alone
    net::Endpoint peer;
    net::Endpoint local;
    ByteSpan bytes;
    Time received;
    std::int16_t ttl = -1;
    std::int16_t tos = -1;
    bool truncated = false;
};

/// How good this machine's clock is, for every answer.
struct ReflectorClock {
    measure::ErrorEstimate error;
    bool ptp = false;
};

/// An answer between prepare() and seal(). Kept by the caller from packet to packet for its memory.
struct Reflection {
    std::vector<std::uint8_t> bytes;
    net::Endpoint to;
    net::IpAddress from;
    std::int16_t tos = 0;

    // seal()'s:
    Form form;
    Hmac* hmac = nullptr;
    TwampCipher* cipher = nullptr;
    std::optional<std::size_t> extension_hmac_at;
    std::uint32_t sequence = 0;
    std::uint16_t error = 1;
    std::uint64_t* last_timestamp = nullptr;  ///< until the next prepare() of another batch
};

/// Whom a limit is of: an IPv4 address, or an IPv6 /64, of which one host may have every address.
[[nodiscard]] net::IpAddress client_of(const net::IpAddress& address);

class ReflectorEngine {
  public:
    explicit ReflectorEngine(ReflectorSettings settings);

    void set_clock(const ReflectorClock& clock) { clock_ = clock; }
    /// Writes the answer. False: there is none, and counts() says why. Any number may be prepared before they are
    /// sealed, but no session may be revoked or aged between.
    [[nodiscard]] bool prepare(const Arrival& arrival, Monotonic now, Reflection& out);
    /// Puts in the time of sending. The packet is then ready.
    void seal(Reflection& reflection, Time sent);
    /// Ends what was idle for long; once a second or so.
    void age(Monotonic now);

    /// False when there is one from there already.
    bool grant(std::uint32_t socket, const net::Endpoint& peer, const GrantedSession& session, Monotonic now);
    std::optional<SessionCounts> revoke(std::uint32_t socket, const net::Endpoint& peer);
    [[nodiscard]] std::optional<SessionCounts> granted(std::uint32_t socket, const net::Endpoint& peer) const;

    [[nodiscard]] std::size_t sessions() const { return sessions_.size() + granted_.size(); }
    [[nodiscard]] std::uint64_t reflected() const { return reflected_; }
    [[nodiscard]] std::uint64_t refused(Refusal why) const { return refused_[static_cast<std::size_t>(why)]; }
    struct Told {
        Refusal why = Refusal::faulty;
        std::uint64_t times = 0;
        net::Endpoint peer;
    };
    /// What is worth a line in a log: a refusal for the 1st, 2nd, 4th, 8th … time.
    [[nodiscard]] std::vector<Told> take_told() { return std::exchange(told_, {}); }

  private:
    struct Key {
        std::uint32_t socket = 0;
        std::uint16_t ssid = 0;
        net::Endpoint peer;
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const;
    };
    struct AddressHash {
        std::size_t operator()(const net::IpAddress& address) const;
    };
    struct Session {
        SessionCounts counts;
        std::uint32_t last_sequence = 0;
        std::uint64_t last_timestamp = 0;
    };
    struct Granted {
        GrantedSession what;
        std::optional<TwampCipher> cipher;  ///< not in open mode
        Monotonic used{};
        Session state{};
    };
    struct Client {
        std::uint32_t sessions = 0;
        std::uint32_t key = 0;  ///< that fitted last
        double tokens = 0;
        Monotonic filled{};
    };

    bool refuse(Refusal why, const net::Endpoint& peer);
    [[nodiscard]] bool is_forged(const net::Endpoint& peer, const net::Endpoint& local) const;
    [[nodiscard]] bool is_allowed(const net::IpAddress& address) const;
    [[nodiscard]] bool within_rate(Client& client, Monotonic now) const;
    bool prepare_stamp(const Arrival& arrival, Monotonic now, Reflection& out);
    bool prepare_granted(const Arrival& arrival, Monotonic now, Granted& granted, Reflection& out);
    [[nodiscard]] Hmac* fitting_key(ByteSpan bytes, Client* client);
    void write(const Arrival& arrival, const Question& question, Session* session, Reflection& out);

    ReflectorSettings settings_;
    ReflectorClock clock_;
    std::vector<Hmac> hmacs_;
    Aged<Key, Session, KeyHash> sessions_;
    Aged<net::IpAddress, Client, AddressHash> clients_;
    std::unordered_map<Key, Granted, KeyHash> granted_;
    std::uint64_t reflected_ = 0;
    std::array<std::uint64_t, kRefusals> refused_{};
    std::vector<Told> told_;
    ByteWriter header_;
    std::vector<std::uint8_t> plain_;
};

}  // namespace quipu::stamp
