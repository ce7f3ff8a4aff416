#pragma once
// Webhooks: a POST of JSON, signed, to an address that is nobody's private network.
//
//     X-Quipu-Delivery: 812                   the same at every try: drop repeats by it
//     X-Quipu-Timestamp: 1320000000           refuse what is older than five minutes
//     X-Quipu-Signature: v1=HEX               HMAC-SHA256 over TIMESTAMP "." BODY with the rule's secret

#include <string>
#include <string_view>

#include "net/address.h"
#include "net/loop.h"
#include "net/tls.h"

namespace quipu::notify {

struct WebhookAddress {
    std::string host;
    std::uint16_t port = 443;
    std::string target = "/";
    bool tls = true;
};
/// https, or http where that is allowed; no user name, no fragment.
[[nodiscard]] Result<WebhookAddress> parse_webhook(std::string_view url, bool allow_plain);

/// Reached over the Internet: not private, loopback, link-local, shared, reserved, multicast, documentation, nor any
/// form that hides an IPv4 address in an IPv6 one (RFC 6890 and its registries).
[[nodiscard]] bool is_public(const net::IpAddress& address);

[[nodiscard]] std::string signature_of(std::string_view secret, std::int64_t timestamp, std::string_view body);

struct WebhookPost {
    WebhookAddress to;
    std::string secret, body;
    std::int64_t delivery = 0, timestamp = 0;
    bool allow_private = false;
};
/// Connects to an address that was checked, not to the name again: a name that changes in between leads nowhere.
/// Redirects are not followed. The status that was answered.
[[nodiscard]] Task<Result<int>> post_webhook(net::EventLoop& loop, const net::TlsContext& tls, WebhookPost post);

}  // namespace quipu::notify
