// Accounts, invitations, tokens, and the audit.

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "events/audience.h"
#include "platform/access/routes.h"
#include "platform/off_loop.h"

namespace quipu::access {
namespace {

using platform::Call;
using platform::kEverywhere;
using platform::Nothing;
using platform::Page;
using platform::PageQuery;
using platform::Permission;
using platform::Reply;

constexpr std::size_t kAuditBatch = 500;
constexpr std::size_t kAuditBatches = 40;

struct AccountsQuery : PageQuery {
    std::string organisation, q;
    std::optional<AccountState> state;
    static constexpr auto describe() {
        using T = AccountsQuery;
        return std::tuple_cat(PageQuery::describe(),
                              fields(field<&T::organisation>("organisation", "With this home, or a role there"),
                                     field<&T::q>("q", "Whose name, login or id holds this text").at_most_long(200),
                                     field<&T::state>("state", "Only in this state")));
    }
    [[nodiscard]] bool wants(const Account& account) const {
        const auto there = [&](const RoleGrant& role) { return role.organisation == organisation; };
        if (!organisation.empty() && account.organisation != organisation && std::ranges::none_of(account.roles, there))
            return false;
        if (state && account.state != *state) return false;
        const auto holds = [&](const std::string& text) {
            return std::ranges::search(text, q, [](char a, char b) {
                       return std::tolower(a) == std::tolower(b);
                   }).begin() != text.end();
        };
        return q.empty() || holds(account.name) || holds(account.login) || holds(account.id);
    }
};
struct OneAccount {
    std::string id;
    static constexpr auto describe() { return fields(field<&OneAccount::id>("id", "The account").required()); }
};
template <class B>
struct Changed {
    std::string id;
    B body;
    static constexpr auto describe() {
        return fields(field<&Changed::id>("id", "The account").required(),
                      field<&Changed::body>("body", "What is to be").required());
    }
};
struct OneThing {
    std::string id;
    static constexpr auto describe() { return fields(field<&OneThing::id>("id", "Its number").required()); }
};
struct TokensQuery : PageQuery {
    std::string account;
    static constexpr auto describe() {
        return std::tuple_cat(PageQuery::describe(), fields(field<&TokensQuery::account>(
                                                         "account", "Of somebody whom I manage; mine if left out")));
    }
};
struct AuditQuery : PageQuery {
    std::string account, type;
    std::optional<Time> since, until;
    static constexpr auto describe() {
        using T = AuditQuery;
        return std::tuple_cat(
            PageQuery::describe(),
            fields(field<&T::account>("account", "Only about this account").at_most_long(63),
                   field<&T::type>("type", "Only this: SignedIn, RolesChanged…").at_most_long(60),
                   field<&T::since>("since", "Not before this time"), field<&T::until>("until", "Before this time")));
    }
};

Reply<Account> reply_of(Account account) {
    const std::string etag = std::to_string(account.version);
    return {std::move(account), 200, etag};
}

std::string text_at(const Value& body, std::string_view key) {
    const Value* found = body.find(key);
    return found != nullptr && found->if_string() != nullptr ? *found->if_string() : std::string();
}

AuditEntry entry_of(const data::Event& event) {
    const std::string address = text_at(event.body, "address");
    return {.id = event.id,
            .time = event.time,
            .type = event.type,
            .account = text_at(event.body, "account"),
            .actor = event.actor,
            .detail = text_at(event.body, "detail") + (address.empty() ? "" : " (from " + address + ")")};
}

/// Who manages some organisations sees what is about their people, and what these did; the house sees all.
class Auditor {
  public:
    Auditor(const Core& core, const platform::Caller& caller) : core_(core), caller_(caller) {}
    [[nodiscard]] bool sees(const AuditEntry& entry) const {
        if (caller_.may(Permission::manage_people, kEverywhere, kTag)) return true;
        const auto account = core_.account(entry.account);
        return account && core_.manages(caller_, *account);
    }

  private:
    const Core& core_;
    const platform::Caller& caller_;
};

Result<Page<AuditEntry>> audit(const Core& core, const platform::Caller& caller, const AuditQuery& query) {
    data::EventFilter filter;
    filter.newest_first = true;
    filter.limit = kAuditBatch;
    filter.since = query.since;
    filter.until = query.until;
    if (!query.account.empty()) filter.subject = "account:" + query.account;
    if (!query.type.empty()) {
        if (events::audience_of(query.type) != events::Audience::auditors)
            return fail(ErrorCode::invalid, fmt::format("{} is no event of the audit", query.type), "type");
        filter.type = query.type;
    } else {
        filter.only_types.assign(events::kAuditEvents.begin(), events::kAuditEvents.end());
    }
    if (!query.cursor.empty()) {
        const std::string position = TRY(platform::read_cursor(query.cursor));
        std::from_chars(position.data(), position.data() + position.size(), filter.before);
    }
    const Auditor auditor(core, caller);
    Page<AuditEntry> page;
    for (std::size_t batch = 0; batch < kAuditBatches; ++batch) {
        const auto events = TRY(core.journal().events(filter));
        for (const data::Event& event : events) {
            AuditEntry entry = entry_of(event);
            if (!auditor.sees(entry)) continue;
            if (std::cmp_equal(page.items.size(), query.limit)) {
                page.next = platform::make_cursor(std::to_string(page.items.back().id));
                return page;
            }
            page.items.push_back(std::move(entry));
        }
        if (events.size() < kAuditBatch) return page;
        filter.before = events.back().id;
    }
    page.next = platform::make_cursor(std::to_string(filter.before));
    return page;
}

void add_people(platform::Api& api, const std::shared_ptr<Core>& core) {
    api.get<AccountsQuery, Page<Account>>(
        {.path = "/api/v1/accounts",
         .summary = "Accounts of the people whom the caller manages",
         .tag = "access",
         .permission = Permission::manage_people,
         .command = "quipu accounts list"},
        [core](const Call& call, const AccountsQuery& query) -> Result<Page<Account>> {
            auto all = core->managed_by(call.caller);
            std::erase_if(all, [&](const Account& a) { return !query.wants(a); });
            return platform::page_of(std::move(all), query);
        });
    api.get<OneAccount, Account>({.path = "/api/v1/accounts/{id}",
                                  .summary = "One's own account, or one of the people whom the caller manages",
                                  .tag = "access",
                                  .permission = Permission::own,
                                  .command = "quipu accounts show ID"},
                                 [core](const Call& call, const OneAccount& query) -> Result<Reply<Account>> {
                                     return reply_of(TRY(core->seen_by(call.caller, query.id)));
                                 });
    api.patch<Changed<AccountChange>, Account>(
        {.path = "/api/v1/accounts/{id}",
         .summary = "Changes name, mail or language; locks, closes or opens an account that the caller manages",
         .tag = "access",
         .permission = Permission::own,
         .needs_if_match = true,
         .command = "quipu accounts lock ID"},
        [core](const Call& call, Changed<AccountChange> input) -> Task<Result<Reply<Account>>> {
            co_return reply_of(CO_TRY(co_await platform::off_loop(
                [&] { return core->change(call.caller, input.id, input.body, call.if_match); })));
        });
    api.put<Changed<RoleList>, Account>(
        {.path = "/api/v1/accounts/{id}/roles",
         .summary = "Sets all roles of an account",
         .tag = "access",
         .permission = Permission::manage_people,
         .needs_if_match = true,
         .command = "quipu accounts role ID ROLE"},
        [core](const Call& call, Changed<RoleList> input) -> Task<Result<Reply<Account>>> {
            co_return reply_of(CO_TRY(co_await platform::off_loop(
                [&] { return core->set_roles(call.caller, input.id, input.body.roles, call.if_match); })));
        });
    api.remove<OneAccount, Nothing>(
        {.path = "/api/v1/accounts/{id}/factors",
         .summary = "Takes all second factors away from somebody who has lost them, and ends their sessions",
         .tag = "access",
         .permission = Permission::manage_people,
         .command = "quipu accounts reset-factors ID"},
        [core](const Call& call, const OneAccount& input) -> Task<Result<Nothing>> {
            CO_TRY(co_await platform::off_loop([&] { return core->remove_factors(call.caller, input.id); }));
            co_return Nothing{};
        });
}

void add_invitations(platform::Api& api, const std::shared_ptr<Core>& core) {
    api.get<PageQuery, Page<Invitation>>(
        {.path = "/api/v1/invitations",
         .summary = "Invitations that are open",
         .tag = "access",
         .permission = Permission::manage_people},
        [core](const Call& call, PageQuery query) -> Task<Result<Page<Invitation>>> {
            auto all = CO_TRY(co_await platform::off_loop([&] { return core->invitations(call.caller); }));
            co_return platform::page_of(std::move(all), query);
        });
    api.post<With<Invitation>, Invitation>(
        {.path = "/api/v1/invitations",
         .summary = "Invites somebody by mail; answers the link when no letter could be sent",
         .tag = "access",
         .permission = Permission::manage_people,
         .command = "quipu accounts invite MAIL",
         .success = 201},
        [core](const Call& call, With<Invitation> input) -> Task<Result<Reply<Invitation>>> {
            auto made = CO_TRY(co_await platform::off_loop([&] { return core->invite(call.caller, input.body); }));
            co_return Reply<Invitation>(std::move(made), 201);
        });
    api.remove<OneThing, Nothing>(
        {.path = "/api/v1/invitations/{id}",
         .summary = "Takes an invitation back",
         .tag = "access",
         .permission = Permission::manage_people},
        [core](const Call& call, OneThing query) -> Task<Result<Nothing>> {
            CO_TRY(co_await platform::off_loop([&] { return core->withdraw(call.caller, query.id); }));
            co_return Nothing{};
        });
}

void add_tokens(platform::Api& api, const std::shared_ptr<Core>& core) {
    api.get<TokensQuery, Page<Token>>({.path = "/api/v1/tokens",
                                       .summary = "Tokens: one's own, or of somebody whom the caller manages",
                                       .tag = "access",
                                       .permission = Permission::own,
                                       .command = "quipu tokens list"},
                                      [core](const Call& call, const TokensQuery& query) -> Result<Page<Token>> {
                                          const Account account =
                                              query.account.empty() ? TRY(core->account_of(call.caller))
                                                                    : TRY(core->seen_by(call.caller, query.account));
                                                                    return platform::page_of(
                                                                        core->tokens_of(account.id), query);
                                      });
    api.post<With<TokenWish>, Token>(
        {.path = "/api/v1/tokens",
         .summary = "Makes a token; its text is answered this once",
         .tag = "access",
         .permission = Permission::own,
         .command = "quipu tokens make NAME",
         .success = 201},
        [core](const Call& call, With<TokenWish> input) -> Task<Result<Reply<Token>>> {
            auto made = CO_TRY(co_await platform::off_loop([&] { return core->make_token(call.caller, input.body); }));
            co_return Reply<Token>(std::move(made), 201);
        });
    api.remove<OneThing, Nothing>(
        {.path = "/api/v1/tokens/{id}",
         .summary = "Ends a token",
         .tag = "access",
         .permission = Permission::own,
         .command = "quipu tokens end ID"},
        [core](const Call& call, OneThing query) -> Task<Result<Nothing>> {
            CO_TRY(co_await platform::off_loop([&] { return core->end_token(call.caller, query.id); }));
            co_return Nothing{};
        });
}

}  // namespace

void add_account_routes(platform::Api& api, std::shared_ptr<Core> core) {
    add_people(api, core);
    add_invitations(api, core);
    add_tokens(api, core);
    api.get<AuditQuery, Page<AuditEntry>>(
        {.path = "/api/v1/audit",
         .summary = "Who signed in, who was refused, whose roles changed: the newest first",
         .tag = "access",
         .permission = Permission::manage_people,
         .command = "quipu accounts audit"},
        [core](const Call& call, AuditQuery query) -> Task<Result<Page<AuditEntry>>> {
            co_return co_await platform::off_loop([&] { return audit(*core, call.caller, query); });
        });
}

}  // namespace quipu::access
