#pragma once
// What stands behind the listener: the door, the API, and the portal's files for every other address.

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "net/http_server.h"
#include "platform/api.h"
#include "platform/door.h"
#include "platform/metrics.h"

namespace quipu::platform {

class Front {
  public:
    /// `web` is the portal's folder; empty for none. `not_found` names a folder that is not there.
    static Result<std::unique_ptr<Front>> open(const Api& api, Metrics& metrics, const Clock& clock,
                                               const std::string& web);

    /// The door needs the port that was really taken: until it is set every request is refused.
    void set_door(Door door) { door_.store(std::make_shared<const Door>(std::move(door))); }
    [[nodiscard]] Task<net::HttpResponse> answer(net::HttpRequest& request);

  private:
    Front(const Api& api, Metrics& metrics, const Clock& clock);
    [[nodiscard]] Task<net::HttpResponse> answer_api(net::HttpRequest& request);
    [[nodiscard]] net::HttpResponse page(const net::HttpRequest& request) const;

    const Api& api_;
    const Clock& clock_;
    std::optional<net::StaticFiles> files_;
    std::atomic<std::shared_ptr<const Door>> door_;
    std::shared_ptr<Metrics::Timer> seconds_;
    std::array<std::shared_ptr<Counter>, 6> by_class_;
};

}  // namespace quipu::platform
