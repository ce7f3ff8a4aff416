// Signing in and out, one's own sessions, one-time links.

#include "platform/access/roles.h"
#include "platform/access/routes.h"
#include "platform/off_loop.h"

namespace quipu::access {
namespace {

using platform::Call;
using platform::Nothing;
using platform::Page;
using platform::PageQuery;
using platform::Permission;
using platform::Reply;

struct OneSession {
    std::string id;
    static constexpr auto describe() { return fields(field<&OneSession::id>("id", "The session").required()); }
};

Reply<SessionReply> reply_of(SessionStart start) {
    SessionReply reply;
    reply.signed_in = start.pending.empty();
    if (!start.pending.empty()) reply.pending = std::move(start.pending);
    reply.factors = std::move(start.factors);
    // Who it is is told once the second factor has shown it.
    if (reply.signed_in) reply.account = std::move(start.account);
    reply.until = start.until;
    return {std::move(reply), 200, {}, {}, std::move(start.cookie)};
}

/// A call of Core that begins a session, off the loop.
template <class F>
Task<Result<Reply<SessionReply>>> begin(F work) {
    co_return reply_of(CO_TRY(co_await platform::off_loop(std::move(work))));
}

Task<Result<Reply<Nothing>>> sign_out(Core& core, const Call& call) {
    CO_TRY(co_await platform::off_loop([&] { return core.sign_out(call.caller); }));
    Reply<Nothing> reply;
    reply.status = 204;
    reply.cookie = std::string(core.cookie_name()) + "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0";
    if (core.cookie_name().starts_with("__Host-")) reply.cookie += "; Secure";
    co_return reply;
}

Result<std::string> own_account(Core& core, const Call& call) {
    return TRY(core.account_of(call.caller))
    .id;
}

Task<Result<Nothing>> end_one(Core& core, const Call& call, std::string id) {
    const std::string account = CO_TRY(own_account(core, call));
    CO_TRY(co_await platform::off_loop([&] { return core.end_session(account, id, call.caller.id); }));
    co_return Nothing{};
}

Task<Result<Nothing>> end_others(Core& core, const Call& call) {
    const std::string account = CO_TRY(own_account(core, call));
    CO_TRY(co_await platform::off_loop(
        [&] { return core.end_other_sessions(account, call.caller.session, call.caller.id); }));
    co_return Nothing{};
}

std::vector<RoleRow> role_table() {
    std::vector<RoleRow> rows;
    for (const auto& [role, unused] : describe_enum(Role{})) {
        RoleRow row{role, {}};
        for (const Permission permission : permissions_of(role, true))
            row.permissions.emplace_back(enum_name(permission));
        rows.push_back(std::move(row));
    }
    return rows;
}

void add_links(platform::Api& api, const std::shared_ptr<Core>& core) {
    api.post<With<LinkToken>, LinkInfo>(
        {.path = "/api/v1/invitations/look",
         .summary = "What a one-time link is for; it is not used up",
         .tag = "access",
         .permission = Permission::see_public},
        [core](const Call& call, const With<LinkToken>& input) -> Task<Result<LinkInfo>> {
            const Origin from = origin_of(call.request);
            co_return co_await platform::off_loop([&] { return core->look(input.body.token, from); });
        });
    api.post<With<Acceptance>, SessionReply>(
        {.path = "/api/v1/invitations/accept",
         .summary = "Makes an account by a one-time link, and signs in",
         .tag = "access",
         .permission = Permission::see_public},
        [core](const Call& call, const With<Acceptance>& input) {
            return begin([core, input, from = origin_of(call.request)] { return core->accept(input.body, from); });
        });
    api.post<With<RecoveryRequest>, Nothing>(
        {.path = "/api/v1/recovery",
         .summary = "Asks for a letter with a link to a new password; says nothing of whether there is such an account",
         .tag = "access",
         .permission = Permission::see_public},
        [core](const Call& call, const With<RecoveryRequest>& input) -> Task<Result<Nothing>> {
            const Origin from = origin_of(call.request);
            CO_TRY(co_await platform::off_loop([&] { return core->ask_recovery(input.body.login, from); }));
            co_return Nothing{};
        });
    api.post<With<Recovery>, SessionReply>(
        {.path = "/api/v1/recovery/accept",
         .summary = "Sets a new password by a link, and signs in",
         .tag = "access",
         .permission = Permission::see_public},
        [core](const Call& call, const With<Recovery>& input) {
            return begin([core, input, from = origin_of(call.request)] { return core->recover(input.body, from); });
        });
}

}  // namespace

void add_session_routes(platform::Api& api, std::shared_ptr<Core> core) {
    api.get<platform::NoInput, SessionInfo>({.path = "/api/v1/session",
                                             .summary = "Who the caller is, what they may do, and how one can sign in",
                                             .tag = "access",
                                             .permission = Permission::see_public,
                                             .command = "quipu whoami"},
                                            [core](const Call& call, platform::NoInput) -> Result<SessionInfo> {
                                                return core->session_of(call.caller, origin_of(call.request));
                                            });
    api.post<With<SignIn>, SessionReply>({.path = "/api/v1/session",
                                          .summary = "Signs in by password",
                                          .tag = "access",
                                          .permission = Permission::see_public,
                                          .command = "quipu login"},
                                         [core](const Call& call, const With<SignIn>& input) {
                                             return begin([core, input, from = origin_of(call.request)] {
                                                 return core->sign_in(input.body.login, input.body.password, from);
                                             });
                                         });
    api.remove<platform::NoInput, Nothing>(
        {.path = "/api/v1/session", .summary = "Signs out", .tag = "access", .permission = Permission::own},
        [core](const Call& call, platform::NoInput) { return sign_out(*core, call); });
    api.put<With<PasswordChange>, Nothing>(
        {.path = "/api/v1/session/password",
         .summary = "Changes one's own password and ends all other sessions",
         .tag = "access",
         .permission = Permission::own},
        [core](const Call& call, const With<PasswordChange>& input) -> Task<Result<Nothing>> {
            CO_TRY(co_await platform::off_loop(
                [&] { return core->change_password(call.caller, input.body, origin_of(call.request)); }));
            co_return Nothing{};
        });
    api.get<PageQuery, Page<SessionEntry>>(
        {.path = "/api/v1/sessions", .summary = "One's own sessions", .tag = "access", .permission = Permission::own},
        [core](const Call& call, const PageQuery& query) -> Result<Page<SessionEntry>> {
            return platform::page_of(core->sessions_of(TRY(own_account(*core, call)), call.caller.session), query);
        });
    api.remove<OneSession, Nothing>(
        {.path = "/api/v1/sessions/{id}",
         .summary = "Ends one of one's own sessions",
         .tag = "access",
         .permission = Permission::own},
        [core](const Call& call, OneSession query) { return end_one(*core, call, std::move(query.id)); });
    api.remove<platform::NoInput, Nothing>(
        {.path = "/api/v1/sessions",
         .summary = "Ends all of one's own sessions but this one",
         .tag = "access",
         .permission = Permission::own},
        [core](const Call& call, platform::NoInput) { return end_others(*core, call); });
    api.get<PageQuery, Page<RoleRow>>({.path = "/api/v1/roles",
                                       .summary = "Which role may do what, when it is held everywhere",
                                       .tag = "access",
                                       .permission = Permission::see_public,
                                       .command = "quipu accounts roles"},
                                      [](const Call&, const PageQuery& query) -> Result<Page<RoleRow>> {
                                          return platform::page_of(role_table(), query);
                                      });
    add_links(api, core);
}

}  // namespace quipu::access
