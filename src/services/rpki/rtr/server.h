#pragma once
// The RTR server: what routers ask for the validated payloads (RFC 6810, RFC 8210, draft-ietf-sidrops-8210bis), over
// TCP, TLS and, for an SSH subsystem, a local socket. Its loops are its own; a client lives and dies on one of them.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/describe.h"
#include "base/time.h"
#include "data/database.h"
#include "net/address.h"
#include "net/tls.h"
#include "services/rpki/payloads.h"

namespace quipu::rpki {

namespace rtr {
class Snapshot;
}

/// Where routers are served: an address with a port, or with the one that RFC 6810 names; port 0 takes a free one.
template <std::uint16_t Port>
struct RtrAddress : net::Endpoint {
    RtrAddress() = default;
    RtrAddress(const net::Endpoint& endpoint) : net::Endpoint(endpoint) {}
    static Result<RtrAddress> parse(std::string_view text) {
        if (const auto address = net::IpAddress::parse(text)) return RtrAddress(net::Endpoint{*address, Port});
        return RtrAddress(TRY(net::Endpoint::parse(text)));
    }
};

}  // namespace quipu::rpki
namespace quipu {
template <std::uint16_t Port>
struct TextForm<rpki::RtrAddress<Port>> {
    static constexpr std::string_view schema_format = "endpoint";
    static std::string format(const rpki::RtrAddress<Port>& value) { return value.text(); }
    static Result<rpki::RtrAddress<Port>> parse(std::string_view text) { return rpki::RtrAddress<Port>::parse(text); }
};
}  // namespace quipu
namespace quipu::rpki {

struct RtrSettings {
    std::vector<RtrAddress<323>> listen;
    std::vector<RtrAddress<324>> listen_tls;
    std::string tls_certificate, tls_key;
    std::string local_socket;
    Nanoseconds refresh = std::chrono::hours(1);
    Nanoseconds retry = std::chrono::minutes(10);
    Nanoseconds expire = std::chrono::hours(2);
    Nanoseconds most_age = std::chrono::hours(24);
    Nanoseconds patience = std::chrono::seconds(30);
    std::int64_t history = 144;
    std::int64_t most_clients = 1000;
    std::int64_t most_clients_of_address = 20;
    std::int64_t loops = 2;
    static constexpr auto describe() {
        using T = RtrSettings;
        return fields(
            field<&T::listen>("listen",
                              "Where routers are served over plain TCP: ADDRESS, with port 323, or ADDRESS:PORT"),
            field<&T::listen_tls>("listen_tls",
                                  "Where routers are served over TLS: ADDRESS, with port 324, or ADDRESS:PORT"),
            field<&T::tls_certificate>("tls_certificate",
                                       "PEM file: what TLS presents to routers; empty: what the portal presents"),
            field<&T::tls_key>("tls_key", "PEM file: its private key, readable by the hub's user alone"),
            field<&T::local_socket>("local_socket",
                                    "Path of a local socket, for quipu rpki rtr-stdio; none when empty"),
            field<&T::refresh>("refresh", "How often routers ask for what is new, 1s to 24h"),
            field<&T::retry>("retry", "How long they wait after a failure, 1s to 2h"),
            field<&T::expire>("expire", "How long they use what they have when they can't ask, 10m to 48h"),
            field<&T::most_age>("most_age", "Payloads that no validation confirmed for so long are served no more"),
            field<&T::patience>("patience",
                                "A router that takes nothing for so long in the middle of an answer is left"),
            field<&T::history>("history", "Serials for which there is a delta").between(0, 10'000),
            field<&T::most_clients>("most_clients", "Connections in all").between(1, 100'000),
            field<&T::most_clients_of_address>("most_clients_of_address", "Connections of one address").at_least(1),
            field<&T::loops>("loops", "Event loops of the server").between(1, 64));
    }
    /// RFC 8210 §6: each interval in its bounds, expire longer than refresh and retry.
    [[nodiscard]] Result<void> check() const;
};

enum class RtrTransport : std::uint8_t { tcp, tls, local };
constexpr auto describe_enum(RtrTransport) {
    return names<RtrTransport>(
        {{RtrTransport::tcp, "tcp"}, {RtrTransport::tls, "tls"}, {RtrTransport::local, "local"}});
}

/// One router that is connected now.
struct RtrClient {
    std::string address;  ///< "192.0.2.1:40123"; "local" for the local socket
    RtrTransport transport = RtrTransport::tcp;
    std::optional<std::int64_t> version;  ///< once it has asked something
    std::optional<std::int64_t> serial;   ///< what it was given last
    std::optional<std::int64_t> lag;      ///< serials that it lacks
    Time since{};
    std::int64_t sent = 0;      ///< octets
    std::int64_t received = 0;  ///< octets
    static constexpr auto describe() {
        using T = RtrClient;
        return fields(field<&T::address>("address", "Address and port of the router").required(),
                      field<&T::transport>("transport", "How it is connected").required(),
                      field<&T::version>("version", "Version of the protocol, once the router has asked"),
                      field<&T::serial>("serial", "The serial that it was given last"),
                      field<&T::lag>("lag", "How many serials it is behind"),
                      field<&T::since>("since", "When it connected").required(),
                      field<&T::sent>("sent", "Octets sent to it").required(),
                      field<&T::received>("received", "Octets received from it").required());
    }
};

/// What routers are told now.
struct RtrState {
    bool serving = false;      ///< false: there is nothing yet, or it is too old
    std::int64_t session = 0;  ///< of version 1
    std::int64_t serial = 0;
    std::optional<Time> confirmed;  ///< when a validation last found this set
    std::int64_t vrps = 0, aspas = 0, router_keys = 0;
    std::int64_t left_out = 0;  ///< payloads that no PDU can carry
    std::int64_t deltas = 0;    ///< serials back from which there is a delta
    std::int64_t clients = 0;
    static constexpr auto describe() {
        using T = RtrState;
        return fields(field<&T::serving>("serving", "Whether routers are given data").required(),
                      field<&T::session>("session", "Session of version 1; the other versions have others").required(),
                      field<&T::serial>("serial", "Serial of the current set").required(),
                      field<&T::confirmed>("confirmed", "When a validation last found this set"),
                      field<&T::vrps>("vrps", "Prefixes with their origin").required(),
                      field<&T::aspas>("aspas", "Customers with their providers").required(),
                      field<&T::router_keys>("router_keys", "Keys of BGPsec routers").required(),
                      field<&T::left_out>("left_out", "Payloads that the protocol can't carry").required(),
                      field<&T::deltas>("deltas", "From how many serials back there is a delta").required(),
                      field<&T::clients>("clients", "Routers connected").required());
    }
};

/// Since the server's start.
struct RtrCounters {
    std::uint64_t connections = 0, refused = 0, full_answers = 0, delta_answers = 0, cache_resets = 0, no_data = 0,
                  notifies = 0, errors_sent = 0, errors_received = 0, too_slow = 0, octets = 0, octets_in = 0;
};

class RtrServer {
  public:
    /// Binds (nothing, if the settings name no address: then it keeps the serials for others who tell of them), takes
    /// over what the database knows (after kRtrMigrations of store.h), and serves it at once if it is not too old.
    /// `identity` is what listen_tls presents. Database and clock outlive the server.
    static Result<std::unique_ptr<RtrServer>> start(RtrSettings settings, const std::optional<net::KeyPair>& identity,
                                                    data::Database& database, const Clock& clock);
    virtual ~RtrServer() = default;  ///< closes every connection

    /// What a validation found: new serial if it differs, and routers are told. Blocks; from one thread at a time.
    virtual Result<void> publish(PayloadSet set) = 0;

    [[nodiscard]] virtual RtrState state() const = 0;
    /// What was published last, with its serial and the way to it; nullptr before anything was.
    [[nodiscard]] virtual std::shared_ptr<const rtr::Snapshot> snapshot() const = 0;
    [[nodiscard]] virtual std::vector<RtrClient> clients() const = 0;
    [[nodiscard]] virtual RtrCounters counters() const = 0;
    /// Where it listens, with the ports that were taken for 0: `listen` in its order, then `listen_tls`.
    [[nodiscard]] virtual std::vector<net::Endpoint> listening() const = 0;
};

}  // namespace quipu::rpki
