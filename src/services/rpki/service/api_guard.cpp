// What the guard holds, and letting it pass; routers that are served; a validation out of turn.

#include "platform/off_loop.h"
#include "services/rpki/service/api.h"
#include "services/rpki/service/guard_record.h"

namespace quipu::rpki {
namespace {

using platform::Call;
using platform::Nothing;
using platform::Page;
using platform::PageQuery;
using platform::Permission;

struct RtrClientsQuery : PageQuery {
    static constexpr auto describe() { return PageQuery::describe(); }
};
struct GuardState {
    std::optional<HeldChange> held;
    std::optional<std::int64_t> case_number;
    static constexpr auto describe() {
        return fields(field<&GuardState::held>("held", "The change that waits; none if nothing does"),
                      field<&GuardState::case_number>("case", "Number of its case, for those who may see the case"));
    }
};
struct ReleaseQuery {
    std::int64_t id = 0;
    static constexpr auto describe() {
        return fields(field<&ReleaseQuery::id>("id", "Number of the held change").required());
    }
};

Result<void> may_operate(const platform::Caller& caller) {
    if (caller.may(Permission::operate, platform::kEverywhere, kTag)) return {};
    return fail(ErrorCode::forbidden, "what routers get is for whoever operates the whole network");
}

GuardState guard_state(const Rooms& rooms, const platform::Caller& caller) {
    const auto state = rooms.state_if_any();
    if (!state || !state->held) return {};
    GuardState out{.held = state->held, .case_number = {}};
    if (rooms.desk == nullptr) return out;
    const auto number = rooms.desk->case_of_cause(cause_of_change(state->held->id));
    if (number && *number && rooms.desk->find(caller, **number)) out.case_number = *number;
    return out;
}

}  // namespace

void add_guard_routes(platform::Api& api, const Rooms& rooms) {
    api.get<platform::NoInput, GuardState>({.path = "/api/v1/rpki/guard",
                                            .summary = "The change that the guard holds back from routers",
                                            .tag = kTag,
                                            .permission = Permission::see_public,
                                            .command = "quipu rpki guard"},
                                           [rooms](const Call& call, platform::NoInput) -> Task<Result<GuardState>> {
                                               co_return co_await platform::off_loop([&]() -> Result<GuardState> {
                                                   return guard_state(rooms, call.caller);
                                               });
                                           });
    api.post<ReleaseQuery, Nothing>(
        {.path = "/api/v1/rpki/guard/{id}/release",
         .summary = "Lets a held change pass to routers",
         .tag = kTag,
         .permission = Permission::operate,
         .command = "quipu rpki release ID"},
        [rooms](const Call& call, ReleaseQuery query) -> Task<Result<Nothing>> {
            CO_TRY(may_operate(call.caller));
            CO_TRY(rooms.state());
            const std::string by = call.caller.id;
            CO_TRY(co_await platform::off_loop([&] { return rooms.rounds->release(query.id, by); }));
            co_return Nothing{};
        });
    api.post<platform::NoInput, Nothing>({.path = "/api/v1/rpki/validate",
                                          .summary = "Fetches and validates now instead of at the next turn",
                                          .tag = kTag,
                                          .permission = Permission::operate,
                                          .command = "quipu rpki hurry"},
                                         [rooms](const Call& call, platform::NoInput) -> Result<Nothing> {
                                             TRY(may_operate(call.caller));
                                             if (rooms.rounds == nullptr) TRY(rooms.state());
                                             rooms.rounds->hurry();
                                             return Nothing{};
                                         });
    api.get<platform::NoInput, RtrState>({.path = "/api/v1/rpki/rtr",
                                          .summary = "What routers are told now: session, serial, payloads",
                                          .tag = kTag,
                                          .permission = Permission::see_public,
                                          .command = "quipu rpki rtr"},
                                         [rooms](const Call&, platform::NoInput) -> Result<RtrState> {
                                             return rooms.rtr == nullptr ? RtrState{} : rooms.rtr->state();
                                         });
    api.get<RtrClientsQuery, Page<RtrClient>>(
        {.path = "/api/v1/rpki/rtr/clients",
         .summary = "Routers that are connected, with version, serial and lag",
         .tag = kTag,
         .permission = Permission::see_members,
         .command = "quipu rpki clients"},
        [rooms](const Call&, const RtrClientsQuery& query) -> Result<Page<RtrClient>> {
            if (rooms.rtr == nullptr) return Page<RtrClient>{};
            return platform::page_of(rooms.rtr->clients(), query);
        });
}

}  // namespace quipu::rpki
