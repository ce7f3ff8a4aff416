// `quipu compare`: is the research network slower than another provider's, where, and why?

#include <CLI/CLI.hpp>
#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <thread>

#include "app/client.h"
#include "app/commands.h"
#include "services/measure/compare/words.h"

namespace quipu::app {
namespace {

constexpr std::string_view kPath = "/api/v1/measure/comparisons";
constexpr auto kLongest = std::chrono::minutes(40);

struct CompareOptions {
    compare::Wish wish;
    double interval = 0.02;
    std::string from, to;
    std::size_t limit = 20;
};

Result<compare::ShownComparison> comparison_of(const Value& value) {
    return read<compare::ShownComparison>(value, "the hub's answer");
}

Result<void> run_compare(const Context& context, const CompareOptions& options) {
    compare::Wish wish = options.wish;
    wish.interval_us = static_cast<std::int64_t>(options.interval * 1e6);
    const Client client(context.hub);
    Value answer =
        TRY(client.change({.method = net::Method::post, .target = std::string(kPath), .body = json_text(wish)}));
    auto comparison = TRY(comparison_of(answer));
    const std::string target = fmt::format("{}/{}", kPath, comparison.id);
    const auto deadline = std::chrono::steady_clock::now() + kLongest;
    while (comparison.state == compare::State::waiting) {
        if (std::chrono::steady_clock::now() > deadline)
            return fail(ErrorCode::timeout, "the comparison has not ended", target);
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        answer = TRY(client.get(target));
        comparison = TRY(comparison_of(answer));
    }
    TRY(print(context.output == OutputFormat::table ? compare::text_of(comparison)
                                                    : format_object(answer, context.output)));
    if (comparison.state == compare::State::failed)
        return fail(ErrorCode::unavailable, "was not measured: " + comparison.reason, comparison.host);
    return {};
}

Result<void> list_comparisons(const Context& context, const CompareOptions& options) {
    const Value rows =
        TRY(Client(context.hub).list(kPath, {{"from", options.from}, {"to", options.to}}, options.limit));
    TableOptions table{.columns = {"id", "asked", "from", "host", "state", "outcome.verdict", "outcome.slower",
                                   "outcome.there.median_us", "outcome.back.median_us"},
                       .colour = context.colour};
    if (context.output == OutputFormat::json) table.columns.clear();
    return print(format_list(rows, context.output, table));
}

}  // namespace

void add_compare_commands(CLI::App& app, CLI::App& measure, Context& context) {
    auto options = std::make_shared<CompareOptions>();
    CLI::App* command = app.add_subcommand("compare", "Is our network slower than another provider's, where, and why?");
    command
        ->add_option("host", options->wish.host,
                     "A site of ours, or any host that answers STAMP (else by round trips): HOST[:PORT]")
        ->required()
        ->type_name("HOST");
    command->add_option("--from", options->wish.from, "The point that compares: one with addresses of two networks")
        ->required()
        ->type_name("SITE");
    command->add_option("-c,--count", options->wish.packets, "Packets of each way")
        ->capture_default_str()
        ->check(CLI::Range(20, 2000))
        ->type_name("N");
    command->add_option("-i,--interval", options->interval, "Seconds between two packets of a way")
        ->capture_default_str()
        ->check(CLI::Range(0.005, 1.0))
        ->type_name("S");
    command->callback(
        [options, &context] { context.command = [options, &context] { return run_compare(context, *options); }; });

    CLI::App* list = measure.add_subcommand("comparisons", "Comparisons made, the latest first");
    list->add_option("--from", options->from, "Only by this point")->type_name("SITE");
    list->add_option("--to", options->to, "Only to this site")->type_name("SITE");
    list->add_option("--limit", options->limit, "At most so many")->capture_default_str()->type_name("N");
    list->callback(
        [options, &context] { context.command = [options, &context] { return list_comparisons(context, *options); }; });
}

}  // namespace quipu::app
