#pragma once
// What follows from a delivery attempt: sent, given up, or tried again and when.

#include "base/describe.h"
#include "base/random.h"
#include "base/time.h"
#include "platform/mail/engine_client.h"

namespace quipu::mail {

enum class RecipientState : std::uint8_t { queued, sending, sent, failed, expired, dropped };
constexpr auto describe_enum(RecipientState) {
    return names<RecipientState>({{RecipientState::queued, "queued"},
                                  {RecipientState::sending, "sending"},
                                  {RecipientState::sent, "sent"},
                                  {RecipientState::failed, "failed"},
                                  {RecipientState::expired, "expired"},
                                  {RecipientState::dropped, "dropped"}});
}

struct NextStep {
    RecipientState state = RecipientState::queued;
    Time next{};  ///< when it is queued
    /// The address itself is bad (RFC 3463 X.1.Z, or a mailbox that is disabled): nothing will ever arrive there.
    bool bad_address = false;
};

/// `attempts` counts the one that was just made. RFC 5321 §4.5.4.1 asks for half an hour between tries and for days of
/// patience; the first tries come sooner, since greylisting is lifted within minutes.
[[nodiscard]] NextStep after_attempt(const Outcome& outcome, std::int64_t attempts, Time now, Time expires, Rng& rng);
/// How long to leave a server alone that could not be talked to `failures` times in a row.
[[nodiscard]] Nanoseconds pause_after(std::int64_t failures, Rng& rng);
/// By RFC 3463's enumeration (codes 5.1.1, 5.1.2, 5.1.3, 5.1.6, 5.1.10, 5.2.1), or 550 and 553 to RCPT without one.
[[nodiscard]] bool says_bad_address(int code, std::string_view status);

}  // namespace quipu::mail
