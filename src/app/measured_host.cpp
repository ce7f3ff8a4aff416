#include "app/measured_host.h"

#include <csignal>
#include <fmt/format.h>

#include "base/number.h"
#include "net/stream_socket.h"
#include "services/measure/owamp/keys.h"

namespace quipu::app {
namespace {

sigset_t interrupts() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

}  // namespace

Result<net::Endpoint> measured_host(const std::string& text, std::uint16_t port, bool ipv4, bool ipv6) {
    std::string host = text;
    const auto colon = host.rfind(':');
    const bool bracketed = host.starts_with('[');
    if (colon != std::string::npos && (bracketed ? host[colon - 1] == ']' : host.find(':') == colon)) {
        const auto number = parse_number<std::uint16_t>(std::string_view(host).substr(colon + 1));
        if (!number || *number == 0) return fail(ErrorCode::invalid, "that is no port", text);
        port = *number;
        host.erase(colon);
    }
    if (bracketed && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    for (const net::Endpoint& found : TRY(net::resolve(host, port)))
        if ((!ipv4 || !found.address.is_v6()) && (!ipv6 || found.address.is_v6())) return found;
    return fail(ErrorCode::not_found, "the host has no address of that family", text);
}

Result<std::string> measuring_key_of(const std::string& user, const std::string& file) {
    const auto keys = TRY(owamp::read_keys(file));
    const auto at = keys.find(user);
    if (at == keys.end()) return fail(ErrorCode::not_found, fmt::format("there is no key of user {}", user), file);
    return at->second;
}

void block_interrupts() {
    const sigset_t set = interrupts();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

bool was_interrupted() {
    const sigset_t set = interrupts();
    const timespec at_once{};
    return sigtimedwait(&set, nullptr, &at_once) > 0;
}

}  // namespace quipu::app
