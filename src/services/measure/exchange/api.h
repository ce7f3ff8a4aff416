#pragma once
// What others read: exports of minutes, a HADES archive's answers, records for the lookup service.

#include <atomic>
#include <functional>
#include <memory>

#include "platform/service.h"
#include "registry/registry.h"
#include "services/measure/figures.h"
#include "services/measure/path_history.h"
#include "services/measure/rollup.h"
#include "services/measure/store_points.h"
#include "services/measure/throughput/store.h"

namespace quipu::exchange {

/// What the routes need; all of it lives as long as they are open.
struct Rooms {
    const Clock& clock;
    data::Archive& archive;
    registry::Registry& registry;
    const measure::PointStore& points;              ///< whose clock was wrong, and when
    const measure::PathHistory& paths;              ///< which way packets took
    const throughput::Store& throughput;            ///< what tests found
    std::string spool_folder;                       ///< exports are written here before they are sent, under no name
    std::string network;                            ///< its name
    std::function<std::string()> url;               ///< of the hub, as others reach it
    std::vector<std::string> communities, domains;  ///< of the lookup record
    std::shared_ptr<std::atomic<int>> exports = std::make_shared<std::atomic<int>>(0);  ///< under way
};
/// What these records of a pair, ascending, say, as /measure/records does: with the way and the ends whose clock was
/// wrong.
[[nodiscard]] Result<std::vector<measure::Figures>> figures_of(const Rooms& rooms, std::string_view key,
                                                               const std::vector<data::ArchiveRecord>& records,
                                                               Nanoseconds step);
void add_export_route(platform::Api& api, const Rooms& rooms);
/// /services/MA/HADES: NMWG in SOAP.
void add_nmwg_route(platform::Api& api, const Rooms& rooms);
void add_raw_route(platform::Api& api, const Rooms& rooms);
void add_lookup_route(platform::Api& api, const Rooms& rooms);

/// More at once than these would keep the archive from those who look at pages.
inline constexpr int kMostExports = 2;

/// One export that is under way.
class Turn {
  public:
    /// `limited` while there are kMostExports.
    static Result<std::shared_ptr<Turn>> take(const std::shared_ptr<std::atomic<int>>& running);
    explicit Turn(std::shared_ptr<std::atomic<int>> running) : running_(std::move(running)) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { running_->fetch_sub(1); }

  private:
    std::shared_ptr<std::atomic<int>> running_;
};

}  // namespace quipu::exchange
