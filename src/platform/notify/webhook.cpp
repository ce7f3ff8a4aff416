#include "platform/notify/webhook.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

#include "net/http_parser.h"
#include "net/stream_socket.h"

namespace quipu::notify {
namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds kPatience = 15s;
constexpr std::size_t kMostAnswered = 64 * 1024;

constexpr std::array<std::string_view, 16> kNotPublic4{
    "0.0.0.0/8",      "10.0.0.0/8",   "100.64.0.0/10",  "127.0.0.0/8",       "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24",   "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",    "198.18.0.0/15",  "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4",  "240.0.0.0/4",    "255.255.255.255/32"};
constexpr std::array<std::string_view, 4> kNotPublic6{"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"};

bool is_in(const net::IpAddress& address, std::string_view prefix) {
    const auto parsed = net::Prefix::parse(prefix);
    return parsed && parsed->contains(address);
}

std::string hex(std::string_view octets) {
    std::string out;
    for (const char c : octets)
        out += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return out;
}

}  // namespace

Result<WebhookAddress> parse_webhook(std::string_view url, bool allow_plain) {
    const auto refuse = [&](std::string_view what) {
        return fail(ErrorCode::invalid, std::string(what), "url", "write it as https://HOST/PATH");
    };
    WebhookAddress out;
    if (url.starts_with("https://")) {
        url.remove_prefix(8);
    } else if (url.starts_with("http://") && allow_plain) {
        url.remove_prefix(7);
        out.tls = false;
        out.port = 80;
    } else {
        return refuse("a webhook's address begins with https://");
    }
    for (const char c : url)
        if (static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7f || c == '#' || c == '\\')
            return refuse("the address holds a character that does not belong there");
    const std::size_t slash = url.find_first_of("/?");
    std::string_view host = url.substr(0, slash);
    if (slash != std::string_view::npos) out.target = url.substr(slash);
    if (out.target.starts_with('?')) out.target.insert(0, "/");
    if (host.find('@') != std::string_view::npos) return refuse("the address holds a user name");
    std::string_view port;
    if (host.starts_with('[')) {
        const std::size_t end = host.find(']');
        if (end == std::string_view::npos) return refuse("the IPv6 address has no closing bracket");
        port = host.substr(end + 1);
        host = host.substr(1, end - 1);
        if (!net::IpAddress::parse(host)) return refuse("the IPv6 address is malformed");
    } else if (const std::size_t colon = host.find(':'); colon != std::string_view::npos) {
        port = host.substr(colon);
        host = host.substr(0, colon);
    }
    if (host.empty() || host.size() > 253) return refuse("the host's name is malformed");
    out.host = host;
    if (port.empty()) return out;
    port.remove_prefix(1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (error != std::errc{} || end != port.data() + port.size() || out.port == 0)
        return refuse("the port is not a number from 1 to 65535");
    return out;
}

bool is_public(const net::IpAddress& address) {
    if (!address.is_v6())
        return std::ranges::none_of(kNotPublic4, [&](std::string_view each) { return is_in(address, each); });
    // Global unicast alone (RFC 4291 §2.4), without what tunnels or documents.
    return is_in(address, "2000::/3") &&
           std::ranges::none_of(kNotPublic6, [&](std::string_view each) { return is_in(address, each); });
}

std::string signature_of(std::string_view secret, std::int64_t timestamp, std::string_view body) {
    return "v1=" + hex(net::hmac_sha256(secret, fmt::format("{}.{}", timestamp, body)));
}

Task<Result<int>> post_webhook(net::EventLoop& loop, const net::TlsContext& tls, WebhookPost post) {
    const auto addresses = CO_TRY(co_await loop.blocking([&post] { return net::resolve(post.to.host, post.to.port); }));
    const auto allowed = std::ranges::find_if(
        addresses, [&](const net::Endpoint& each) { return post.allow_private || is_public(each.address); });
    if (allowed == addresses.end())
        co_return fail(ErrorCode::forbidden, fmt::format("{} is an address of a private network", post.to.host), "url",
                       "webhooks go to public addresses; [notify] allow_private lifts that");
    const auto socket = CO_TRY(co_await net::StreamSocket::connect(loop, *allowed, kPatience));
    if (post.to.tls) CO_TRY(co_await socket->secure(tls, post.to.host, kPatience));
    const std::string host = post.to.host.find(':') == std::string::npos ? post.to.host : "[" + post.to.host + "]";
    const std::string request = fmt::format(
        "POST {} HTTP/1.1\r\nHost: {}:{}\r\nUser-Agent: Quipu\r\nContent-Type: application/json\r\nContent-Length: "
        "{}\r\n"
        "X-Quipu-Delivery: {}\r\nX-Quipu-Timestamp: {}\r\nX-Quipu-Signature: {}\r\nConnection: close\r\n\r\n{}",
        post.to.target, host, post.to.port, post.body.size(), post.delivery, post.timestamp,
        signature_of(post.secret, post.timestamp, post.body), post.body);
    CO_TRY(co_await socket->write(request, kPatience));
    net::ResponseParser parser(kMostAnswered);
    parser.reset(false);
    std::string waiting;
    std::array<char, 4096> buffer{};
    while (!parser.header_complete()) {
        const std::size_t count = CO_TRY(co_await socket->read_some(buffer, kPatience));
        if (count == 0) co_return fail(ErrorCode::unavailable, "the server closed the connection without an answer");
        waiting.append(buffer.data(), count);
        if (waiting.size() > kMostAnswered) co_return fail(ErrorCode::too_large, "the answer's header is too large");
        waiting.erase(0, CO_TRY(parser.feed(waiting)));
    }
    co_return parser.status();
}

}  // namespace quipu::notify
