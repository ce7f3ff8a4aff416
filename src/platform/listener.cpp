#include "platform/listener.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>

#include "base/log.h"

namespace quipu::platform {
namespace {

constexpr LogEvent kMade{
    LogLevel::info, "HUB_CERTIFICATE_MADE",
    "A certificate of the hub's own was made; browsers warn of it until they are told to trust it.",
    "name a certificate that they know in hub.tls_certificate, or trust DATA/tls/authority.pem"};

constexpr auto kLife = std::chrono::days(397);  // the longest that browsers take
constexpr auto kRenewBefore = std::chrono::days(30);

Result<std::string> read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail_errno(errno, "a certificate or key can't be read", path);
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

Result<std::string> read_key(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return fail_errno(errno, "the private key can't be read", path);
    if ((status.st_mode & 077U) != 0)
        return fail(ErrorCode::corrupt, "the private key can be read by others than its owner", path,
                    "see who read it; then chmod 600, or make another one");
    return read_text(path);
}

Result<void> write_text(const std::string& path, std::string_view text, std::filesystem::perms mode) {
    std::error_code failed;
    const std::string part = path + ".part";
    std::filesystem::remove(part, failed);
    {
        std::ofstream file(part, std::ios::binary);
        std::filesystem::permissions(part, mode, failed);
        file << text;
        if (!file.flush() || failed) return fail_errno(errno, "a certificate can't be written", path);
    }
    std::filesystem::rename(part, path, failed);
    if (failed) return fail(ErrorCode::io, "a certificate can't be written: " + failed.message(), path);
    return {};
}

/// "quipu.example.net:8443" -> "quipu.example.net", "[::1]:80" -> "::1".
std::string without_port(const std::string& host) {
    if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
    return host.substr(0, host.find(':'));
}

std::vector<std::string> names_of(const HubSettings& settings) {
    std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
    const auto add = [&](std::string name) {
        if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    };
    for (const std::string& host : settings.hosts)
        add(without_port(host));
    if (settings.listen != "0.0.0.0" && settings.listen != "::") add(settings.listen);
    return names;
}

std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names)
        out += (out.empty() ? "" : " ") + name;
    return out;
}

/// DATA/tls/about tells for which names the kept certificate was made and, on its second line, when it ends.
Result<net::KeyPair> own_identity(const HubSettings& settings, Time now) {
    const std::string folder = settings.data + "/tls";
    const std::string certificate = folder + "/certificate.pem", key = folder + "/key.pem", about = folder + "/about";
    const std::vector<std::string> names = names_of(settings);
    if (const auto known = read_text(about)) {
        const std::size_t line = known->find('\n');
        std::int64_t until = 0;
        if (line != std::string::npos) std::from_chars(known->data() + line + 1, known->data() + known->size(), until);
        if (known->substr(0, line) == joined(names) && until > unix_seconds(now + kRenewBefore)) return net::KeyPair {
                TRY(read_text(certificate))
                , TRY(read_key(key))
            };
    }
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) return fail(ErrorCode::io, "a folder can't be made: " + failed.message(), folder);
    const net::KeyPair authority = TRY(net::pki::make_authority("Quipu hub", now, kLife));
    net::KeyPair made = TRY(net::pki::make_server(authority, names, now, kLife));
    made.certificate += authority.certificate;
    using std::filesystem::perms;
    TRY(write_text(key, made.private_key, perms::owner_read | perms::owner_write));
    TRY(write_text(certificate, made.certificate, perms::owner_read | perms::owner_write));
    TRY(write_text(folder + "/authority.pem", authority.certificate,
                   perms::owner_read | perms::owner_write | perms::group_read | perms::others_read));
    TRY(write_text(about, fmt::format("{}\n{}", joined(names), unix_seconds(now + kLife)),
                   perms::owner_read | perms::owner_write));
    log(kMade, {{"folder", folder}, {"names", joined(names)}});
    return made;
}

}  // namespace

bool is_secure(const HubSettings& settings) {
    return settings.tls || !settings.tls_certificate.empty();
}

Result<net::Endpoint> listen_address(const HubSettings& settings) {
    const net::IpAddress address = TRY(net::IpAddress::parse(settings.listen));
    if (!address.is_loopback() && !is_secure(settings))
        return fail(ErrorCode::forbidden,
                    fmt::format("{} is no loopback address, and passwords never travel in clear", settings.listen),
                    "hub.listen",
                    "set tls = true or name a certificate in tls_certificate, or listen on 127.0.0.1 or ::1");
    if (!address.is_loopback() && settings.hosts.empty())
        return fail(ErrorCode::invalid, "beyond loopback the hub has to know the name that people type", "hub.hosts",
                    "hosts = [\"quipu.example.net\"]");
    if (settings.tls_certificate.empty() != settings.tls_key.empty())
        return fail(ErrorCode::invalid, "a certificate and its key are named together", "hub.tls_key");
    return net::Endpoint{address, static_cast<std::uint16_t>(settings.port)};
}

Result<net::KeyPair> hub_identity(const HubSettings& settings, Time now) {
    if (settings.tls_certificate.empty()) return own_identity(settings, now);
    return net::KeyPair {
        TRY(read_text(settings.tls_certificate))
        , TRY(read_key(settings.tls_key))
    };
}

std::vector<std::string> known_hosts(const HubSettings& settings) {
    std::vector<std::string> out = settings.hosts;
    std::string_view address = settings.address;
    if (const auto scheme = address.find("://"); scheme != std::string_view::npos) address.remove_prefix(scheme + 3);
    address = address.substr(0, address.find('/'));
    if (!address.empty()) out.emplace_back(address);
    return out;
}

std::string public_url(const HubSettings& settings, const net::Endpoint& listening) {
    std::string out = settings.address.empty() ? hub_url(settings, listening) : settings.address;
    while (out.ends_with('/'))
        out.pop_back();
    return out;
}

std::string hub_url(const HubSettings& settings, const net::Endpoint& listening) {
    const std::string_view scheme = is_secure(settings) ? "https" : "http";
    if (listening.address.is_loopback() || settings.hosts.empty())
        return fmt::format("{}://{}", scheme, listening.text());
    const std::string& host = settings.hosts.front();
    const bool has_port =
        host.find(':', host.rfind(']') == std::string::npos ? 0 : host.rfind(']')) != std::string::npos;
    if (has_port || listening.port == 443) return fmt::format("{}://{}", scheme, host);
    return fmt::format("{}://{}:{}", scheme, host, listening.port);
}

}  // namespace quipu::platform
