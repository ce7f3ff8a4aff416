#include "app/measured_host.h"

#include <cctype>
#include <charconv>
#include <csignal>
#include <fmt/format.h>
#include <map>

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

Result<std::uint8_t> dscp_of(const std::string& text) {
    std::string name;
    for (const char letter : text)
        name += static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    static const std::map<std::string, std::uint8_t> kNames{{"", 0},   {"NONE", 0}, {"DEFAULT", 0}, {"DF", 0},
                                                            {"BE", 0}, {"EF", 46},  {"VA", 44},     {"LE", 1}};
    if (const auto at = kNames.find(name); at != kNames.end()) return at->second;
    const auto digit = [&](std::size_t at, char least, char most) {
        return at < name.size() && name[at] >= least && name[at] <= most ? name[at] - '0' : -1;
    };
    if (name.size() == 3 && name.starts_with("CS") && digit(2, '0', '7') >= 0)
        return static_cast<std::uint8_t>(8 * digit(2, '0', '7'));
    if (name.size() == 4 && name.starts_with("AF") && digit(2, '1', '4') > 0 && digit(3, '1', '3') > 0)
        return static_cast<std::uint8_t>(8 * digit(2, '1', '4') + 2 * digit(3, '1', '3'));
    unsigned number = 64;
    const bool hexadecimal = name.starts_with("0X");
    const std::string_view digits = std::string_view(name).substr(hexadecimal ? 2 : 0);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number, hexadecimal ? 16 : 10);
    if (error == std::errc() && end == digits.data() + digits.size() && number < 64)
        return static_cast<std::uint8_t>(number);
    return fail(ErrorCode::invalid, fmt::format("\"{}\" is no DSCP", text), "-D",
                "a number up to 63, or a name: EF, AF41, CS1");
}

CLI::Validator a_dscp() {
    return {[](const std::string& text) {
                const auto read = dscp_of(text);
                return read ? std::string() : read.error().text();
            },
            ""};
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
