// eduPERT from the command line: the teams, and what they ask of each other.

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

#include "app/client.h"
#include "app/commands.h"

namespace quipu::app {
namespace {

struct PertOptions {
    std::string id, organisation, standing, team, state, text;
    bool overdue = false;
    std::size_t limit = 0;
};

TableOptions pert_table(const Context& context, std::vector<std::string> columns) {
    if (context.output != OutputFormat::table) columns.clear();
    return {.columns = std::move(columns), .colour = context.colour};
}

Result<void> list_teams(const Context& context, const PertOptions& options) {
    const Client client(context.hub);
    if (!options.id.empty())
        return print(
            format_object(TRY(client.get("/api/v1/pert/teams/" + net::percent_encode(options.id))), context.output));
    const Value teams = TRY(client.list(
        "/api/v1/pert/teams",
        {{"organisation", options.organisation}, {"standing", options.standing}, {"q", options.text}}, options.limit));
    return print(format_list(
        teams, context.output,
        pert_table(context, {"id", "organisation", "name", "standing", "accredited_until", "languages", "hours"})));
}

Result<void> list_requests(const Context& context, const PertOptions& options) {
    const Client client(context.hub);
    if (!options.id.empty())
        return print(
            format_object(TRY(client.get("/api/v1/pert/requests/" + net::percent_encode(options.id))), context.output));
    const Value requests = TRY(client.list(
        "/api/v1/pert/requests",
        {{"team", options.team}, {"state", options.state}, {"overdue", options.overdue ? "true" : ""}}, options.limit));
    return print(
        format_list(requests, context.output,
                    pert_table(context, {"number", "state", "from", "to", "subject", "asked", "due", "overdue"})));
}

}  // namespace

void add_pert_commands(CLI::App& app, Context& context) {
    CLI::App* pert = app.add_subcommand("pert", "Performance response teams")->require_subcommand(1);
    const auto command = [&](CLI::App* sub, auto run) {
        auto options = std::make_shared<PertOptions>();
        sub->callback([options, run, &context] {
            context.command = [options, run, &context] { return run(context, *options); };
        });
        return options;
    };
    CLI::App* teams = pert->add_subcommand("teams", "The teams, or one of them");
    const auto of_teams = command(teams, list_teams);
    teams->add_option("id", of_teams->id, "Only this one, whole")->type_name("TEAM");
    teams->add_option("--organisation", of_teams->organisation, "Only its teams")->type_name("ORGANISATION");
    teams->add_option("--standing", of_teams->standing, "registered, applying, accredited, suspended or expired")
        ->type_name("STANDING");
    teams->add_option("--search", of_teams->text, "Only those with these words")->type_name("TEXT");
    teams->add_option("--limit", of_teams->limit, "At most so many")->type_name("N");

    CLI::App* requests = pert->add_subcommand("requests", "Requests for technical information, or one of them");
    const auto of_requests = command(requests, list_requests);
    requests->add_option("number", of_requests->id, "Only this one, whole")->type_name("NUMBER");
    requests->add_option("--team", of_requests->team, "Only those that it asks or is asked")->type_name("TEAM");
    requests->add_option("--state", of_requests->state, "asked, accepted, answered, closed or declined")
        ->type_name("STATE");
    requests->add_flag("--overdue", of_requests->overdue, "Only those that wait beyond their due time");
    requests->add_option("--limit", of_requests->limit, "At most so many")->type_name("N");
}

}  // namespace quipu::app
