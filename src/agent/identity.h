#pragma once
// Who the agent is: its key, which never leaves the machine, its certificate, the hub's authority and address: one
// file, identity.json (0600), so that a renewal changes all of it or nothing.

#include <optional>
#include <string>
#include <string_view>

#include "agent/ticket.h"
#include "base/result.h"
#include "base/time.h"
#include "net/tls.h"

namespace quipu::agent {

struct Identity {
    std::string agent;
    std::string hub;
    std::string authority;
    net::KeyPair keys;
    Time not_after{};

    /// A client context that presents this certificate and trusts only this authority.
    [[nodiscard]] Result<net::TlsContext> tls() const { return net::TlsContext::client(authority, keys); }
};

/// `not_found` when the agent has not enrolled.
[[nodiscard]] Result<Identity> load_identity(const std::string& folder);
/// Makes a key, asks the hub for a certificate with the ticket's secret (blocking) and keeps both.
[[nodiscard]] Result<Identity> enrol(const std::string& folder, const Ticket& ticket);
/// Writes everything; the key and certificate change together or not at all.
[[nodiscard]] Result<void> save_identity(const std::string& folder, const Identity& identity);

}  // namespace quipu::agent
