#include "platform/door.h"

#include <algorithm>
#include <fmt/format.h>

namespace quipu::platform {
namespace {

constexpr const char* kStrictTransport = "max-age=31536000";  // RFC 6797 §6.1: a year

bool is_read(net::Method method) {
    return method == net::Method::get || method == net::Method::head || method == net::Method::options;
}

bool equal_without_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

bool is_among(const std::vector<std::string>& list, std::string_view text) {
    return std::ranges::any_of(list, [&](const std::string& each) { return equal_without_case(each, text); });
}

}  // namespace

Door::Door(std::uint16_t port, const std::vector<std::string>& hosts, bool secure)
    : hosts_(hosts), own_(fmt::format("{}://127.0.0.1:{}", secure ? "https" : "http", port)), secure_(secure) {
    for (const char* name : {"127.0.0.1", "localhost", "[::1]"}) {
        hosts_.push_back(fmt::format("{}:{}", name, port));
        if (port == (secure ? 443 : 80)) hosts_.emplace_back(name);
    }
    for (const std::string& host : hosts_)
        origins_.push_back(fmt::format("{}://{}", secure ? "https" : "http", host));
    for (const std::string& host : hosts) {
        // Typed with the port that is listened on, and behind a proxy that speaks TLS.
        if (host.find(':') == std::string::npos && port != (secure ? 443 : 80)) {
            hosts_.push_back(fmt::format("{}:{}", host, port));
            origins_.push_back(fmt::format("{}://{}", secure ? "https" : "http", hosts_.back()));
        }
        origins_.push_back("https://" + host);
    }
}

Result<void> Door::admit(const net::HttpRequest& request, bool from_elsewhere) const {
    const std::string_view host = request.headers.get("Host");
    if (!is_among(hosts_, host))
        return fail(ErrorCode::forbidden, fmt::format("the Host \"{}\" is not this hub's", host), "Host",
                    fmt::format("use {}, or add it to hosts in section [hub]", own_));
    if (is_read(request.method) || from_elsewhere) return {};
    if (const std::string* origin = request.headers.find("Origin")) {
        if (!is_among(origins_, *origin))
            return fail(ErrorCode::forbidden, fmt::format("a page of {} may not change anything here", *origin),
                        "Origin", "use the portal's own pages, or a client that sends no Origin");
    } else if (const std::string_view site = request.headers.get("Sec-Fetch-Site");
               site == "cross-site" || site == "same-site") {
        return fail(ErrorCode::forbidden, "a page of another site may not change anything here", "Sec-Fetch-Site",
                    "use the portal's own pages");
    }
    return {};
}

void Door::dress_page(net::HttpResponse& response) const {
    response.headers.add(
        "Content-Security-Policy",
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'");
    response.headers.add("X-Content-Type-Options", "nosniff");
    response.headers.add("Referrer-Policy", "same-origin");
    response.headers.add("Cross-Origin-Opener-Policy", "same-origin");
    response.headers.add("Cross-Origin-Resource-Policy", "same-origin");
    if (secure_) response.headers.add("Strict-Transport-Security", kStrictTransport);
}

void Door::dress_api(net::HttpResponse& response) const {
    response.headers.add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    response.headers.add("X-Content-Type-Options", "nosniff");
    if (secure_) response.headers.add("Strict-Transport-Security", kStrictTransport);
}

}  // namespace quipu::platform
