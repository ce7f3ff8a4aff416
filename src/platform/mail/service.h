#pragma once
// The service "mail": the queue, the smarthost's sender, LMTP and the maildir.

#include <memory>
#include <string_view>
#include <vector>

#include "platform/mail/inbox.h"
#include "platform/mail/letter.h"
#include "platform/service.h"

namespace quipu::mail {

class MailService : public platform::Service {
  public:
    /// There from provision on, until this service is destroyed; letters are accepted from then on.
    [[nodiscard]] virtual Mail& mail() = 0;
    /// Whether letters go out: it is provisioned, and a smarthost is set.
    [[nodiscard]] virtual bool sends() const = 0;
    /// Who takes letters that come in, before the service is provisioned; without one they are refused for now.
    virtual void use_inbox(std::unique_ptr<Inbox> inbox) = 0;
};

/// `needs`: the services that its inbox stands on.
[[nodiscard]] std::unique_ptr<MailService> make_mail_service(std::vector<std::string_view> needs = {});

}  // namespace quipu::mail
