#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

#include "app/client.h"
#include "app/commands.h"
#include "net/http_client.h"

namespace quipu::app {
namespace {

struct ApiOptions {
    std::string method;
    std::string path;
    std::string body;
};

Result<net::Method> method_named(std::string_view name) {
    for (const net::Method method : {net::Method::get, net::Method::head, net::Method::post, net::Method::put,
                                     net::Method::patch, net::Method::delete_, net::Method::options})
        if (net::name_of(method) == name) return method;
    return fail(ErrorCode::invalid, fmt::format("there is no method {}", name), {}, "GET, POST, PUT, PATCH or DELETE");
}

Result<void> call_api(const Context& context, const ApiOptions& options) {
    const std::string path = options.path.starts_with('/') ? options.path : "/api/v1/" + options.path;
    const net::Method method = TRY(method_named(options.method));
    const auto answer = TRY(Client(context.hub).send({.method = method, .target = path, .body = options.body}));
    const auto json = parse_json(answer.text);
    if (!json) return print(answer.text.ends_with('\n') || answer.text.empty() ? answer.text : answer.text + "\n");
    const Value* items = json->find("items");
    if (context.output == OutputFormat::json || items == nullptr)
        return print(format_object(*json, context.output, {.columns = {}, .colour = context.colour}));
    return print(format_list(*items, context.output, {.columns = {}, .colour = context.colour}));
}

struct JournalOptions {
    std::string type, subject, since, until;
    std::size_t limit = 20;
    bool follow = false;
};

std::string event_line(const Value& event) {
    const auto text = [&event](std::string_view key) {
        const Value* found = event.find(key);
        return found != nullptr && found->if_string() != nullptr ? *found->if_string() : std::string();
    };
    const Value* body = event.find("body");
    return fmt::format("{}  {}  {}  {}  {}\n", text("time"), text("type"), text("subject"), text("actor"),
                       body != nullptr ? to_json(*body) : "");
}

Result<void> follow(const Context& context) {
    net::EventLoop loop;
    const auto client = TRY(net::HttpClient::create(loop, context.hub, TRY(trust_for(context.hub))));
    Result<void> outcome;
    const auto show = [&](std::string_view, std::string_view data) {
        const auto event = parse_json(data);
        if (!event) return true;
        outcome = print(context.output == OutputFormat::table ? event_line(*event) : to_json(*event) + "\n");
        return outcome.has_value();
    };
    const auto read_stream = [&]() -> Task<void> {
        net::ClientRequest request;
        request.target = "/api/v1/journal/stream";
        authorise(request.headers, credential_for(context.hub));
        auto ended = co_await client->stream(std::move(request), show);
        if (outcome && !ended) outcome = std::move(ended);
        loop.stop();
    };
    loop.spawn(read_stream());
    loop.run();
    return outcome;
}

Result<void> show_journal(const Context& context, const JournalOptions& options) {
    if (options.follow) return follow(context);
    Value events = TRY(Client(context.hub)
                           .list("/api/v1/journal/events",
                                 {{"type", options.type},
                                  {"subject", options.subject},
                                  {"since", options.since},
                                  {"until", options.until},
                                  {"newest_first", "true"}},
                                 options.limit));
    std::ranges::reverse(*events.if_array());  // the last events, read downwards
    if (context.output != OutputFormat::table) return print(format_list(events, context.output));
    std::string out;
    for (const Value& event : *events.if_array())
        out += event_line(event);
    return print(out.empty() ? "Nothing has happened.\n" : out);
}

Result<void> show_services(const Context& context) {
    const Value services = TRY(Client(context.hub).list("/api/v1/services", {}));
    return print(format_list(services, context.output, {.columns = {}, .colour = context.colour}));
}

}  // namespace

void add_house_commands(CLI::App& app, Context& context) {
    CLI::App* api = app.add_subcommand("api", "Calls the hub's API: quipu api GET sites");
    auto call = std::make_shared<ApiOptions>();
    api->add_option("method", call->method, "GET, POST, PUT, PATCH or DELETE")->required()->type_name("METHOD");
    api->add_option("path", call->path, "Path; below /api/v1 without a leading slash")->required()->type_name("PATH");
    api->add_option("--body", call->body, "JSON body")->type_name("JSON");
    api->callback([call, &context] { context.command = [call, &context] { return call_api(context, *call); }; });

    CLI::App* journal = app.add_subcommand("journal", "What happened");
    auto options = std::make_shared<JournalOptions>();
    journal->add_flag("--follow,-f", options->follow, "Goes on showing events as they happen");
    journal->add_option("--type", options->type, "Only this type: DelayRose, ObjectChanged…")->type_name("TYPE");
    journal->add_option("--subject", options->subject, "Only about this object: link:santiago-panama")
        ->type_name("KIND:ID");
    journal->add_option("--since", options->since, "Not before this time (RFC 3339)")->type_name("TIME");
    journal->add_option("--until", options->until, "Before this time (RFC 3339)")->type_name("TIME");
    journal->add_option("--limit", options->limit, "How many of the last events")
        ->capture_default_str()
        ->type_name("N");
    journal->callback(
        [options, &context] { context.command = [options, &context] { return show_journal(context, *options); }; });

    app.add_subcommand("services", "The services and what each does now")->callback([&context] {
        context.command = [&context] { return show_services(context); };
    });
}

}  // namespace quipu::app
