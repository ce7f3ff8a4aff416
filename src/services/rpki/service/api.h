#pragma once
// The routes of the service "rpki": its state, questions, the guard, routers' clients.

#include "desk/desk.h"
#include "platform/api.h"
#include "services/rpki/service/rounds.h"

namespace quipu::rpki {

inline constexpr std::string_view kTag = "rpki";

/// What the routes need; all of it lives as long as they are open.
struct Rooms {
    Rounds* rounds = nullptr;    ///< nullptr: nothing is validated here
    RtrServer* rtr = nullptr;    ///< nullptr: routers are not served here
    desk::Desk* desk = nullptr;  ///< nullptr: what the guard holds has no case

    /// `unavailable` before the first validation has ended.
    [[nodiscard]] Result<std::shared_ptr<const State>> state() const;
    /// The same, or nothing.
    [[nodiscard]] std::shared_ptr<const State> state_if_any() const {
        return rounds == nullptr ? nullptr : rounds->state();
    }
};

void add_state_routes(platform::Api& api, const Rooms& rooms);
void add_validity_routes(platform::Api& api, const Rooms& rooms);
void add_guard_routes(platform::Api& api, const Rooms& rooms);
void add_member_routes(platform::Api& api, const Rooms& rooms);

}  // namespace quipu::rpki
