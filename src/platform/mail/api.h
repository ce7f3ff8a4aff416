#pragma once
// Routes of the mail queue.

#include "platform/api.h"
#include "platform/mail/store.h"

namespace quipu::mail {

struct Rooms {
    data::Database& database;
    Store& store;
    std::function<std::string()> trouble;  ///< why the smarthost can't be talked to
    std::function<void()> ring;            ///< the queue has changed
};

void add_routes(platform::Api& api, const Rooms& rooms);

}  // namespace quipu::mail
