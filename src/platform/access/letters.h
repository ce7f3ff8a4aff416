#pragma once
// The letters of access, each in Spanish, Portuguese and English.

#include <string>

#include "platform/access/access.h"

namespace quipu::access {

/// To whom, in which language (es when it is none of ours), and what is told: an absolute link, a place, an address.
struct Addressee {
    std::string mail, name, language;
};
[[nodiscard]] Letter invitation_letter(const Addressee& to, const std::string& network, const std::string& inviter,
                                       const std::string& link, Time until);
[[nodiscard]] Letter recovery_letter(const Addressee& to, const std::string& network, const std::string& link,
                                     Time until);
[[nodiscard]] Letter lock_letter(const Addressee& to, const std::string& network, Time until);
[[nodiscard]] Letter password_letter(const Addressee& to, const std::string& network, const std::string& address);
[[nodiscard]] Letter factor_letter(const Addressee& to, const std::string& network);
/// `name`: what its owner calls the token.
[[nodiscard]] Letter token_letter(const Addressee& to, const std::string& network, const std::string& name, Time until);
[[nodiscard]] Letter used_code_letter(const Addressee& to, const std::string& network, const std::string& address);
/// To the address that was; `mail` is the one that is now.
[[nodiscard]] Letter address_letter(const Addressee& to, const std::string& network, const std::string& mail);
/// The owner, at the address that the account has. It has one.
[[nodiscard]] Addressee addressee_of(const Account& account);

}  // namespace quipu::access
