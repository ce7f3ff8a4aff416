// Throughput from the command line: results, the calendar and its proof, tests on demand.

#include <CLI/CLI.hpp>
#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <thread>

#include "app/client.h"
#include "app/commands.h"

namespace quipu::app {
namespace {

struct ThroughputOptions {
    std::string from, to, since, until, site, link;
    std::size_t limit = 0;
    bool refused = false, points = false, verify = false;
};

struct TestOptions {
    std::string from, to, at, duration, udp, rate;
    std::int64_t streams = 1;
    std::int64_t show = 0, cancel = 0;
    bool check = false, wait = false;
};

constexpr std::string_view kCalendar = "/api/v1/measure/calendar";

TableOptions table_of(const Context& context, std::vector<std::string> columns) {
    if (context.output != OutputFormat::table) columns.clear();
    return {.columns = std::move(columns), .colour = context.colour};
}

std::string text_of(const Value& object, std::string_view key) {
    const Value* value = object.find(key);
    if (value == nullptr || value->is_null()) return {};
    return value->if_string() != nullptr ? *value->if_string() : to_json(*value);
}

Result<void> list_results(const Context& context, const ThroughputOptions& options) {
    const Value results =
        TRY(Client(context.hub)
                .list("/api/v1/measure/throughput",
                      {{"from", options.from}, {"to", options.to}, {"since", options.since}, {"until", options.until}},
                      options.limit == 0 ? 1000 : options.limit));
    return print(format_list(results, context.output,
                             table_of(context, {"test", "start", "from", "to", "protocol", "received_bps",
                                                "retransmits", "rtt_mean_us", "loss", "error"})));
}

Result<void> verify_calendar(const Context& context, const ThroughputOptions& options) {
    const Value proof =
        TRY(Client(context.hub)
                .get(fmt::format("{}/proof", kCalendar), {{"since", options.since}, {"until", options.until}}));
    TRY(print(format_object(proof, context.output)));
    if (text_of(proof, "kept") == "true") return {};
    return fail(ErrorCode::conflict, "tests were in each other's way", "calendar");
}

Result<void> show_calendar(const Context& context, const ThroughputOptions& options) {
    if (options.verify) return verify_calendar(context, options);
    const Client client(context.hub);
    if (options.points)
        return print(format_list(TRY(client.list(fmt::format("{}/points", kCalendar), {})), context.output,
                                 table_of(context, {"site", "state", "iperf3", "problem"})));
    const Query query = {
        {"since", options.since}, {"until", options.until}, {"site", options.site}, {"link", options.link}};
    if (options.refused)
        return print(format_list(TRY(client.list(fmt::format("{}/refusals", kCalendar), query, options.limit)),
                                 context.output,
                                 table_of(context, {"wanted", "from", "to", "origin", "reason", "what", "next_free"})));
    return print(format_list(TRY(client.list(kCalendar, query, options.limit)), context.output,
                             table_of(context, {"id", "start", "from", "to", "protocol", "duration_us", "links",
                                                "expected_octets", "origin", "state"})));
}

// ---- tests on demand

Result<void> show_test(const Context& context, std::int64_t id) {
    return print(
        format_object(TRY(Client(context.hub).get(fmt::format("/api/v1/measure/tests/{}", id))), context.output));
}

/// Until the test has ended, however it did: the calendar gives it up by itself when nothing is heard.
Result<void> await_test(const Context& context, const std::string& path) {
    const Client client(context.hub);
    for (;;) {
        const Value answer = TRY(client.get(path));
        const Value* test = answer.find("test");
        const std::string state = test == nullptr ? std::string() : text_of(*test, "state");
        if (state == "planned") {
            std::this_thread::sleep_for(std::chrono::milliseconds(500));
            continue;
        }
        const Value* result = answer.find("result");
        TRY(print(format_object(result == nullptr || result->is_null() ? *test : *result, context.output)));
        if (state == "done") return {};
        return fail(ErrorCode::conflict, fmt::format("the test is {}", state), path, text_of(*test, "why"));
    }
}

Result<void> ask_for_test(const Context& context, const TestOptions& options) {
    Value body{Value::Object{}};
    Query query;
    const auto set = [&](std::string_view key, std::string value) {
        if (value.empty()) return;
        query.emplace_back(key, value);
        body.set(key, std::move(value));
    };
    set("from", options.from);
    set("to", options.to);
    set("at", options.at);
    set("duration", options.duration);
    set("protocol", options.udp.empty() ? "" : "udp");
    set("rate", options.udp.empty() ? options.rate : options.udp);
    body.set("streams", options.streams);
    query.emplace_back("streams", std::to_string(options.streams));
    const Client client(context.hub);
    if (options.check)
        return print(format_object(TRY(client.get(fmt::format("{}/check", kCalendar), query)), context.output));
    const Value test =
        TRY(client.change({.method = net::Method::post, .target = "/api/v1/measure/tests", .body = to_json(body)}));
    const std::string id = text_of(test, "id");
    if (options.wait) return await_test(context, fmt::format("/api/v1/measure/tests/{}", id));
    if (context.output != OutputFormat::table) return print(format_object(test, context.output));
    return print(fmt::format("Test {} from {} to {} starts at {}. Its result: quipu measure test --show {}\n", id,
                             options.from, options.to, text_of(test, "start"), id));
}

Result<void> cancel_test(const Context& context, std::int64_t id) {
    TRY(Client(context.hub)
            .send({.method = net::Method::delete_, .target = fmt::format("/api/v1/measure/tests/{}", id)}));
    return print(fmt::format("Test {} is taken back.\n", id));
}

Result<void> run_test(const Context& context, const TestOptions& options) {
    if (options.show != 0) return show_test(context, options.show);
    if (options.cancel != 0) return cancel_test(context, options.cancel);
    if (options.from.empty() || options.to.empty())
        return fail(ErrorCode::invalid, "says no FROM and TO", "quipu measure test",
                    "such as: quipu measure test lima quito");
    return ask_for_test(context, options);
}

void add_span(CLI::App& command, ThroughputOptions& options) {
    command.add_option("--since", options.since, "Not before this time")->type_name("TIME");
    command.add_option("--until", options.until, "Before this time")->type_name("TIME");
    command.add_option("--limit", options.limit, "At most so many")->type_name("N");
}

}  // namespace

void add_throughput_commands(CLI::App& measure, Context& context) {
    CLI::App* results = measure.add_subcommand("throughput", "Results of throughput tests, newest first");
    auto wanted = std::make_shared<ThroughputOptions>();
    results->add_option("from", wanted->from, "Only from this site")->type_name("SITE");
    results->add_option("to", wanted->to, "Only to this site")->type_name("SITE");
    add_span(*results, *wanted);
    results->callback(
        [wanted, &context] { context.command = [wanted, &context] { return list_results(context, *wanted); }; });

    CLI::App* calendar = measure.add_subcommand("calendar", "Throughput tests of a day, past and to come");
    auto shown = std::make_shared<ThroughputOptions>();
    add_span(*calendar, *shown);
    calendar->add_option("--site", shown->site, "Only tests that use this point")->type_name("SITE");
    calendar->add_option("--link", shown->link, "Only tests that cross this link")->type_name("LINK");
    calendar->add_flag("--refused", shown->refused, "Those that found no place, and why");
    calendar->add_flag("--points", shown->points, "Points, and whether they can test");
    calendar->add_flag("--verify", shown->verify, "Prove that no two tests of the history shared a point or a link");
    calendar->callback(
        [shown, &context] { context.command = [shown, &context] { return show_calendar(context, *shown); }; });

    CLI::App* test = measure.add_subcommand("test", "Asks for a throughput test");
    auto asked = std::make_shared<TestOptions>();
    test->add_option("from", asked->from, "Sending site")->type_name("SITE");
    test->add_option("to", asked->to, "Receiving site")->type_name("SITE");
    test->add_option("--udp", asked->udp, "By UDP at this rate, such as 50Mb/s; TCP when left out")->type_name("RATE");
    test->add_option("--rate", asked->rate, "TCP no faster than this")->type_name("RATE");
    test->add_option("--at", asked->at, "When; as soon as there is a place when left out")->type_name("TIME");
    test->add_option("--duration", asked->duration, "How long it sends, such as 10s")->type_name("DURATION");
    test->add_option("--streams", asked->streams, "Connections at a time")->capture_default_str()->type_name("N");
    test->add_flag("--check", asked->check, "Only say whether there is a place");
    test->add_flag("--wait", asked->wait, "Wait for the result and show it");
    test->add_option("--show", asked->show, "Show this test instead")->type_name("NUMBER");
    test->add_option("--cancel", asked->cancel, "Take this test back instead")->type_name("NUMBER");
    test->callback([asked, &context] { context.command = [asked, &context] { return run_test(context, *asked); }; });
}

}  // namespace quipu::app
