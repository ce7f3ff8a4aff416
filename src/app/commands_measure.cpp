// Measurement from the command line: pairs, one pair, its records, links, and the whole in a few numbers.

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

#include "app/client.h"
#include "app/commands.h"

namespace quipu::app {
namespace {

struct MeasureOptions {
    std::string from, to, site;
    std::string state, as_of_time, span;
    std::string since, until, step;
    std::string organisation, language, zone;
    std::size_t limit = 0;
};

/// The columns that a table shows; files and scripts get all.
TableOptions table(const Context& context, std::vector<std::string> columns) {
    if (context.output != OutputFormat::table) columns.clear();
    return {.columns = std::move(columns), .colour = context.colour};
}

Result<void> list_pairs(const Context& context, const MeasureOptions& options) {
    const Value pairs = TRY(Client(context.hub)
                                .list("/api/v1/measure/pairs",
                                      {{"from", options.from},
                                       {"to", options.to},
                                       {"state", options.state},
                                       {"as_of_time", options.as_of_time},
                                       {"span", options.span}},
                                      options.limit));
    return print(format_list(pairs, context.output,
                             table(context, {"from", "to", "state", "time", "loss", "delay_min_us", "delay_median_us",
                                             "above_floor_us", "delay_p95_us", "ipdv_us", "ttl"})));
}

Result<void> show_pair(const Context& context, const MeasureOptions& options) {
    const Value pair = TRY(Client(context.hub)
                               .get(fmt::format("/api/v1/measure/pairs/{}/{}", net::percent_encode(options.from),
                                                net::percent_encode(options.to))));
    return print(format_object(pair, context.output));
}

Result<void> list_records(const Context& context, const MeasureOptions& options) {
    const Value records = TRY(Client(context.hub)
                                  .list("/api/v1/measure/records",
                                        {{"from", options.from},
                                         {"to", options.to},
                                         {"since", options.since},
                                         {"until", options.until},
                                         {"step", options.step}},
                                        options.limit));
    return print(format_list(records, context.output,
                             table(context, {"time", "sent", "lost", "duplicated", "reordered", "delay_min_us",
                                             "delay_median_us", "delay_p95_us", "delay_max_us", "ipdv_us", "ttl"})));
}

/// "10.253.0.1 (Panama City) · * · 10.254.0.2 (Santiago)".
std::string shown_hops(const Value& path) {
    std::string out;
    const Value* hops = path.find("hops");
    if (hops == nullptr || hops->if_array() == nullptr) return out;
    for (const Value& hop : *hops->if_array()) {
        const auto text = [&](std::string_view key) {
            const Value* at = hop.find(key);
            return at != nullptr && at->if_string() != nullptr ? *at->if_string() : std::string();
        };
        const Value* addresses = hop.find("addresses");
        const bool silent = addresses == nullptr || addresses->if_array() == nullptr || addresses->if_array()->empty();
        const Value* first = silent ? nullptr : &addresses->if_array()->front();
        out += out.empty() ? "" : " · ";
        out += first == nullptr || first->if_string() == nullptr ? "*" : *first->if_string();
        std::string name = text("site_name").empty() ? text("organisation_name") : text("site_name");
        if (const std::string dns = text("dns_name"); !dns.empty()) name += (name.empty() ? "DNS: " : ", DNS: ") + dns;
        if (!name.empty()) out += fmt::format(" ({})", name);
    }
    return out;
}

Result<void> list_paths(const Context& context, const MeasureOptions& options) {
    Value paths =
        TRY(Client(context.hub)
                .list("/api/v1/measure/paths",
                      {{"from", options.from}, {"to", options.to}, {"since", options.since}, {"until", options.until}},
                      options.limit));
    if (context.output == OutputFormat::json) return print(format_list(paths, context.output));
    Value::Array rows;
    for (const Value& path : *paths.if_array()) {
        Value row = path;
        row.set("way", shown_hops(path));
        rows.push_back(std::move(row));
    }
    return print(format_list(Value(std::move(rows)), context.output,
                             {.columns = {"since", "until", "id", "reached", "way"}, .colour = context.colour}));
}

Result<void> list_links(const Context& context) {
    const Value links = TRY(Client(context.hub).list("/api/v1/measure/links", {}));
    return print(
        format_list(links, context.output,
                    table(context, {"id", "a", "b", "state", "floor_us", "above_floor_us", "forward.delay_median_us",
                                    "forward.loss", "backward.delay_median_us", "backward.loss"})));
}

Result<void> show_summary(const Context& context) {
    return print(format_object(TRY(Client(context.hub).get("/api/v1/measure/summary")), context.output));
}

Result<void> show_points(const Context& context, const MeasureOptions& options) {
    const Client client(context.hub);
    const auto points = [](std::string_view rest) { return fmt::format("/api/v1/measure/points{}", rest); };
    if (options.site.empty())
        return print(
            format_list(TRY(client.list(points(""), {{"state", options.state}}, options.limit)), context.output,
                        table(context, {"site", "state", "time", "clock", "clock_error_us", "clock_fault_us",
                                        "late_median_us", "late_worst_us", "own_drops", "processor", "memory"})));
    const std::string path = points("/" + net::percent_encode(options.site));
    if (options.since.empty() && options.until.empty())
        return print(format_object(TRY(client.get(path)), context.output));
    return print(format_list(
        TRY(client.list(path + "/records", {{"since", options.since}, {"until", options.until}}, options.limit)),
        context.output,
        table(context, {"time", "clock", "clock_error_us", "clock_offset_us", "clock_step_us", "clock_fault",
                        "late_median_us", "late_worst_us", "own_drops", "processor", "memory"})));
}

/// "192.0.2.1:861, [2001:db8::1]:861".
std::string shown_list(const Value* list) {
    std::string out;
    if (list == nullptr || list->if_array() == nullptr) return out;
    for (const Value& one : *list->if_array())
        if (const auto* text = one.if_string()) out += (out.empty() ? "" : ", ") + *text;
    return out;
}

Result<void> list_servers(const Context& context) {
    const Value places = TRY(Client(context.hub).list("/api/v1/measure/servers", {}));
    if (context.output == OutputFormat::json) return print(format_list(places, context.output));
    Value::Array rows;
    for (const Value& place : *places.if_array()) {
        Value row = place;
        for (const std::string_view protocol : {"owamp", "twamp", "stamp"})
            row.set(protocol, shown_list(place.find(protocol)));
        rows.push_back(std::move(row));
    }
    return print(format_list(Value(std::move(rows)), context.output,
                             table(context, {"place", "owamp", "twamp", "stamp", "sessions", "sessions_refused",
                                             "reflected", "not_reflected", "own_loss", "problem"})));
}

Result<void> list_profiles(const Context& context) {
    return print(
        format_list(TRY(Client(context.hub).list("/api/v1/measure/profiles", {})), context.output, table(context, {})));
}

/// A row for each step and row of the picture that holds packets.
Result<void> list_histograms(const Context& context, const MeasureOptions& options) {
    const Value heat = TRY(Client(context.hub)
                               .get("/api/v1/measure/histograms", {{"from", options.from},
                                                                   {"to", options.to},
                                                                   {"since", options.since},
                                                                   {"until", options.until},
                                                                   {"step", options.step}}));
    if (context.output == OutputFormat::json) return print(format_object(heat, context.output));
    Value::Array rows;
    const Value::Array& bounds = *heat.find("bounds_us")->if_array();
    for (const Value& step : *heat.find("steps")->if_array()) {
        const Value::Array& counts = *step.find("counts")->if_array();
        for (std::size_t i = 0; i < counts.size(); ++i) {
            if (*counts[i].if_integer() == 0) continue;
            Value row;
            row.set("time", *step.find("time"));
            row.set("from_us", bounds[i]);
            row.set("below_us", bounds[i + 1]);
            row.set("packets", counts[i]);
            rows.push_back(std::move(row));
        }
    }
    return print(format_list(Value(std::move(rows)), context.output, table(context, {})));
}

/// Prose for people; all its figures with --output json.
Result<void> show_statement(const Context& context, const MeasureOptions& options) {
    const Value statement = TRY(Client(context.hub)
                                    .get("/api/v1/measure/statement/" + net::percent_encode(options.organisation),
                                         {{"since", options.since},
                                          {"until", options.until},
                                          {"language", options.language},
                                          {"zone", options.zone}}));
    if (context.output == OutputFormat::table) return print(*statement.find("text")->if_string());
    return print(format_object(statement, context.output));
}

Result<void> show_evidence(const Context& context, const MeasureOptions& options) {
    if (options.site.empty())
        return print(format_list(
            TRY(Client(context.hub)
                    .list("/api/v1/measure/evidence", {{"from", options.from}, {"to", options.to}}, options.limit)),
            context.output, table(context, {"id", "minute", "type", "from", "to", "complete"})));
    return print(format_object(
        TRY(Client(context.hub).get("/api/v1/measure/evidence/" + net::percent_encode(options.site))), context.output));
}

void add_ends(CLI::App& command, MeasureOptions& options) {
    command.add_option("from", options.from, "Sending site")->required()->type_name("SITE");
    command.add_option("to", options.to, "Receiving site")->required()->type_name("SITE");
}

}  // namespace

void add_measure_commands(CLI::App& app, Context& context) {
    CLI::App* measure =
        app.add_subcommand("measure", "One-way delay and loss between every two points")->require_subcommand(1);
    const auto command = [&](CLI::App* sub, auto run) {
        auto options = std::make_shared<MeasureOptions>();
        sub->callback([options, run, &context] {
            context.command = [options, run, &context] { return run(context, *options); };
        });
        return options;
    };

    CLI::App* pairs = measure->add_subcommand("pairs", "How every ordered pair is");
    const auto of_pairs = command(pairs, list_pairs);
    pairs->add_option("--from", of_pairs->from, "Only from this site")->type_name("SITE");
    pairs->add_option("--to", of_pairs->to, "Only to this site")->type_name("SITE");
    pairs->add_option("--state", of_pairs->state, "good, slow, lossy, down or unknown")->type_name("STATE");
    pairs->add_option("--as-of", of_pairs->as_of_time, "As they were then")->type_name("TIME");
    pairs->add_option("--span", of_pairs->span, "Of the last minute, hour, day or week")->type_name("SPAN");
    pairs->add_option("--limit", of_pairs->limit, "At most so many")->type_name("N");

    CLI::App* pair = measure->add_subcommand("pair", "How one pair is");
    add_ends(*pair, *command(pair, show_pair));

    CLI::App* records = measure->add_subcommand("records", "A pair's records");
    const auto of_records = command(records, list_records);
    add_ends(*records, *of_records);
    records->add_option("--since", of_records->since, "Not before this time")->type_name("TIME");
    records->add_option("--until", of_records->until, "Before this time")->type_name("TIME");
    records->add_option("--step", of_records->step, "Seconds to be put together into one record")->type_name("SECONDS");
    records->add_option("--limit", of_records->limit, "At most so many")->type_name("N");

    CLI::App* paths = measure->add_subcommand("paths", "The ways that packets took, the latest first");
    const auto of_paths = command(paths, list_paths);
    add_ends(*paths, *of_paths);
    paths->add_option("--since", of_paths->since, "What was so at this time or later")->type_name("TIME");
    paths->add_option("--until", of_paths->until, "What was so before this time")->type_name("TIME");
    paths->add_option("--limit", of_paths->limit, "At most so many")->type_name("N");

    CLI::App* histograms =
        measure->add_subcommand("histograms", "How many packets of a pair needed how long, over time");
    const auto of_histograms = command(histograms, list_histograms);
    add_ends(*histograms, *of_histograms);
    histograms->add_option("--since", of_histograms->since, "Not before this time")->type_name("TIME");
    histograms->add_option("--until", of_histograms->until, "Before this time")->type_name("TIME");
    histograms->add_option("--step", of_histograms->step, "Seconds of a step")->type_name("SECONDS");

    CLI::App* statement =
        measure->add_subcommand("statement", "How the network was for an institution, in plain words");
    const auto of_statement = command(statement, show_statement);
    statement->add_option("organisation", of_statement->organisation, "Whom it is for")
        ->required()
        ->type_name("ORGANISATION");
    statement->add_option("--since", of_statement->since, "Not before this time; 30 days before the end if left out")
        ->type_name("TIME");
    statement->add_option("--until", of_statement->until, "Before this time; now if left out")->type_name("TIME");
    statement->add_option("--language", of_statement->language, "es, pt or en; the organisation's own if left out")
        ->type_name("LANGUAGE");
    statement->add_option("--zone", of_statement->zone, "Time zone of the times, as America/Lima")->type_name("ZONE");

    command(measure->add_subcommand("profiles", "What counts as good, fair and poor"),
            [](const Context& shown, const MeasureOptions&) { return list_profiles(shown); });
    command(measure->add_subcommand("links", "Every link and how it is"),
            [](const Context& shown, const MeasureOptions&) { return list_links(shown); });
    command(measure->add_subcommand("summary", "How many links and pairs are in which state"),
            [](const Context& shown, const MeasureOptions&) { return show_summary(shown); });
    add_measure_export_commands(*measure, context);
    CLI::App* evidence = measure->add_subcommand(
        "evidence", "The minutes that were kept with an event; without a name, of which events");
    const auto of_evidence = command(evidence, show_evidence);
    evidence->add_option("id", of_evidence->site, "As the event names it")->type_name("ID");
    evidence->add_option("--from", of_evidence->from, "Only from this site")->type_name("SITE");
    evidence->add_option("--to", of_evidence->to, "Only to this site")->type_name("SITE");
    evidence->add_option("--limit", of_evidence->limit, "At most so many")->type_name("N");

    CLI::App* points = measure->add_subcommand("points", "How the measurement points are: clock, schedule, drops");
    const auto of_points = command(points, show_points);
    points->add_option("site", of_points->site, "Only this one")->type_name("SITE");
    points->add_option("--state", of_points->state, "good, clock_wrong, clock_doubtful or silent")->type_name("STATE");
    points->add_option("--since", of_points->since, "The site's minutes, not before this time")->type_name("TIME");
    points->add_option("--until", of_points->until, "The site's minutes, before this time")->type_name("TIME");
    points->add_option("--limit", of_points->limit, "At most so many")->type_name("N");
    command(measure->add_subcommand("servers", "Where OWAMP, TWAMP and STAMP are served, and how much"),
            [](const Context& shown, const MeasureOptions&) { return list_servers(shown); });
    add_throughput_commands(*measure, context);
    add_measure_serve_command(*measure, context);
    add_compare_commands(app, *measure, context);
}

}  // namespace quipu::app
