#pragma once
// Routes of notifications: what somebody was told, and the rules by which they are.

#include <functional>

#include "platform/api.h"
#include "platform/notify/directory.h"
#include "platform/notify/store.h"
#include "platform/notify/streams.h"

namespace quipu::notify {

struct Rooms {
    const Clock& clock;
    Store& store;
    const TextSet& texts;
    Notifier& notifier;
    std::shared_ptr<Streams> streams;
    std::function<Directory*()> directory;
    std::function<std::string(const Rule&)> secret_of;  ///< what a webhook's posts are signed with
    std::function<void()> rules_changed;
    bool allow_private = false;
    std::string network;
};

void add_routes(platform::Api& api, const Rooms& rooms);

}  // namespace quipu::notify
