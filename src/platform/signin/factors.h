#pragma once
// The second factors of an account: enrolment, and the second step of a sign-in. What is kept of them is access's
// (sealed on disk); what is decided of them is here. All calls block.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/time.h"
#include "platform/access/access.h"
#include "platform/signin/api.h"
#include "platform/signin/one_time.h"
#include "platform/signin/webauthn.h"

namespace quipu::signin {

class FactorDesk {
  public:
    /// `party` is asked anew each time: the hub's address may be known late.
    FactorDesk(const Clock& clock, access::Access& access, std::string network, std::function<RelyingParty()> party);

    [[nodiscard]] Result<Factors> of(const access::Account& account) const;

    [[nodiscard]] Result<TotpEnrolment> begin_totp(const access::Account& account);
    /// The recovery codes if there were none yet.
    [[nodiscard]] Result<RecoveryCodes> confirm_totp(const access::Account& account, std::string_view code,
                                                     std::string_view who);
    [[nodiscard]] Result<void> remove_totp(const access::Account& account, std::string_view who);

    [[nodiscard]] Result<Ceremony> begin_passkey(const access::Account& account);
    [[nodiscard]] Result<Passkey> add_passkey(const access::Account& account, const PasskeyInput& input,
                                              std::string_view who);
    [[nodiscard]] Result<void> remove_passkey(const access::Account& account, std::string_view id,
                                              std::string_view who);
    /// New ones; those before are no longer good.
    [[nodiscard]] Result<RecoveryCodes> renew_codes(const access::Account& account, std::string_view who);

    /// The second step by an authenticator's code or a recovery code.
    [[nodiscard]] Result<access::SessionStart> finish_by_code(const SecondStep& step, const access::Origin& from);
    /// For the second step of `pending`; without it, for whoever has a passkey of this hub.
    [[nodiscard]] Result<Ceremony> ask_passkey(std::string_view pending);
    [[nodiscard]] Result<access::SessionStart> finish_by_passkey(const PasskeyAnswer& answer,
                                                                 const access::Origin& from);

  private:
    struct Secret {
        std::string octets;
        Monotonic until{};
    };
    struct Begun {
        std::string account;    ///< empty: whoever it turns out to be
        std::string pending;    ///< the sign-in that waits
        std::string challenge;  ///< base64url
        bool registers = false;
    };
    [[nodiscard]] bool take_code(const access::Account& account, std::string_view code, std::string& method);
    [[nodiscard]] Result<std::string> check_passkey(const PasskeyAnswer& answer, const Begun& begun);
    [[nodiscard]] Result<void> drop_all(std::string_view account, std::string_view kind, std::string_view who);
    /// Recovery codes without a factor that they could stand in for go with it.
    [[nodiscard]] Result<void> tidy(std::string_view account, std::string_view who);

    const Clock& clock_;
    access::Access& access_;
    std::string network_;
    std::function<RelyingParty()> party_;
    Guarded<std::map<std::string, Secret, std::less<>>> enrolling_;
    OneTime<Begun> ceremonies_;
};

}  // namespace quipu::signin
