#pragma once
// The service "search": finds what the caller may see, over everything that has a source.

#include <functional>
#include <memory>
#include <vector>

#include "desk/search/follower.h"
#include "desk/search/source.h"
#include "platform/service.h"

namespace quipu::search {

/// `needs` are the services whose things the sources read. What the sources use outlives the service.
[[nodiscard]] std::unique_ptr<platform::Service> make_search_service(std::vector<std::unique_ptr<Source>> sources,
                                                                     std::vector<std::string_view> needs);

/// What the routes need; all of it lives as long as they are open.
struct Rooms {
    Index& index;
    Follower& follower;
    std::vector<Source*> sources;
};
void add_routes(platform::Api& api, const Rooms& rooms);

}  // namespace quipu::search
