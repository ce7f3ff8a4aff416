#pragma once
// One message of what has gathered: a notice alone says what it says, several are a list under the first one's
// headline.

#include <string_view>

#include "platform/notify/store.h"
#include "platform/notify/texts.h"

namespace quipu::notify {

/// One notice in words. Where the portal has a page of what it is about, its address stands where the text wants the
/// link, else at the end.
[[nodiscard]] Result<Rendered> render_notice(const TextSet& texts, std::string_view text, mail::Language language,
                                             const Values& values, std::string_view about, std::string_view portal);
/// `zone` is the reader's, for the times in a list; `portal` the portal's address.
[[nodiscard]] Result<Rendered> compose(const TextSet& texts, const std::vector<Kept>& notices, mail::Language language,
                                       bool digest, const Zone& zone, std::string_view portal);
/// The same as JSON for a webhook, in English with the names of topics and objects.
[[nodiscard]] Result<std::string> compose_webhook(const TextSet& texts, const Message& message,
                                                  const std::vector<Kept>& notices, std::string_view portal);

}  // namespace quipu::notify
