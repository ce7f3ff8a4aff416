#pragma once
// Which measurement protocols are served, to whom, and how much of them: the hub's section [measure_servers], an
// agent's file of the same form, and the options of `quipu measure serve`.

#include "base/describe.h"
#include "net/udp.h"
#include "services/measure/owamp/engine_server.h"
#include "services/measure/stamp/engine_reflector.h"

namespace quipu::servers {

/// A server on TCP.
struct ControlSettings {
    std::vector<net::Endpoint> listen;
    static constexpr auto describe() {
        return fields(field<&ControlSettings::listen>("listen", "ADDRESS:PORT, any number of them; none: not served"));
    }
};

struct StampSettings {
    std::vector<net::Endpoint> listen;
    bool stateless = false;
    double packets_per_second = 0;
    std::uint32_t sessions = 1'024;
    static constexpr auto describe() {
        using T = StampSettings;
        return fields(
            field<&T::listen>("listen", "ADDRESS:PORT, any number of them; none: not served"),
            field<&T::stateless>("stateless", "Don't count the packets of sessions: loss then has no direction"),
            field<&T::packets_per_second>("packets_per_second", "Of one client; 0: no limit").at_least(0),
            field<&T::sessions>("sessions", "Of one client: an IPv4 address, an IPv6 /64").at_least(1));
    }
};

struct Settings {
    std::string keys;
    bool keys_only = false;
    std::vector<net::Prefix> allow;
    net::PortRange test_ports;
    Nanoseconds clock_error{};
    Nanoseconds servwait = owamp::ServerSettings{}.servwait;
    Nanoseconds refwait = stamp::ReflectorSettings{}.refwait;
    ControlSettings owamp, twamp;
    StampSettings stamp;
    owamp::ServerLimits open = owamp::ServerSettings{}.open;
    owamp::ServerLimits keyed;
    static constexpr auto describe() {
        using T = Settings;
        return fields(
            field<&T::keys>("keys", "File of users and keys, lines of USER KEY; empty: the open mode alone"),
            field<&T::keys_only>("keys_only", "Don't offer the open mode"),
            field<&T::allow>("allow", "Prefixes of clients; none: everybody"),
            field<&T::test_ports>("test_ports", "UDP ports of test packets, FIRST-LAST; empty: any that is free"),
            field<&T::clock_error>("clock_error", "Known bound of this clock's error; 0s: what the kernel says"),
            field<&T::servwait>("servwait", "A control connection without a session is left after this (RFC 5357)"),
            field<&T::refwait>("refwait", "A TWAMP session without a packet ends after this (RFC 5357)"),
            field<&T::owamp>("owamp", "OWAMP-Control (RFC 4656), whose port is 861"),
            field<&T::twamp>("twamp", "TWAMP-Control (RFC 5357), whose port is 862"),
            field<&T::stamp>("stamp", "The reflector of STAMP and TWAMP Light (RFC 8762), whose port is 862"),
            field<&T::open>("open", "What one address may have in open mode"),
            field<&T::keyed>("keyed", "What one user with a key may have"));
    }
    [[nodiscard]] bool serves_anything() const {
        return !owamp.listen.empty() || !twamp.listen.empty() || !stamp.listen.empty();
    }
    [[nodiscard]] Result<void> check() const;
};

}  // namespace quipu::servers
