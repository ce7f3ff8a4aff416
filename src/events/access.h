#pragma once
// What happens to accounts: the audit. Subject: account:ID. Only people who manage accounts may read these, so they
// hold no more than an auditor needs: never a password, a token or what was typed as a login.

#include <string>

#include "base/describe.h"

namespace quipu::events {

struct AccountEvent {
    std::string account;  // empty when nobody's is known
    std::string detail;   // one line
    std::string address;  // from where, when somebody was there
    static constexpr auto describe() {
        return fields(field<&AccountEvent::account>("account", "About whom; empty when nobody is known").required(),
                      field<&AccountEvent::detail>("detail", "One line").required(),
                      field<&AccountEvent::address>("address", "From where"));
    }
};
struct SignedIn : AccountEvent {
    static constexpr std::string_view kType = "SignedIn";
};
struct SignInFailed : AccountEvent {
    static constexpr std::string_view kType = "SignInFailed";
};
struct SignedOut : AccountEvent {
    static constexpr std::string_view kType = "SignedOut";
};
/// Too many wrong passwords from several places: it opens again by itself.
struct AccountLocked : AccountEvent {
    static constexpr std::string_view kType = "AccountLocked";
};
struct AccountMade : AccountEvent {
    static constexpr std::string_view kType = "AccountMade";
};
struct AccountChanged : AccountEvent {
    static constexpr std::string_view kType = "AccountChanged";
};
struct RolesChanged : AccountEvent {
    static constexpr std::string_view kType = "RolesChanged";
};
struct PasswordChanged : AccountEvent {
    static constexpr std::string_view kType = "PasswordChanged";
};
struct FactorChanged : AccountEvent {
    static constexpr std::string_view kType = "FactorChanged";
};
struct TokenMade : AccountEvent {
    static constexpr std::string_view kType = "TokenMade";
};
struct TokenEnded : AccountEvent {
    static constexpr std::string_view kType = "TokenEnded";
};
struct InvitationMade : AccountEvent {
    static constexpr std::string_view kType = "InvitationMade";
};
struct RecoveryAsked : AccountEvent {
    static constexpr std::string_view kType = "RecoveryAsked";
};
/// Somebody known asked for what they may not do; once a minute for each of what.
struct AccessRefused : AccountEvent {
    static constexpr std::string_view kType = "AccessRefused";
};
/// An address was slowed for its wrong passwords, tokens or assertions; told once when it begins, once when it ends.
struct AddressSlowed : AccountEvent {
    static constexpr std::string_view kType = "AddressSlowed";
};

}  // namespace quipu::events
