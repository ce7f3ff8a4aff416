#pragma once
// What people are told of the network, in three languages: notices (texts of the notifier) and the words of a case.

#include <span>
#include <string>
#include <string_view>

#include "desk/operations/model.h"
#include "platform/notify/notify.h"

namespace quipu::operations {

/// outage-link, outage-site, outage-point, outage-over, maintenance-notice, maintenance-cancelled.
extern const std::span<const notify::Text> kTexts;

struct CaseWords {
    std::string title, description;
};
/// Of an outage in one language (es, pt; English for all others); `name` is what people call the object.
[[nodiscard]] CaseWords case_words(const Outage& outage, std::string_view name, std::string_view language);
[[nodiscard]] std::string closing_words(const Outage& outage, std::string_view reason, std::string_view language);

/// "1 h 20 min".
[[nodiscard]] std::string duration_text(std::int64_t seconds);

}  // namespace quipu::operations
