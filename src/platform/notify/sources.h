#pragma once
// Notices that follow from the journal: what happened to the network becomes news.

#include <optional>

#include "data/journal.h"
#include "platform/notify/notify.h"

namespace quipu::notify {

/// What an event of the network is to those whose rules ask for it; nothing for an event that is no news by itself.
/// Cases are told by whoever knows them (Notifier::follow).
[[nodiscard]] std::optional<Notice> notice_of(const data::Event& event);

}  // namespace quipu::notify
