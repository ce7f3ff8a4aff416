#pragma once
// The house's own addresses: /healthz and /metrics, and below /api/v1 about, services, reports and openapi.json.

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "platform/reports.h"
#include "platform/service.h"
#include "platform/supervisor.h"

namespace quipu::platform {

/// What the hub tells of itself. Outlives the routes.
struct HouseFront {
    std::string version;
    std::string network;
    Time started{};
    bool loopback_only = true;
    std::function<std::vector<ServiceStatus>()> services;
    std::atomic<bool> serving{false};  ///< every service had its first start, and nothing drains
};

void add_house_routes(House& house, Reports& reports, const HouseFront& front);

}  // namespace quipu::platform
