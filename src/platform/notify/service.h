#pragma once
// The service "notify": notices in, letters, webhooks and the portal's list out.

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "platform/mail/service.h"
#include "platform/notify/directory.h"
#include "platform/notify/notify.h"
#include "platform/service.h"

namespace quipu::notify {

class NotifyService : public platform::Service {
  public:
    /// There from provision on, until this service is destroyed; notices are accepted from then on.
    [[nodiscard]] virtual Notifier& notifier() = 0;
    /// Who people are, before the service is provisioned; without it only notices to addresses reach anybody.
    virtual void use_directory(std::unique_ptr<Directory> directory) = 0;
};

/// `mail` (asked from provision on) outlives the service. `needs`: beside mail, the services that directory and sources
/// stand on.
[[nodiscard]] std::unique_ptr<NotifyService> make_notify_service(std::function<mail::Mail&()> mail,
                                                                 std::vector<std::string_view> needs = {});

}  // namespace quipu::notify
