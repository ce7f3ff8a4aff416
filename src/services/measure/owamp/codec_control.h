#pragma once
// The messages of OWAMP-Control (RFC 4656 §3) and TWAMP-Control (RFC 5357 §3, with RFC 5618, 5938 and 6038), in all
// modes: written to a ControlWriter and read from a ControlReader, which see to encryption and HMAC.
//
// A read answers nothing while the message is not whole yet, and an error when the connection can't go on: an HMAC that
// is wrong, a command that does not exist, a message longer than its limit. Octets that must be zero are written as
// zeros and not looked at.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "net/address.h"
#include "services/measure/codec_packet.h"
#include "services/measure/owamp/control_stream.h"

namespace quipu::owamp {

using measure::ErrorEstimate;
using Sid = std::array<std::uint8_t, 16>;
/// Seconds as 32 bits before and 32 after the point; as a time of day, since 1900.
using Fixed = std::uint64_t;

/// Bits of the greeting's Modes; a client chooses one of the first four, and with TWAMP the extensions that it wants.
namespace mode {
inline constexpr std::uint32_t kOpen = 1, kAuthenticated = 2, kEncrypted = 4;
inline constexpr std::uint32_t kMixed = 8;           ///< RFC 5618: control encrypted, test packets open
inline constexpr std::uint32_t kIndividual = 16;     ///< RFC 5938: sessions started and stopped one by one
inline constexpr std::uint32_t kReflectOctets = 32;  ///< RFC 6038 §4
inline constexpr std::uint32_t kSymmetricalSize = 64;
inline constexpr std::uint32_t kSecurity = kOpen | kAuthenticated | kEncrypted | kMixed;
}  // namespace mode

/// RFC 4656 §3.3.
enum class Accept : std::uint8_t {
    ok = 0,
    failure = 1,
    internal_error = 2,
    not_supported = 3,
    permanent_limit = 4,
    temporary_limit = 5,
};
constexpr auto describe_enum(Accept) {
    return names<Accept>({{Accept::ok, "ok"},
                          {Accept::failure, "failure"},
                          {Accept::internal_error, "internal-error"},
                          {Accept::not_supported, "not-supported"},
                          {Accept::permanent_limit, "permanent-limit"},
                          {Accept::temporary_limit, "temporary-limit"}});
}

struct ServerGreeting {
    std::uint32_t modes = 0;  ///< 0: the server will not speak with this client
    Block challenge{};
    Block salt{};
    std::uint32_t count = 0;  ///< of PBKDF2, a power of two, at least 1024
    bool operator==(const ServerGreeting&) const = default;
};

struct SetUpResponse {
    std::uint32_t mode = 0;
    std::string key_id;  ///< at most 80 octets
    std::array<std::uint8_t, 64> token{};
    Block client_iv{};
    bool operator==(const SetUpResponse&) const = default;
};

/// RFC 4656 §3.1: challenge, AES session key and HMAC session key under the shared key.
[[nodiscard]] std::array<std::uint8_t, 64> seal_token(const Block& shared_key, const Block& challenge,
                                                      const ControlKeys& keys);
/// Nothing when it was not made with this key for this challenge.
[[nodiscard]] std::optional<ControlKeys> open_token(const Block& shared_key, const Block& challenge,
                                                    const std::array<std::uint8_t, 64>& token);

struct ServerStart {
    Accept accept = Accept::ok;
    Block server_iv{};
    Fixed start_time = 0;  ///< since when this instance of the server runs
    bool operator==(const ServerStart&) const = default;
};

struct Slot {
    enum class Type : std::uint8_t { exponential = 0, fixed = 1 };
    Type type = Type::exponential;
    Fixed parameter = 0;  ///< mean, or the gap itself
    bool operator==(const Slot&) const = default;
};

struct RequestSession {
    bool two_way = false;          ///< Request-TW-Session
    std::uint8_t ip_version = 4;   ///< IPVN; addresses of another version than 6 are read as IPv4
    bool server_sends = false;     ///< Conf-Sender
    bool server_receives = false;  ///< Conf-Receiver
    std::uint32_t packets = 0;
    std::uint16_t sender_port = 0, receiver_port = 0;
    net::IpAddress sender, receiver;  ///< all zeros: an end of the control connection
    Sid sid{};
    std::uint32_t padding = 0;
    Fixed start = 0;
    Fixed timeout = 0;
    std::uint32_t type_p = 0;
    std::uint16_t reflected_octets = 0, reflected_padding = 0;  ///< RFC 6038; two-way only
    std::vector<Slot> slots;
    bool operator==(const RequestSession&) const = default;
};

/// Which addresses a request leaves to the server to find out, by zeros (RFC 4656 §3.5): through a translator of
/// addresses it sees others than we do.
struct UnnamedEnds {
    bool sender = false, receiver = false;
    [[nodiscard]] RequestSession without(RequestSession request) const;
};

struct AcceptSession {
    Accept accept = Accept::ok;
    std::uint16_t port = 0;
    Sid sid{};
    std::uint16_t reflected_octets = 0, server_octets = 0;  ///< RFC 6038 §4.1.2
    bool operator==(const AcceptSession&) const = default;
};

struct StartSessions {
    bool operator==(const StartSessions&) const = default;
};

struct StartAck {
    Accept accept = Accept::ok;
    bool operator==(const StartAck&) const = default;
};

/// Sequence numbers, both included, that were not sent.
struct SkipRange {
    std::uint32_t first = 0, last = 0;
    bool operator==(const SkipRange&) const = default;
};

struct SessionDescription {
    Sid sid{};
    std::uint32_t next_sequence = 0;
    std::vector<SkipRange> skips;
    bool operator==(const SessionDescription&) const = default;
};

/// Of OWAMP: with a description of each session that the writer sends. Of TWAMP: with their number alone.
struct StopSessions {
    Accept accept = Accept::ok;
    std::uint32_t count = 0;  ///< two-way only; one-way: as many as there are descriptions
    std::vector<SessionDescription> sessions;
    bool operator==(const StopSessions&) const = default;
};

/// RFC 5938 §3.2 to §3.5: sessions are started and stopped by name; an acknowledgement repeats the names.
struct NamedSessions {
    enum class What : std::uint8_t { start = 7, start_ack = 8, stop = 9, stop_ack = 10 };
    What what = What::start;
    Accept accept = Accept::ok;  ///< of acknowledgements
    std::vector<Sid> sids;
    bool operator==(const NamedSessions&) const = default;
};

struct FetchSession {
    std::uint32_t first = 0, last = 0xffffffff;
    Sid sid{};
    bool operator==(const FetchSession&) const = default;
};

struct FetchAck {
    Accept accept = Accept::ok;
    std::uint8_t finished = 0;  ///< 0 it runs, 1 it ended, 2 it ended and something went wrong
    std::uint32_t next_sequence = 0;
    std::uint32_t skips = 0;
    std::uint32_t records = 0;
    bool operator==(const FetchAck&) const = default;
};

/// RFC 4656 §3.9: 25 octets for each packet.
struct PacketRecord {
    std::uint32_t sequence = 0;
    ErrorEstimate send_error, receive_error;
    Fixed sent = 0;
    Fixed received = 0;  ///< 0: lost
    std::uint8_t ttl = 255;
    [[nodiscard]] bool lost() const { return received == 0; }
    bool operator==(const PacketRecord&) const = default;
};

/// What follows a Fetch-Ack that accepts.
struct FetchedSession {
    RequestSession request;
    std::vector<SkipRange> skips;
    std::vector<PacketRecord> records;
    bool operator==(const FetchedSession&) const = default;
};

/// What one message may hold: the rest of it is not read.
struct MessageLimits {
    std::uint32_t slots = 65'536;
    std::uint32_t sessions = 10'000;
    std::uint32_t skips = 1'000'000;  ///< of all sessions of a message together
    std::uint32_t records = 50'000'000;
};

void write(ControlWriter& out, const ServerGreeting& message);
void write(ControlWriter& out, const SetUpResponse& message);
/// Under `keys` its last block is the first of the protected stream.
void write(ControlWriter& out, const ServerStart& message, const ControlKeys* keys);
void write(ControlWriter& out, const RequestSession& message);
void write(ControlWriter& out, const AcceptSession& message);
void write(ControlWriter& out, const StartSessions& message);
void write(ControlWriter& out, const StartAck& message);
void write(ControlWriter& out, const StopSessions& message, bool two_way);
void write(ControlWriter& out, const NamedSessions& message);
void write(ControlWriter& out, const FetchSession& message);
void write(ControlWriter& out, const FetchAck& message);
void write(ControlWriter& out, const FetchedSession& message);

template <class T>
using Read = Result<std::optional<T>>;

[[nodiscard]] Read<ServerGreeting> read_greeting(ControlReader& in);
[[nodiscard]] Read<SetUpResponse> read_set_up(ControlReader& in);
/// `keys`: protect the stream from its last block on, if the server accepts.
[[nodiscard]] Read<ServerStart> read_server_start(ControlReader& in, const ControlKeys* keys);
[[nodiscard]] Read<AcceptSession> read_accept_session(ControlReader& in);
[[nodiscard]] Read<StartAck> read_start_ack(ControlReader& in);
/// Either acknowledgement, and either command.
[[nodiscard]] Read<NamedSessions> read_named(ControlReader& in, const MessageLimits& limits);
[[nodiscard]] Read<FetchAck> read_fetch_ack(ControlReader& in);
/// `ack` said how much of it there is.
[[nodiscard]] Read<FetchedSession> read_fetched(ControlReader& in, const FetchAck& ack, const MessageLimits& limits);

using Command = std::variant<RequestSession, StartSessions, StopSessions, FetchSession, NamedSessions>;
/// The next command; `two_way` for TWAMP-Control, whose Stop-Sessions has no descriptions and whose requests no slots.
[[nodiscard]] Read<Command> read_command(ControlReader& in, bool two_way, const MessageLimits& limits);

void write_record(ByteWriter& out, const PacketRecord& record);
[[nodiscard]] PacketRecord parse_record(ByteReader& in);
inline constexpr std::size_t kRecordOctets = 25;

}  // namespace quipu::owamp
