#pragma once
// Who may read which events. What stands in no list here is for operators: a new event is not public by oversight.

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace quipu::events {

enum class Audience : std::uint8_t {
    everybody,
    operators,  ///< who may see private details everywhere
    auditors,   ///< who manages people: through /api/v1/audit
};

/// What the network did. Says nothing of a person.
inline constexpr std::array<std::string_view, 22> kPublicEvents = {
    "ObjectChanged",  "RegistryImported",     "LabLinkSet",     "DelayRose",      "DelayFell",       "LossBegan",
    "LossEnded",      "AgentEnrolled",        "AgentConnected", "AgentLost",      "AgentRevoked",    "ServiceFailed",
    "RpkiChangeHeld", "RpkiChangeReleased",   "LabHijackSet",   "ClockWentWrong", "ClockRightAgain", "PathChanged",
    "WaysCompared",   "ThroughputTestFailed", "ThroughputRose", "ThroughputFell"};

/// The audit (access.h).
inline constexpr std::array<std::string_view, 15> kAuditEvents = {
    "SignedIn",       "SignInFailed",   "SignedOut",       "AccountLocked", "AccountMade",
    "AccountChanged", "RolesChanged",   "PasswordChanged", "FactorChanged", "TokenMade",
    "TokenEnded",     "InvitationMade", "RecoveryAsked",   "AccessRefused", "AddressSlowed"};

constexpr Audience audience_of(std::string_view type) {
    if (std::ranges::find(kPublicEvents, type) != kPublicEvents.end()) return Audience::everybody;
    if (std::ranges::find(kAuditEvents, type) != kAuditEvents.end()) return Audience::auditors;
    return Audience::operators;
}

}  // namespace quipu::events
