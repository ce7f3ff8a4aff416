#pragma once
// What every service is: one object with one life. The hub (hub.h) leads all of them through it.
//
//     parse      its configuration section becomes a described struct; errors name file, line and key
//     provision  opens what it needs: tables, folders, sockets (still as root); makes its engine
//     validate   looks at the whole: do the parts fit, is what it refers to there
//     start      begins to serve
//     drain      takes nothing new, ends what it has: event streams too
//     stop       closes everything; called after any earlier failure too
//
// A service that fails is drained and stopped and lives again from `parse` on, the same object: it must be able to.
// Meanwhile its routes answer 503, and none of its handlers runs when `stop` is called.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "data/archive.h"
#include "data/database.h"
#include "data/journal.h"
#include "net/loop.h"
#include "net/tls.h"
#include "platform/api.h"
#include "platform/metrics.h"

namespace quipu::net {
class DnsNames;
}

namespace quipu::platform {

/// What the house gives to a service. All of it outlives the service.
struct House {
    const Clock& clock;
    net::LoopPool& loops;
    data::Database& database;
    data::Journal& journal;
    data::Archive& archive;
    Api& api;
    Metrics& metrics;
    std::string data_folder;
    /// Tells the hub, from any thread, that the service can't go on: it is stopped and restarted with back-off. The hub
    /// gives each service a house of its own with this bound to its name; a test may leave it empty.
    std::function<void(Error)> report_failure = {};
    /// The portal's address for people, "https://quipu.example.net:8443"; before the hub listens only if it is set.
    std::function<std::string()> url = {};
    std::string network = "Quipu";  ///< the network's name
    bool secure = false;            ///< the listener speaks TLS
    /// What the listener presents over TLS, or would present: for a service that has a TLS port of its own.
    std::function<Result<net::KeyPair>()> identity = {};
    bool loopback_only = true;  ///< only this machine reaches the listener
    /// What DNS says addresses are called (net/dns_names.h); none where it is not to be asked.
    std::shared_ptr<net::DnsNames> dns_names = {};
};

class Service {
  public:
    Service() = default;
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    virtual ~Service() = default;

    [[nodiscard]] virtual std::string_view name() const = 0;  ///< also its section in the configuration
    /// The hub applies those of all services before any of them is provisioned.
    [[nodiscard]] virtual std::vector<data::Migration> migrations() const { return {}; }
    [[nodiscard]] virtual std::vector<data::StreamSchema> streams() const { return {}; }
    /// JSON Schema of its section, for the manual and the check of names: settings_schema_of<Settings>() (config.h).
    [[nodiscard]] virtual Value settings_schema() const { return {}; }

    /// Services that this one holds on to: it is started after them, and stopped and restarted with them.
    [[nodiscard]] virtual std::vector<std::string_view> needs() const { return {}; }

    /// Started even when `--only` does not name it.
    [[nodiscard]] virtual bool indispensable() const { return false; }

    [[nodiscard]] virtual Result<void> parse(const Value& section, const std::string& file) = 0;
    [[nodiscard]] virtual Result<void> provision(House& house) = 0;
    [[nodiscard]] virtual Result<void> validate() { return {}; }
    [[nodiscard]] virtual Result<void> start() = 0;
    virtual void drain() {}
    virtual void stop() {}
};

}  // namespace quipu::platform
