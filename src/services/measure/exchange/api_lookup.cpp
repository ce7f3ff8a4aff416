#include <set>

#include "platform/off_loop.h"
#include "services/measure/exchange/api.h"
#include "services/measure/exchange/lookup.h"
#include "services/measure/figures.h"

namespace quipu::exchange {
namespace {

Result<platform::Document> records_of(const Rooms& rooms) {
    std::set<std::string> sites;
    for (const std::string& key : TRY(rooms.archive.keys(measure::kMinuteStream))) {
        const auto [from, to] = measure::ends_of(key);
        sites.emplace(from);
        sites.emplace(to);
    }
    const Value records = lookup_records({.network = rooms.network,
                                          .url = rooms.url ? rooms.url() : "",
                                          .communities = rooms.communities,
                                          .domains = rooms.domains},
                                         *rooms.registry.now(), {sites.begin(), sites.end()});
    return platform::Document{to_json(records, 2)};
}

}  // namespace

void add_lookup_route(platform::Api& api, const Rooms& rooms) {
    api.get<platform::NoInput, platform::Document>(
        {.path = "/api/v1/measure/lookup-record",
         .summary = "This archive and its points as perfSONAR's lookup service registers them",
         .tag = "measure",
         .permission = platform::Permission::see_public,
         .command = "quipu measure lookup-record"},
        [rooms](const platform::Call&, platform::NoInput) {
            return platform::off_loop([rooms] { return records_of(rooms); });
        });
}

}  // namespace quipu::exchange
