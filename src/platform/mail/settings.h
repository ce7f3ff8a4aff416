#pragma once
// Section [mail].

#include <cstdint>
#include <string>

#include "base/describe.h"
#include "platform/mail/engine_client.h"

namespace quipu::mail {

constexpr auto describe_enum(TlsUse) {
    return names<TlsUse>(
        {{TlsUse::none, "none"}, {TlsUse::opportunistic, "opportunistic"}, {TlsUse::required, "required"}});
}

struct Settings {
    std::string smarthost;
    std::int64_t port = 25;
    TlsUse tls = TlsUse::opportunistic;
    std::string ca;
    std::string user;
    std::string password_file;
    std::string from = "quipu@localhost";
    std::string from_name;
    std::string name;
    std::int64_t connections = 4;
    std::string lmtp;
    std::string maildir;
    std::string help = "help";
    std::string bounces = "bounces";
    std::int64_t largest = 25'000'000;
    static constexpr auto describe() {
        using T = Settings;
        return fields(
            field<&T::smarthost>("smarthost",
                                 "Mail server that takes what goes out, such as 127.0.0.1; letters wait when empty"),
            field<&T::port>("port", "Its port: 25, or 587 for submission").between(1, 65535),
            field<&T::tls>("tls", "STARTTLS: none, opportunistic (encrypts, trusts whoever answers) or required"),
            field<&T::ca>("ca", "PEM file of the authorities trusted when TLS is required; the system's when empty"),
            field<&T::user>("user", "Name to sign in to the server with; no AUTH when empty"),
            field<&T::password_file>("password_file", "File that holds the password, readable by this user only"),
            field<&T::from>("from", "The house's own address; its domain is that of all addresses here"),
            field<&T::from_name>("from_name", "Name shown with it; the network's when empty").at_most_long(100),
            field<&T::name>("name", "What EHLO and LMTP say; the domain of `from` when empty"),
            field<&T::connections>("connections", "At most so many connections to the server at once").between(1, 20),
            field<&T::lmtp>("lmtp",
                            "Where letters come in by LMTP: a Unix socket's path, or a loopback address and port"),
            field<&T::maildir>("maildir", "Maildir that is read for letters, filled by a mail server"),
            field<&T::help>("help", "Local part that people write to; NAME+NUMBER.MARK for answers").at_most_long(40),
            field<&T::bounces>("bounces", "Local part that bounces come back to").at_most_long(40),
            field<&T::largest>("largest", "Octets of the largest letter taken").between(10'000, 25'000'000));
    }
};

}  // namespace quipu::mail
