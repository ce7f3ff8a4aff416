#pragma once
// The registry's routes.

#include <atomic>
#include <memory>

#include "platform/api.h"
#include "registry/json_cache.h"
#include "registry/permits.h"
#include "registry/registry.h"
#include "registry/whatif.h"

namespace quipu::registry {

/// Every failure of one picture, reckoned once for all pages.
struct Failures {
    std::shared_ptr<const Picture> picture;
    std::int64_t order = 1;
    std::vector<Failure> list;
};

/// What the routes work on; lives as long as they do.
struct Desk {
    explicit Desk(Registry& r) : registry(r) {}

    Registry& registry;
    JsonCache texts;         ///< for who may see people
    JsonCache public_texts;  ///< for the public
    std::atomic<std::shared_ptr<const Failures>> failures;
    std::atomic<std::shared_ptr<const Accredited>> accredited;

    [[nodiscard]] Sight sight(const platform::Caller& caller, const Person& person) const;
};

/// The permit of a change that the caller asks for.
[[nodiscard]] inline auto permit_of(const platform::Caller& caller) {
    return [caller](const std::vector<Difference>& differences, const Picture& everything) {
        return may_change(caller, differences, everything);
    };
}
/// The picture of a day; of no day, everything on record.
[[nodiscard]] Result<std::shared_ptr<const Picture>> picture_of(const Registry& registry,
                                                                const std::optional<Date>& day);

void add_object_routes(platform::Api& api, Desk& desk);    ///< the ten collections
void add_exchange_routes(platform::Api& api, Desk& desk);  ///< bulk, import, export, schemas
void add_question_routes(platform::Api& api, Desk& desk);  ///< timeline, what-if

}  // namespace quipu::registry
