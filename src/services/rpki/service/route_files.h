#pragma once
// The routes that the service looks at, from files: MRT tables of collectors or routers, or lines "PREFIX => AS".

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "services/rpki/origin/validity.h"

namespace quipu::rpki {

class RouteFiles {
  public:
    explicit RouteFiles(std::vector<std::string> paths) : paths_(std::move(paths)) {}

    /// Reads what changed since the last time; after an error the routes are as before.
    [[nodiscard]] Result<void> refresh();
    /// Of all files together: sorted, each once. Never nullptr.
    [[nodiscard]] std::shared_ptr<const std::vector<Route>> routes() const { return routes_; }

  private:
    struct Seen {
        std::filesystem::file_time_type time{};
        std::uintmax_t size = 0;
        bool operator==(const Seen&) const = default;
    };
    std::vector<std::string> paths_;
    std::vector<Seen> seen_;
    std::shared_ptr<const std::vector<Route>> routes_ = std::make_shared<const std::vector<Route>>();
};

}  // namespace quipu::rpki
