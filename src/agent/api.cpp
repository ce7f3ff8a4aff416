#include "agent/api.h"

#include <algorithm>

#include "net/loop.h"

namespace quipu::agent {
namespace {

using platform::Call;
using platform::Nothing;
using platform::Page;
using platform::PageQuery;
using platform::Permission;
using platform::Reply;

struct AgentsQuery : PageQuery {
    static constexpr auto describe() { return PageQuery::describe(); }
};
struct AgentQuery {
    std::string id;
    static constexpr auto describe() {
        return fields(field<&AgentQuery::id>("id", "The agent").required().pattern(kSlug));
    }
};
struct TicketQuery {
    std::string id;
    Nanoseconds life = std::chrono::hours(24);
    static constexpr auto describe() {
        return fields(field<&TicketQuery::id>("id", "The agent's id: its site").required().pattern(kSlug),
                      field<&TicketQuery::life>("life", "How long the ticket holds, such as 24h"));
    }
};
struct RevokeQuery {
    std::string id;
    std::string why;
    static constexpr auto describe() {
        return fields(field<&RevokeQuery::id>("id", "The agent").required().pattern(kSlug),
                      field<&RevokeQuery::why>("why", "The reason, for the journal").at_most_long(400));
    }
};
struct TicketReply {
    std::string agent;
    std::string ticket;
    static constexpr auto describe() {
        return fields(
            field<&TicketReply::agent>("agent", "Who may enrol with it").required(),
            field<&TicketReply::ticket>("ticket", "One line of text for: quipu agent --ticket FILE").required());
    }
};

}  // namespace

void add_routes(platform::Api& api, Agents& agents) {
    api.get<AgentsQuery, Page<AgentInfo>>(
        {.path = "/api/v1/agents",
         .summary = "Agents that have enrolled, and their state",
         .tag = "agents",
         .permission = Permission::see_members,
         .command = "quipu agents list"},
        [&agents](const Call&, const AgentsQuery& query) -> Task<Result<Page<AgentInfo>>> {
            co_return platform::page_of(agents.agents(), query);
        });

    api.get<AgentQuery, AgentInfo>(
        {.path = "/api/v1/agents/{id}", .summary = "One agent", .tag = "agents", .permission = Permission::see_members},
        [&agents](const Call&, const AgentQuery& query) -> Task<Result<AgentInfo>> {
            const auto all = agents.agents();
            const auto it = std::ranges::find(all, query.id, &AgentInfo::id);
            if (it == all.end()) co_return fail(ErrorCode::not_found, "no agent of this id has enrolled", query.id);
            co_return *it;
        });

    api.post<TicketQuery, Reply<TicketReply>>(
        {.path = "/api/v1/agents/{id}/ticket",
         .summary = "A ticket with which the agent may enrol once",
         .tag = "agents",
         .permission = Permission::administer,
         .command = "quipu agents ticket SITE"},
        [&agents](const Call&, const TicketQuery& query) -> Task<Result<Reply<TicketReply>>> {
            if (query.life <= Nanoseconds::zero() || query.life > std::chrono::days(30))
                co_return fail(ErrorCode::invalid, "a ticket holds for 30 days at most", "life");
            const auto ticket =
                co_await net::EventLoop::current()->blocking([&] { return agents.make_ticket(query.id, query.life); });
            co_return Reply<TicketReply>({ .agent = query.id, .ticket = CO_TRY(ticket) }, 201);
        });

    api.post<RevokeQuery, Nothing>(
        {.path = "/api/v1/agents/{id}/revoke",
         .summary = "Refuse the agent's certificates from now on",
         .tag = "agents",
         .permission = Permission::administer,
         .command = "quipu agents revoke SITE"},
        [&agents](const Call&, const RevokeQuery& query) -> Task<Result<Nothing>> {
            CO_TRY(co_await net::EventLoop::current()->blocking([&] { return agents.revoke(query.id, query.why); }));
            co_return Nothing{};
        });
}

}  // namespace quipu::agent
