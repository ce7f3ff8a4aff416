#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

#include "app/client.h"
#include "app/commands.h"

namespace quipu::app {
namespace {

struct AgentOptions {
    std::string id;
    std::string why;
    std::string life;
};

std::string agent_path(const std::string& id, std::string_view action) {
    return fmt::format("/api/v1/agents/{}/{}", net::percent_encode(id), action);
}

Result<void> list_agents(const Context& context) {
    const Value agents = TRY(Client(context.hub).items("/api/v1/agents"));
    TableOptions options{.columns = {"id", "connected", "revoked", "address", "seen", "version"},
                         .colour = context.colour};
    if (context.output != OutputFormat::table) options.columns.clear();
    return print(format_list(agents, context.output, options));
}

Result<void> make_ticket(const Context& context, const AgentOptions& options) {
    const Value answer =
        TRY(Client(context.hub)
                .change({.method = net::Method::post,
                         .target = with_query(agent_path(options.id, "ticket"), {{"life", options.life}})}));
    const Value* ticket = answer.find("ticket");
    // The line alone, so that it can go straight into a file.
    if (context.output == OutputFormat::table && ticket != nullptr && ticket->if_string() != nullptr)
        return print(*ticket->if_string() + "\n");
    return print(format_object(answer, context.output));
}

Result<void> revoke(const Context& context, const AgentOptions& options) {
    TRY(Client(context.hub)
            .send({.method = net::Method::post,
                   .target = with_query(agent_path(options.id, "revoke"), {{"why", options.why}})}));
    return print(fmt::format("The certificate of {} is refused from now on.\n", options.id));
}

}  // namespace

void add_agent_commands(CLI::App& app, Context& context) {
    CLI::App* agents = app.add_subcommand("agents", "Agents at the points of presence")->require_subcommand(1);
    agents->add_subcommand("list", "Every agent and whether it is connected")->callback([&context] {
        context.command = [&context] { return list_agents(context); };
    });
    auto options = std::make_shared<AgentOptions>();
    CLI::App* ticket = agents->add_subcommand("ticket", "A ticket with which an agent enrols once");
    ticket->add_option("id", options->id, "The agent: its site's id")->required()->type_name("SITE");
    ticket->add_option("--life", options->life, "How long it holds, such as 24h")->type_name("DURATION");
    ticket->callback(
        [options, &context] { context.command = [options, &context] { return make_ticket(context, *options); }; });
    CLI::App* revoke_command = agents->add_subcommand("revoke", "Refuses an agent's certificate from now on");
    revoke_command->add_option("id", options->id, "The agent: its site's id")->required()->type_name("SITE");
    revoke_command->add_option("--why", options->why, "The reason, kept in the journal")->type_name("TEXT");
    revoke_command->callback(
        [options, &context] { context.command = [options, &context] { return revoke(context, *options); }; });
}

}  // namespace quipu::app
