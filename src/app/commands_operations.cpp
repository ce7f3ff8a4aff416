// Network operations from the command line: outages, maintenance windows, availability, who is on call.

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

#include "app/client.h"
#include "app/commands.h"

namespace quipu::app {
namespace {

struct OperationsOptions {
    std::string state, object, since, until;
    std::string by = "link", period;
    std::string id, title, description, organisation, begin, end;
    std::string rota, person, at, why;
    std::vector<std::string> links, sites, notices;
    std::size_t limit = 0;
};

TableOptions shown(const Context& context, std::vector<std::string> columns) {
    if (context.output != OutputFormat::table) columns.clear();
    return {.columns = std::move(columns), .colour = context.colour};
}

// ---- outages and availability

Result<void> list_outages(const Context& context, const OperationsOptions& options) {
    const Value outages = TRY(Client(context.hub)
                                  .list("/api/v1/outages",
                                        {{"state", options.state},
                                         {"object", options.object},
                                         {"since", options.since},
                                         {"until", options.until}},
                                        options.limit));
    return print(format_list(outages, context.output,
                             shown(context, {"id", "part", "object", "state", "severity", "began", "ended", "down_s",
                                             "flaps", "pairs_affected", "case", "maintenance"})));
}

Result<void> show_outage(const Context& context, const OperationsOptions& options) {
    const Value outage = TRY(Client(context.hub).get("/api/v1/outages/" + net::percent_encode(options.id)));
    return print(format_object(outage, context.output, {.columns = {}, .colour = context.colour}));
}

Result<void> show_availability(const Context& context, const OperationsOptions& options) {
    const Value figures =
        TRY(Client(context.hub).list("/api/v1/availability", {{"by", options.by}, {"period", options.period}}));
    return print(format_list(figures, context.output,
                             shown(context, {"id", "name", "availability", "measured", "down_s", "planned_s", "outages",
                                             "mtbf_s", "mttr_s"})));
}

// ---- maintenance

std::string window_path(const OperationsOptions& options) {
    return "/api/v1/maintenance/" + net::percent_encode(options.id);
}

Result<void> list_windows(const Context& context, const OperationsOptions& options) {
    const Value windows =
        TRY(Client(context.hub)
                .list("/api/v1/maintenance",
                      {{"state", options.state}, {"since", options.since}, {"until", options.until}}));
    return print(format_list(windows, context.output,
                             shown(context, {"id", "title", "state", "begin", "end", "links", "sites", "planned_by"})));
}

Result<void> show_window(const Context& context, const OperationsOptions& options) {
    const Value window = TRY(Client(context.hub).get(window_path(options)));
    return print(format_object(window, context.output, {.columns = {}, .colour = context.colour}));
}

Value list_of(const std::vector<std::string>& texts) {
    Value::Array out;
    for (const std::string& text : texts)
        out.emplace_back(text);
    return out;
}

/// "10d", "2d", "1h", "30min" in seconds.
Result<std::int64_t> ahead_of(const std::string& text) {
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9')
        ++digits;
    const std::string unit = text.substr(digits);
    const std::int64_t scale = unit == "d" ? 86'400 : unit == "h" ? 3600 : unit == "min" ? 60 : 0;
    if (digits == 0 || digits > 4 || scale == 0)
        return fail(ErrorCode::invalid, "is no time ahead", text, "write 10d, 2d, 1h or 30min");
    return std::stoll(text.substr(0, digits)) * scale;
}

Result<void> plan_window(const Context& context, const OperationsOptions& options) {
    Value window;
    window.set("title", options.title);
    window.set("description", options.description);
    window.set("organisation", options.organisation);
    window.set("begin", options.begin);
    window.set("end", options.end);
    window.set("links", list_of(options.links));
    window.set("sites", list_of(options.sites));
    if (!options.notices.empty()) {
        Value::Array notices;
        for (const std::string& text : options.notices)
            notices.emplace_back(TRY(ahead_of(text)));
        window.set("notices_s", std::move(notices));
    }
    const Value made =
        TRY(Client(context.hub)
                .change({.method = net::Method::post, .target = "/api/v1/maintenance", .body = to_json(window)}));
    return print(format_object(made, context.output, {.columns = {}, .colour = context.colour}));
}

Result<void> cancel_window(const Context& context, const OperationsOptions& options) {
    const Client client(context.hub);
    const auto window = TRY(client.send({.method = net::Method::get, .target = window_path(options)}));
    TRY(client.send({.method = net::Method::delete_, .target = window_path(options), .if_match = window.etag}));
    return print("It is cancelled.\n");
}

Result<void> end_window(const Context& context, const OperationsOptions& options) {
    TRY(Client(context.hub).send({.method = net::Method::post, .target = window_path(options) + "/end"}));
    return print("It is over.\n");
}

// ---- on call

Result<void> show_on_call(const Context& context, const OperationsOptions& options) {
    const Value shifts = TRY(Client(context.hub).list("/api/v1/on-call", {{"at", options.at}, {"rota", options.rota}}));
    return print(format_list(shifts, context.output, shown(context, {"rota", "person", "name", "begin", "end"})));
}

Result<void> list_shifts(const Context& context, const OperationsOptions& options) {
    const Value shifts = TRY(Client(context.hub)
                                 .list("/api/v1/on-call/shifts",
                                       {{"rota", options.rota}, {"since", options.since}, {"until", options.until}}));
    return print(
        format_list(shifts, context.output, shown(context, {"rota", "person", "name", "begin", "end", "overridden"})));
}

Result<void> list_rotas(const Context& context, const OperationsOptions&) {
    const Value rotas = TRY(Client(context.hub).list("/api/v1/on-call/rotas", {}));
    return print(format_list(rotas, context.output,
                             shown(context, {"id", "name", "people", "zone", "first", "days", "handover"})));
}

Result<void> add_override(const Context& context, const OperationsOptions& options) {
    Value over;
    over.set("rota", options.rota);
    over.set("person", options.person);
    over.set("begin", options.begin);
    over.set("end", options.end);
    over.set("why", options.why);
    const Value made =
        TRY(Client(context.hub)
                .change({.method = net::Method::post, .target = "/api/v1/on-call/overrides", .body = to_json(over)}));
    return print(format_object(made, context.output, {.columns = {}, .colour = context.colour}));
}

}  // namespace

void add_operations_commands(CLI::App& app, Context& context) {
    auto options = std::make_shared<OperationsOptions>();
    const auto runs = [&](CLI::App* sub, auto run) {
        sub->callback([run, options, &context] {
            context.command = [run, options, &context] { return run(context, *options); };
        });
        return sub;
    };
    const auto times = [&](CLI::App* sub) {
        sub->add_option("--since", options->since, "From this time on")->type_name("TIME");
        sub->add_option("--until", options->until, "Before this time")->type_name("TIME");
    };
    const auto number = [&](CLI::App* sub, const char* what) {
        sub->add_option("number", options->id, what)->required()->type_name("NUMBER");
    };

    CLI::App* outages = app.add_subcommand("outages", "What failed, and what does not work now");
    outages->require_subcommand(1);
    CLI::App* list = runs(outages->add_subcommand("list", "Newest first"),
                          [](const Context& c, const OperationsOptions& o) { return list_outages(c, o); });
    list->add_option("--state", options->state, "open, recovering or closed")->type_name("STATE");
    list->add_option("--object", options->object, "Only of this link or site")->type_name("ID");
    list->add_option("--limit", options->limit, "At most so many")->type_name("N");
    times(list);
    number(runs(outages->add_subcommand("show", "One outage with all its pairs"),
                [](const Context& c, const OperationsOptions& o) { return show_outage(c, o); }),
           "The outage");

    CLI::App* maintenance = app.add_subcommand("maintenance", "Planned work");
    maintenance->require_subcommand(1);
    CLI::App* windows = runs(maintenance->add_subcommand("list", "By its begin"),
                             [](const Context& c, const OperationsOptions& o) { return list_windows(c, o); });
    windows->add_option("--state", options->state, "planned, running, over or cancelled")->type_name("STATE");
    times(windows);
    number(runs(maintenance->add_subcommand("show", "One window; once it is over, with what it did"),
                [](const Context& c, const OperationsOptions& o) { return show_window(c, o); }),
           "The window");
    CLI::App* plan = runs(maintenance->add_subcommand("plan", "Plans work; those concerned are told ahead"),
                          [](const Context& c, const OperationsOptions& o) { return plan_window(c, o); });
    plan->add_option("title", options->title, "What is done")->required()->type_name("TITLE");
    plan->add_option("--begin", options->begin, "From")->required()->type_name("TIME");
    plan->add_option("--end", options->end, "To")->required()->type_name("TIME");
    plan->add_option("--link", options->links, "A link that it takes down; may be repeated")->type_name("LINK");
    plan->add_option("--site", options->sites, "A site that it takes down; may be repeated")->type_name("SITE");
    plan->add_option("--description", options->description, "Why and how")->type_name("TEXT");
    plan->add_option("--organisation", options->organisation, "Who does it")->type_name("ID");
    plan->add_option("--notice", options->notices, "How long ahead it is announced: 10d, 2d, 1h; may be repeated")
        ->type_name("AHEAD");
    number(runs(maintenance->add_subcommand("cancel", "It will not take place"),
                [](const Context& c, const OperationsOptions& o) { return cancel_window(c, o); }),
           "The window");
    number(runs(maintenance->add_subcommand("end", "It is done before its time"),
                [](const Context& c, const OperationsOptions& o) { return end_window(c, o); }),
           "The window");

    CLI::App* availability =
        runs(app.add_subcommand("availability", "Of links, sites or organisations in a month or a year"),
             [](const Context& c, const OperationsOptions& o) { return show_availability(c, o); });
    availability->add_option("--by", options->by, "link, site or organisation")->capture_default_str()->type_name("BY");
    availability->add_option("--period", options->period, "2026-11 or 2026; this month if left out")
        ->type_name("PERIOD");

    CLI::App* on_call = app.add_subcommand("on-call", "Who is on call");
    on_call->require_subcommand(1);
    CLI::App* now = runs(on_call->add_subcommand("now", "Who is on call now"),
                         [](const Context& c, const OperationsOptions& o) { return show_on_call(c, o); });
    now->add_option("--at", options->at, "Then, instead of now")->type_name("TIME");
    now->add_option("--rota", options->rota, "Only of this rota")->type_name("ROTA");
    CLI::App* shifts = runs(on_call->add_subcommand("shifts", "Who is on call when"),
                            [](const Context& c, const OperationsOptions& o) { return list_shifts(c, o); });
    shifts->add_option("--rota", options->rota, "Only of this rota")->type_name("ROTA");
    times(shifts);
    runs(on_call->add_subcommand("rotas", "All rotas"),
         [](const Context& c, const OperationsOptions& o) { return list_rotas(c, o); });
    CLI::App* over = runs(on_call->add_subcommand("override", "Somebody takes over for a while"),
                          [](const Context& c, const OperationsOptions& o) { return add_override(c, o); });
    over->add_option("rota", options->rota, "Of this rota")->required()->type_name("ROTA");
    over->add_option("person", options->person, "Who takes over")->required()->type_name("PERSON");
    over->add_option("begin", options->begin, "From")->required()->type_name("TIME");
    over->add_option("end", options->end, "To")->required()->type_name("TIME");
    over->add_option("--why", options->why, "Why")->type_name("TEXT");
}

}  // namespace quipu::app
