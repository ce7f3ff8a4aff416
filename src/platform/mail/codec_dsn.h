#pragma once
// Delivery status notifications (RFC 3464): the fields of a message/delivery-status part.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "platform/mail/codec_smtp.h"

namespace quipu::mail {

enum class DsnAction : std::uint8_t { failed, delayed, delivered, relayed, expanded };

struct RecipientReport {
    std::string address;  ///< Original-Recipient if it is there, else Final-Recipient, without its type
    DsnAction action = DsnAction::failed;
    EnhancedStatus status;
    std::string diagnostic;
    /// It will never arrive: failed, and the status does not say that it is for now.
    [[nodiscard]] bool is_hard() const { return action == DsnAction::failed && status.klass != 4; }
};

struct DeliveryReport {
    std::vector<RecipientReport> recipients;
    std::string original_message_id;  ///< of the letter that it is about, if it was returned
};

/// At most 100 recipients; groups that can't be understood are left out. `invalid` when no recipient's group is there.
[[nodiscard]] Result<std::vector<RecipientReport>> parse_delivery_status(std::string_view part);

/// "<id>" of a Message-ID, In-Reply-To or References field, each without its brackets; what is malformed is left out.
[[nodiscard]] std::vector<std::string> message_ids_of(std::string_view field);

}  // namespace quipu::mail
