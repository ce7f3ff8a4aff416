// What a command presents to a hub, and whom it believes.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/client.h"
#include "platform/access/local.h"
#include "platform/access/seal.h"
#include "platform/config.h"

namespace quipu::app {
namespace {

constexpr const char* kAuthorities = "/etc/ssl/certs/ca-certificates.crt";

std::string folder() {
    if (const auto config = platform::environment_variable("XDG_CONFIG_HOME")) return *config + "/quipu";
    if (const auto home = platform::environment_variable("HOME")) return *home + "/.config/quipu";
    return {};
}

Value kept() {
    const std::string at = folder();
    if (at.empty()) return {};
    const auto text = access::read_secret(at + "/tokens.json");
    if (!text) return {};
    return parse_json(*text, "tokens.json").value_or(Value());
}

}  // namespace

std::string credential_for(const std::string& hub) {
    if (auto token = platform::environment_variable("QUIPU_TOKEN")) return std::move(*token);
    if (std::string token = kept_tokens::find(hub); !token.empty()) return token;
    return access::local_secret_for(hub);
}

void authorise(net::Headers& headers, const std::string& token) {
    if (!token.empty()) headers.add("Authorization", "Bearer " + token);
}

Result<std::optional<net::TlsContext>> trust_for(const std::string& hub) {
    if (!hub.starts_with("https://")) return std::nullopt;
    const std::string file = platform::environment_variable("QUIPU_CA").value_or(kAuthorities);
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail_errno(errno, "the authorities to believe can't be read", file);
    std::ostringstream text;
    text << in.rdbuf();
    return TRY(net::TlsContext::client(text.str(), {}));
}

std::string kept_tokens::find(const std::string& hub) {
    const Value all = kept();
    const Value* token = all.find(hub);
    return token != nullptr && token->if_string() != nullptr ? *token->if_string() : std::string();
}

Result<void> kept_tokens::put(const std::string& hub, const std::string& token) {
    const std::string at = folder();
    if (at.empty())
        return fail(ErrorCode::invalid, "there is no HOME to keep the token in", {}, "set QUIPU_TOKEN instead");
    std::error_code failed;
    std::filesystem::create_directories(at, failed);
    if (failed) return fail(ErrorCode::io, "a folder can't be made: " + failed.message(), at);
    Value all = kept();
    if (all.if_object() == nullptr) all = Value::Object{};
    if (token.empty())
        std::erase_if(*all.if_object(), [&](const Value::Member& member) { return member.first == hub; });
    else
        all.set(hub, token);
    return access::write_secret(at + "/tokens.json", to_json(all, 2));
}

}  // namespace quipu::app
