#pragma once
// The hub: everything that the house gives, the services that live in it, and the HTTP listener in front. It leads each
// service through its one life and starts again what fails, while the others go on.
//
//     auto hub = TRY(Hub::create(std::move(options)));
//     TRY(hub->start());
//     …wait for a signal…
//     hub->stop();

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "net/address.h"
#include "platform/config.h"
#include "platform/service.h"
#include "platform/supervisor.h"

namespace quipu::platform {

struct HubOptions {
    HubSettings settings;
    Config config;                                   ///< sections of the services
    std::vector<std::unique_ptr<Service>> services;  ///< the catalogue; all of them, for the database's tables
    std::vector<std::string> only;                   ///< start these and what they need; all when empty
    std::string version = "0";
    const Clock* clock = nullptr;  ///< the system's when null; outlives the hub
    /// Who comes in until a service sets another (access does); strangers only when null.
    std::shared_ptr<Gatekeeper> gatekeeper = {};
};

class Hub {
  public:
    /// Takes the data folder, opens what it holds and reads every service's section. Nothing runs or listens yet.
    /// Errors: `conflict` when another process holds the folder, `corrupt` for a damaged database, `exhausted` for a
    /// full disk, `invalid` with every fault of the configuration.
    static Result<std::unique_ptr<Hub>> create(HubOptions options);
    virtual ~Hub() = default;

    /// Listens and starts the services; returns when each had its first start. A service that fails is no error here:
    /// it is shown, and started again. `conflict` for a taken port.
    [[nodiscard]] virtual Result<void> start() = 0;
    /// Drains and stops everything; also done by the destructor. Not from a loop's thread.
    virtual void stop() = 0;

    [[nodiscard]] virtual net::Endpoint address() const = 0;  ///< after start()
    [[nodiscard]] virtual std::string url() const = 0;        ///< "http://127.0.0.1:8080"
    [[nodiscard]] virtual std::vector<ServiceStatus> services() const = 0;
    [[nodiscard]] virtual House& house() = 0;
};

/// Lets each service read its section; every fault of all of them in one error.
[[nodiscard]] Result<void> parse_sections(const Config& config, std::span<Service* const> services);
/// Sections that a configuration may have: [hub] and one for each service.
[[nodiscard]] std::vector<Section> sections_of(const std::vector<std::unique_ptr<Service>>& services);

}  // namespace quipu::platform
