// What is measured, for other programs: quipu measure export, quipu measure raw, quipu measure lookup-record.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "app/client.h"
#include "app/commands.h"
#include "base/time.h"

namespace quipu::app {
namespace {

struct ExportOptions {
    std::string from, to;
    std::string format = "csv", test;
    std::string since, until, step;
};

/// A week at a time, so that a year passes through without being held.
Result<void> export_minutes(const Context& context, const ExportOptions& options) {
    const SystemClock clock;
    const Time until = options.until.empty() ? clock.now() : TRY(parse_time(options.until));
    Time since = options.since.empty() ? until - std::chrono::days(1) : TRY(parse_time(options.since));
    if (since > until) return fail(ErrorCode::invalid, "is later than --until", "--since");
    const Client client(context.hub);
    bool first = true;
    do {
        // Weeks begin where steps do, on whole multiples since 1970.
        constexpr Nanoseconds kWeek = std::chrono::days(7);
        // Traces and tests of throughput are few.
        const bool by_weeks = options.step.empty() && options.test != "trace" && options.test != "throughput";
        const Time next = by_weeks ? std::min(until, Time((since.time_since_epoch() / kWeek + 1) * kWeek)) : until;
        std::string text =
            TRY(client.send({.target = with_query("/api/v1/measure/export", {{"format", options.format},
                                                                             {"test", options.test},
                                                                             {"from", options.from},
                                                                             {"to", options.to},
                                                                             {"since", format_time(since)},
                                                                             {"until", format_time(next)},
                                                                             {"step", options.step}})}))
        .text;
        if (!first && options.format == "csv") text.erase(0, std::min(text.find('\n'), text.size() - 1) + 1);
        TRY(print(text));
        first = false;
        since = next;
    } while (since < until);
    return {};
}

}  // namespace

void add_measure_export_commands(CLI::App& app, Context& context) {
    CLI::App* exported = app.add_subcommand("export", "Minutes or steps as CSV, JSON lines or pScheduler's results");
    const auto options = std::make_shared<ExportOptions>();
    exported->add_option("from", options->from, "Sending site; all when left out")->type_name("SITE");
    exported->add_option("to", options->to, "Receiving site; all when left out")->type_name("SITE");
    exported->add_option("--format", options->format, "csv, jsonl or pscheduler")->type_name("FORMAT");
    exported->add_option("--test", options->test, "pScheduler's test: latencybg, latency, trace or throughput")
        ->type_name("TEST");
    exported->add_option("--since", options->since, "Not before this time; a day if left out")->type_name("TIME");
    exported->add_option("--until", options->until, "Before this time; now if left out")->type_name("TIME");
    exported->add_option("--step", options->step, "Seconds to be put together into one record")->type_name("SECONDS");
    CLI::App* raw = app.add_subcommand("raw", "Every packet of a pair, where the hub keeps them ([measure] raw)");
    const auto packets = std::make_shared<ExportOptions>();
    raw->add_option("from", packets->from, "Sending site")->type_name("SITE")->required();
    raw->add_option("to", packets->to, "Receiving site")->type_name("SITE")->required();
    raw->add_option("--format", packets->format, "csv, jsonl, or owamp: as owping -R prints them")->type_name("FORMAT");
    raw->add_option("--since", packets->since, "Not before this time; an hour if left out")->type_name("TIME");
    raw->add_option("--until", packets->until, "Before this time; now if left out")->type_name("TIME");
    raw->callback([packets, &context] {
        context.command = [packets, &context]() -> Result<void> {
            return print(TRY(Client(context.hub)
                                 .send({.target = with_query("/api/v1/measure/raw", {{"format", packets->format},
                                                                                     {"from", packets->from},
                                                                                     {"to", packets->to},
                                                                                     {"since", packets->since},
                                                                                     {"until", packets->until}})}))
                             .text);
        };
    });
    CLI::App* lookup = app.add_subcommand("lookup-record",
                                          "This archive and its points, as a perfSONAR lookup service registers them");
    lookup->callback([&context] {
        context.command = [&context]() -> Result<void> {
            return print(TRY(Client(context.hub).send({.target = "/api/v1/measure/lookup-record"})).text);
        };
    });
    exported->callback(
        [options, &context] { context.command = [options, &context] { return export_minutes(context, *options); }; });
}

}  // namespace quipu::app
