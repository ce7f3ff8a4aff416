#pragma once
// Where mail, notifications and the desk meet: letters become notes and cases, and what happens to a case is told to
// those who follow it.

#include <functional>
#include <memory>

#include "desk/desk.h"
#include "platform/mail/inbox.h"
#include "platform/notify/notify.h"
#include "registry/registry.h"

namespace quipu::app {

/// Both are asked at each letter and outlive it.
[[nodiscard]] std::unique_ptr<mail::Inbox> make_case_inbox(std::function<desk::Desk&()> desk,
                                                           std::function<registry::Registry&()> registry);

/// Who is told of a case's events: its followers and its owner; of the network's own troubles also the contacts of the
/// organisations concerned. For Notifier::follow("cases", …).
[[nodiscard]] notify::Notifier::Source make_case_source(std::function<desk::Desk&()> desk,
                                                        std::function<registry::Registry&()> registry);

}  // namespace quipu::app
