#pragma once
// The registry's routes.

#include <atomic>
#include <memory>

#include "platform/api.h"
#include "registry/json_cache.h"
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
    JsonCache texts;
    std::atomic<std::shared_ptr<const Failures>> failures;
};

/// Contact details up to which the caller may see. Until people sign in: everything for the local caller.
[[nodiscard]] Visibility sight_of(const platform::Caller& caller);
/// The picture of a day; of no day, everything on record.
[[nodiscard]] Result<std::shared_ptr<const Picture>> picture_of(const Registry& registry,
                                                                const std::optional<Date>& day);

void add_object_routes(platform::Api& api, Desk& desk);    ///< the ten collections
void add_exchange_routes(platform::Api& api, Desk& desk);  ///< bulk, import, export, schemas
void add_question_routes(platform::Api& api, Desk& desk);  ///< timeline, what-if

}  // namespace quipu::registry
