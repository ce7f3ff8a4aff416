#pragma once
// Where the hub listens and how: beyond loopback only over TLS, with a certificate of the operator's or one of its own.

#include <optional>
#include <string>

#include "net/address.h"
#include "net/tls.h"
#include "platform/config.h"

namespace quipu::platform {

/// Whether the listener speaks TLS.
[[nodiscard]] bool is_secure(const HubSettings& settings);
/// `forbidden` for plain HTTP beyond loopback, `invalid` when people could not name the hub.
[[nodiscard]] Result<net::Endpoint> listen_address(const HubSettings& settings);

/// The certificate that tls_certificate and tls_key name; else one that is made here and kept in DATA/tls, signed by an
/// authority of the hub's own (DATA/tls/authority.pem, for those who want to trust it; its key is not kept) and made
/// anew before it ends. `corrupt` for a key that others can read.
[[nodiscard]] Result<net::KeyPair> hub_identity(const HubSettings& settings, Time now);

/// The portal's address for people, without a slash at its end: `address`, else hub_url.
[[nodiscard]] std::string public_url(const HubSettings& settings, const net::Endpoint& listening);
/// `hosts`, and the one of `address`: what a browser may ask for.
[[nodiscard]] std::vector<std::string> known_hosts(const HubSettings& settings);
/// The hub's own address: a name of `hosts` where there is one.
[[nodiscard]] std::string hub_url(const HubSettings& settings, const net::Endpoint& listening);

}  // namespace quipu::platform
