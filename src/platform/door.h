#pragma once
// The front door of the listener: which requests come in, and what every response wears. A page of another
// site that a person has open may send requests to 127.0.0.1; Host and Origin tell those from the portal's own.

#include <string>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace quipu::platform {

class Door {
  public:
    /// `hosts` are further accepted values of the Host header; `secure`: over TLS.
    Door(std::uint16_t port, const std::vector<std::string>& hosts, bool secure = false);

    /// `forbidden` for a foreign Host (DNS rebinding) and, on anything but a read, for a foreign Origin.
    /// `from_elsewhere`: the route is there for pages of other places, and takes nothing from whoever is signed in.
    [[nodiscard]] Result<void> admit(const net::HttpRequest& request, bool from_elsewhere = false) const;

    /// Security headers for the portal's pages, and the shorter list for API responses.
    void dress_page(net::HttpResponse& response) const;
    void dress_api(net::HttpResponse& response) const;

  private:
    std::vector<std::string> hosts_;
    std::vector<std::string> origins_;
    std::string own_;
    bool secure_;
};

}  // namespace quipu::platform
