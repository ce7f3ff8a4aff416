#pragma once
// The front door of the loopback listener: which requests come in, and what every response wears. A page of another
// site that a person has open may send requests to 127.0.0.1; Host and Origin tell those from the portal's own.

#include <string>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace quipu::platform {

/// The one address that a page of another site may send a form to: an identity provider's answer (platform/signin),
/// which is verified by its signature and carries no cookie of ours.
inline constexpr std::string_view kAssertionConsumer = "/api/v1/signin/saml/acs";

class Door {
  public:
    /// `hosts` are further accepted values of the Host header.
    Door(std::uint16_t port, const std::vector<std::string>& hosts);

    /// `forbidden` for a foreign Host (DNS rebinding) and, on anything but a read, for a foreign
    /// Origin; kAssertionConsumer excepted.
    [[nodiscard]] Result<void> admit(const net::HttpRequest& request) const;

    /// Security headers for the portal's pages, and the shorter list for API responses.
    static void dress_page(net::HttpResponse& response);
    static void dress_api(net::HttpResponse& response);

  private:
    std::vector<std::string> hosts_;
    std::vector<std::string> origins_;
    std::string own_;
};

}  // namespace quipu::platform
