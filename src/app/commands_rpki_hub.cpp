// What the running hub knows of the RPKI: quipu rpki status, anchors, points, refused, guard…

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

#include "app/client.h"
#include "app/commands.h"

namespace quipu::app {
namespace {

struct RpkiHubOptions {
    std::string anchor, state, text, reason;
    std::string asn, prefix, member, id;
    bool covering = false;
    std::size_t limit = 0;
};

/// A list of the hub, and the columns of its table.
struct HubList {
    const char* name;
    const char* about;
    const char* path;
    std::vector<std::string> columns;
};

Result<void> print_list(const Context& context, const HubList& list, const Query& query, std::size_t limit) {
    const Value rows = TRY(Client(context.hub).list(list.path, query, limit));
    TableOptions options{.columns = list.columns, .colour = context.colour};
    if (context.output != OutputFormat::table) options.columns.clear();
    return print(format_list(rows, context.output, options));
}

Result<void> print_object(const Context& context, const std::string& path) {
    const Value object = TRY(Client(context.hub).get(path));
    return print(format_object(object, context.output, {.columns = {}, .colour = context.colour}));
}

Result<void> show_guard(const Context& context) {
    const Value guard = TRY(Client(context.hub).get("/api/v1/rpki/guard"));
    const Value* held = guard.find("held");
    if (held == nullptr || held->is_null())
        return context.output == OutputFormat::table ? print("Nothing is held.\n")
                                                     : print(format_object(guard, context.output));
    if (context.output == OutputFormat::json) return print(format_object(*held, context.output));
    const Value* losses = held->find("losses");
    if (context.output == OutputFormat::table)
        TRY(print(fmt::format("Change {} is held since {}: {} VRPs would go, {} would come.\n",
                              to_json(*held->find("id")), *held->find("since")->if_string(),
                              to_json(*held->find("lost")), to_json(*held->find("added")))));
    if (const Value* number = guard.find("case"); number != nullptr && context.output == OutputFormat::table)
        TRY(print(fmt::format("It is followed in case {}.\n", to_json(*number))));
    return print(
        format_list(losses == nullptr ? Value(Value::Array()) : *losses, context.output,
                    {.columns = {"scope", "name", "before", "lost", "percent", "too_much"}, .colour = context.colour}));
}

Result<void> release(const Context& context, const RpkiHubOptions& options) {
    TRY(Client(context.hub)
            .send({.method = net::Method::post,
                   .target = "/api/v1/rpki/guard/" + net::percent_encode(options.id) + "/release"}));
    return print("It passes; routers have it.\n");
}

Result<void> hurry(const Context& context) {
    TRY(Client(context.hub).send({.method = net::Method::post, .target = "/api/v1/rpki/validate"}));
    return print("The next validation begins.\n");
}

Result<void> show_members(const Context& context, const RpkiHubOptions& options, const HubList& list) {
    if (options.id.empty()) return print_list(context, list, {{"q", options.text}}, options.limit);
    const Value member = TRY(Client(context.hub).get("/api/v1/rpki/members/" + net::percent_encode(options.id)));
    if (context.output == OutputFormat::json) return print(format_object(member, context.output));
    if (context.output == OutputFormat::table)
        TRY(print(format_object(*member.find("member"), context.output, {.columns = {}, .colour = context.colour})));
    return print(
        format_list(*member.find("routes"), context.output,
                    {.columns = {"prefix", "origin", "validity", "reason", "remedy"}, .colour = context.colour}));
}

}  // namespace

void add_rpki_hub_commands(CLI::App& rpki, Context& context) {
    auto options = std::make_shared<RpkiHubOptions>();
    const auto runs = [&](CLI::App* sub, const auto& run) {
        sub->callback([run, options, &context] {
            context.command = [run, options, &context] { return run(context, *options); };
        });
        return sub;
    };
    const auto lists = [&](const HubList& list, const auto& query) {
        CLI::App* sub = rpki.add_subcommand(list.name, list.about);
        sub->add_option("--limit", options->limit, "At most so many")->type_name("N");
        return runs(sub, [list, query](const Context& c, const RpkiHubOptions& o) {
            return print_list(c, list, query(o), o.limit);
        });
    };
    const auto shows = [&](const char* name, const char* about, const char* path) {
        runs(rpki.add_subcommand(name, about),
             [path](const Context& c, const RpkiHubOptions&) { return print_object(c, path); });
    };
    const auto nothing = [](const RpkiHubOptions&) { return Query(); };

    shows("status", "How the hub's validation stands", "/api/v1/rpki/status");
    lists({"anchors",
           "Trust anchors, and what stands below each",
           "/api/v1/rpki/anchors",
           {"name", "valid", "points", "points_stored", "points_failed", "accepted", "refused", "vrps", "expires"}},
          nothing);
    CLI::App* points =
        lists({"points",
               "Publication points",
               "/api/v1/rpki/points",
               {"manifest", "state", "anchor", "accepted", "refused", "vrps", "next_update", "expires"}},
              [](const RpkiHubOptions& o) { return Query{{"anchor", o.anchor}, {"state", o.state}, {"q", o.text}}; });
    points->add_option("--state", options->state, "valid, stored or failed")->type_name("STATE");
    CLI::App* refused =
        lists({"refused",
               "Objects that were refused, and the rule that each breaks",
               "/api/v1/rpki/refused",
               {"object", "reason", "section", "detail"}},
              [](const RpkiHubOptions& o) { return Query{{"anchor", o.anchor}, {"reason", o.reason}, {"q", o.text}}; });
    refused->add_option("--reason", options->reason, "Only for this rule: roa-max-length")->type_name("RULE");
    for (CLI::App* sub : {points, refused}) {
        sub->add_option("--anchor", options->anchor, "Only below this trust anchor")->type_name("NAME");
        sub->add_option("--in", options->text, "Only with this in the address")->type_name("TEXT");
    }
    lists({"repositories",
           "Repositories that the hub fetches from",
           "/api/v1/rpki/repositories",
           {"source", "state", "way", "last_success", "serial", "objects", "error"}},
          nothing);
    CLI::App* vrps = lists(
        {"vrps", "Validated ROA payloads as routers get them", "/api/v1/rpki/vrps", {}}, [](const RpkiHubOptions& o) {
            return Query{{"asn", o.asn}, {"prefix", o.prefix}, {"covering", o.covering ? "true" : ""}};
        });
    vrps->add_flag("--covering", options->covering, "Those around the prefix instead of inside it");
    CLI::App* invalids = lists(
        {"invalids",
         "Announced routes that are invalid",
         "/api/v1/rpki/invalids",
         {"prefix", "asn", "reason", "remedy", "name"}},
        [](const RpkiHubOptions& o) { return Query{{"asn", o.asn}, {"prefix", o.prefix}, {"member", o.member}}; });
    invalids->add_option("--member", options->member, "Only of this organisation; any: of any in the registry")
        ->type_name("ID");
    for (CLI::App* sub : {vrps, invalids}) {
        sub->add_option("--as", options->asn, "Only of this origin")->type_name("AS");
        sub->add_option("--prefix", options->prefix, "Only of this prefix and inside it")->type_name("PREFIX");
    }
    runs(rpki.add_subcommand("guard", "The change that the guard holds back from routers"),
         [](const Context& c, const RpkiHubOptions&) { return show_guard(c); });
    runs(rpki.add_subcommand("release", "Lets a held change pass to routers"),
         [](const Context& c, const RpkiHubOptions& o) { return release(c, o); })
        ->add_option("id", options->id, "Number of the held change")
        ->required()
        ->type_name("ID");
    runs(rpki.add_subcommand("hurry", "Fetches and validates now instead of at the next turn"),
         [](const Context& c, const RpkiHubOptions&) { return hurry(c); });
    shows("rtr", "What routers are told now", "/api/v1/rpki/rtr");
    lists({"clients",
           "Routers that are connected",
           "/api/v1/rpki/rtr/clients",
           {"address", "transport", "version", "serial", "lag", "since", "sent", "received"}},
          nothing);
    const HubList members{"members",
                          "Organisations: are their prefixes safe; with an id, one with its routes",
                          "/api/v1/rpki/members",
                          {"id", "name", "prefixes", "announced", "covered", "valid", "invalid", "loose", "expires"}};
    CLI::App* member =
        runs(rpki.add_subcommand(members.name, members.about),
             [members](const Context& c, const RpkiHubOptions& o) { return show_members(c, o, members); });
    member->add_option("id", options->id, "Only this organisation")->type_name("ID");
    member->add_option("--limit", options->limit, "At most so many")->type_name("N");
}

}  // namespace quipu::app
