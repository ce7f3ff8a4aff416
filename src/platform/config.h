#pragma once
// The configuration file: TOML, one section for the hub and one for each service, each described by its own struct.
//
//     [hub]
//     port = 8080
//     data = "/var/lib/quipu"
//     [measure]
//     …
//
// Flags go before the environment (QUIPU_PORT, QUIPU_DATA, QUIPU_WEB, QUIPU_DATABASE), that before the file, that
// before the defaults. Errors name file, line and key, all of them at once; an unknown section or key is refused with
// the name that was perhaps meant.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/describe.h"
#include "base/log.h"
#include "base/result.h"
#include "base/value.h"

namespace quipu {
constexpr auto describe_enum(LogLevel) {
    return names<LogLevel>({{LogLevel::debug, "debug"},
                            {LogLevel::info, "info"},
                            {LogLevel::warning, "warning"},
                            {LogLevel::error, "error"}});
}
constexpr auto describe_enum(LogFormat) {
    return names<LogFormat>({{LogFormat::text, "text"}, {LogFormat::json, "json"}});
}
}  // namespace quipu

namespace quipu::platform {

/// Section [hub].
struct HubSettings {
    std::string network = "Quipu";
    std::string listen = "127.0.0.1";
    std::int64_t port = 8080;
    std::string data = "data";
    std::string web;
    std::string database;
    std::string archive;
    std::vector<std::string> hosts;
    std::string address;
    bool tls = false;
    std::string tls_certificate;
    std::string tls_key;
    bool dns_names = true;
    std::int64_t loops = 0;
    LogLevel log_level = LogLevel::info;
    LogFormat log_format = LogFormat::text;
    static constexpr auto describe() {
        using T = HubSettings;
        return fields(
            field<&T::network>("network", "The network's name, shown in the portal").at_most_long(100),
            field<&T::listen>("listen", "Address that the portal and the API listen on; beyond loopback only with TLS"),
            field<&T::port>("port", "TCP port; 0 takes a free one").between(0, 65535),
            field<&T::data>("data", "Folder that holds everything the hub keeps; made if missing"),
            field<&T::web>("web", "Folder of the portal's files; no portal when empty"),
            field<&T::database>(
                "database", "sqlite:PATH or postgresql://USER@HOST/NAME; a SQLite file in the data folder when empty"),
            field<&T::archive>(
                "archive",
                "Where series are kept: clickhouse://HOST:PORT/DATABASE?user=NAME&password_file=FILE, or "
                "a folder; \"archive\" in the data folder when empty"),
            field<&T::hosts>(
                "hosts",
                "Names by which people reach the hub, with the port unless it is the usual one: the first stands in "
                "letters and links. \"localhost:9000\" behind a tunnel"),
            field<&T::address>("address",
                               "The portal's address as browsers know it, https://portal.example.org: in letters, "
                               "notices and sign-in by others; made of hosts, port and tls when empty"),
            field<&T::tls>("tls", "Speak TLS; with a certificate of the hub's own unless tls_certificate names one"),
            field<&T::tls_certificate>("tls_certificate", "PEM file: the certificate and those that follow it"),
            field<&T::tls_key>("tls_key", "PEM file: its private key, readable by the hub's user alone"),
            field<&T::dns_names>("dns_names",
                                 "Ask the system's resolver for the names of routers that the registry does not know"),
            field<&T::loops>("loops", "Event loops; 0 takes one a core").between(0, 256),
            field<&T::log_level>("log_level", "The least important level that is logged"),
            field<&T::log_format>("log_format", "text for people, json for collectors"));
    }
};

/// The schema with the defaults written into it, for the manual.
[[nodiscard]] Value with_defaults(Value schema, const Value& defaults);
/// JSON Schema of a settings struct, defaults included: what Service::settings_schema answers.
template <Described T>
[[nodiscard]] Value settings_schema_of() {
    return with_defaults(schema_of<T>(), to_value(T{}));
}

/// A section's name and the JSON Schema of its keys.
struct Section {
    std::string name;
    Value schema;
};

/// The whole configuration, checked for unknown names; `value_of` answers a service's section, an empty table if
/// absent.
class Config {
  public:
    /// An empty text is a good configuration. `name` stands in the errors.
    static Result<Config> parse(std::string_view text, std::string name, std::span<const Section> sections);
    static Result<Config> load(const std::string& file, std::span<const Section> sections);

    [[nodiscard]] const Value& section(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view section) const { return root_.find(section) != nullptr; }
    /// Takes over the sections that this one lacks.
    void supplement(const Config& other);
    [[nodiscard]] const std::string& file() const { return file_; }
    /// The hub's own section with what the environment says instead.
    using Environment = std::function<std::optional<std::string>(std::string_view name)>;
    [[nodiscard]] Result<HubSettings> hub(const Environment& environment) const;

  private:
    std::string file_;
    Value root_{Value::Object{}};
};

/// The process's own environment.
[[nodiscard]] std::optional<std::string> environment_variable(std::string_view name);

/// The manual's page of all settings, as Markdown.
[[nodiscard]] std::string settings_reference(std::span<const Section> sections);

}  // namespace quipu::platform
