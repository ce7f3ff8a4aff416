#pragma once
// One message of what has gathered: a notice alone says what it says, several are a list under the first one's
// headline.

#include "platform/notify/store.h"
#include "platform/notify/texts.h"

namespace quipu::notify {

/// `zone` is the reader's, for the times in a list.
[[nodiscard]] Result<Rendered> compose(const TextSet& texts, const std::vector<Kept>& notices, mail::Language language,
                                       bool digest, const Zone& zone);
/// The same as JSON for a webhook, in English with the names of topics and objects.
[[nodiscard]] Result<std::string> compose_webhook(const TextSet& texts, const Message& message,
                                                  const std::vector<Kept>& notices);

}  // namespace quipu::notify
