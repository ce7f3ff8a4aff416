#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

#include "app/client.h"
#include "app/commands.h"

namespace quipu::app {
namespace {

struct QueueOptions {
    std::string state, purpose, address;
    std::size_t limit = 100;
};
struct LetterOptions {
    std::int64_t id = 0;
};

std::string letter_path(const LetterOptions& options, std::string_view action = {}) {
    return fmt::format("/api/v1/mail/letters/{}{}{}", options.id, action.empty() ? "" : "/", action);
}

Result<void> show_queue(const Context& context, const QueueOptions& options) {
    const Client client(context.hub);
    const Value items = TRY(client.list(
        "/api/v1/mail/queue", {{"state", options.state}, {"purpose", options.purpose}, {"address", options.address}},
        options.limit));
    TableOptions table{.columns = {"id", "address", "state", "attempts", "purpose", "created", "next", "answer"},
                       .colour = context.colour};
    if (context.output != OutputFormat::table) return print(format_list(items, context.output));
    TRY(print(format_list(items, context.output, table)));
    const Value counts = TRY(client.get("/api/v1/mail"));
    const Value* const trouble = counts.find("trouble");
    if (trouble == nullptr || trouble->if_string() == nullptr || trouble->if_string()->empty()) return {};
    return print(fmt::format("Nothing goes out now: {}\n", *trouble->if_string()));
}

Result<void> show_letter(const Context& context, const LetterOptions& options) {
    const Value letter = TRY(Client(context.hub).get(letter_path(options)));
    if (context.output != OutputFormat::table) return print(format_object(letter, context.output));
    Value head{Value::Object{}};
    Value recipients{Value::Array{}};
    std::string text;
    for (const auto& [name, value] : *letter.if_object()) {
        if (name == "recipients")
            recipients = value;
        else if (name == "text" && value.if_string() != nullptr)
            text = *value.if_string();
        else
            head.set(name, value);
    }
    TRY(print(format_object(head, context.output)));
    TableOptions table{.columns = {"address", "state", "attempts", "next", "code", "status", "answer"},
                       .colour = context.colour};
    TRY(print("\n" + format_list(recipients, context.output, table)));
    return text.empty() ? Result<void>{} : print("\n" + text);
}

Result<void> change_letter(const Context& context, const LetterOptions& options, std::string_view action,
                           std::string_view done) {
    const Value answer =
        TRY(Client(context.hub).change({.method = net::Method::post, .target = letter_path(options, action)}));
    if (context.output != OutputFormat::table) return print(format_object(answer, context.output));
    const Value* const count = answer.find("recipients");
    return print(fmt::format("{} of letter {}: {}\n", count != nullptr ? to_json(*count) : "0", options.id, done));
}

Result<void> show_failing(const Context& context) {
    return print(format_list(TRY(Client(context.hub).list("/api/v1/mail/failing", {})), context.output,
                             {.columns = {}, .colour = context.colour}));
}

struct RuleOptions {
    std::string team, at_least, channel, when, url, quiet;
    std::vector<std::string> topics, organisations;
    bool add = false;
    std::int64_t remove = 0;
};

Result<void> add_rule(const Context& context, const RuleOptions& options) {
    Value body{Value::Object{}};
    const auto set = [&](std::string_view name, const std::string& text) {
        if (!text.empty()) body.set(name, text);
    };
    set("team", options.team);
    set("at_least", options.at_least);
    set("channel", options.channel);
    set("when", options.when);
    set("url", options.url);
    for (const auto& [name, list] :
         {std::pair{"topics", &options.topics}, std::pair{"organisations", &options.organisations}}) {
        Value array{Value::Array{}};
        for (const std::string& each : *list)
            array.push(each);
        if (!list->empty()) body.set(name, std::move(array));
    }
    if (!options.quiet.empty()) {
        const std::size_t dash = options.quiet.find('-');
        if (dash == std::string::npos)
            return fail(ErrorCode::invalid, "quiet hours have a beginning and an end", "--quiet",
                        "for example 22:00-07:00");
        set("quiet_from", options.quiet.substr(0, dash));
        set("quiet_until", options.quiet.substr(dash + 1));
    }
    const Value rule =
        TRY(Client(context.hub)
                .change({.method = net::Method::post, .target = "/api/v1/notifications/rules", .body = to_json(body)}));
    return print(format_object(rule, context.output));
}

Result<void> remove_rule(const Context& context, std::int64_t id) {
    const Client client(context.hub);
    const std::string path = fmt::format("/api/v1/notifications/rules/{}", id);
    const auto rule = TRY(client.send({.target = path}));
    TRY(client.send({.method = net::Method::delete_, .target = path, .if_match = rule.etag}));
    return print(fmt::format("Rule {} is removed.\n", id));
}

Result<void> rules(const Context& context, const RuleOptions& options) {
    if (options.add) return add_rule(context, options);
    if (options.remove > 0) return remove_rule(context, options.remove);
    TableOptions table{.columns = {"id", "owner", "topics", "organisations", "at_least", "channel", "when",
                                   "quiet_from", "quiet_until"},
                       .colour = context.colour};
    if (context.output != OutputFormat::table) table.columns.clear();
    return print(format_list(TRY(Client(context.hub).list("/api/v1/notifications/rules", {})), context.output, table));
}

Result<void> send_test(const Context& context) {
    TRY(Client(context.hub).send({.method = net::Method::post, .target = "/api/v1/notifications/test"}));
    return print("A test is on its way, by mail and in the portal.\n");
}

void add_notify_commands(CLI::App& app, Context& context) {
    CLI::App* notify = app.add_subcommand("notify", "What people are told, and how")->require_subcommand(1);
    auto options = std::make_shared<RuleOptions>();
    CLI::App* rules_command = notify->add_subcommand("rules", "The caller's rules; --add makes one");
    rules_command->add_flag("--add", options->add, "Make a rule of the options that follow");
    rules_command->add_option("--remove", options->remove, "Remove this rule")->type_name("N");
    rules_command->add_option("--team", options->team, "For a team instead of the caller")
        ->type_name("ORGANISATION/ROLE");
    rules_command->add_option("--topic", options->topics, "Only these topics, such as case or network.delay")
        ->delimiter(',')
        ->type_name("TOPIC,…");
    rules_command->add_option("--organisation", options->organisations, "Only what concerns these")
        ->delimiter(',')
        ->type_name("ID,…");
    rules_command->add_option("--at-least", options->at_least, "info, warning or critical")->type_name("SEVERITY");
    rules_command->add_option("--channel", options->channel, "mail, portal or webhook")->type_name("CHANNEL");
    rules_command->add_option("--when", options->when, "at-once, hourly, daily or never")->type_name("WHEN");
    rules_command->add_option("--url", options->url, "Address of a webhook")->type_name("URL");
    rules_command->add_option("--quiet", options->quiet, "Quiet hours in the reader's time zone, such as 22:00-07:00")
        ->type_name("FROM-UNTIL");
    rules_command->callback(
        [options, &context] { context.command = [options, &context] { return rules(context, *options); }; });
    notify->add_subcommand("test", "Sends the caller a notice, to see that it arrives")->callback([&context] {
        context.command = [&context] { return send_test(context); };
    });
}

}  // namespace

void add_mail_commands(CLI::App& app, Context& context) {
    CLI::App* mail = app.add_subcommand("mail", "Letters that go out")->require_subcommand(1);
    auto queue = std::make_shared<QueueOptions>();
    CLI::App* queue_command = mail->add_subcommand("queue", "Letters by recipient, newest first");
    queue_command->add_option("--state", queue->state, "queued, sending, sent, failed, expired or dropped")
        ->type_name("STATE");
    queue_command->add_option("--purpose", queue->purpose, "Only letters for this purpose")->type_name("TEXT");
    queue_command->add_option("--address", queue->address, "Only to this address")->type_name("ADDRESS");
    queue_command->add_option("--limit", queue->limit, "At most so many")->type_name("N");
    queue_command->callback(
        [queue, &context] { context.command = [queue, &context] { return show_queue(context, *queue); }; });
    auto letter = std::make_shared<LetterOptions>();
    const auto add = [&](const char* name, const char* what, auto run) {
        CLI::App* command = mail->add_subcommand(name, what);
        command->add_option("id", letter->id, "The letter's number")->required()->type_name("N");
        command->callback(
            [letter, run, &context] { context.command = [letter, run, &context] { return run(context, *letter); }; });
    };
    add("show", "One letter and how its recipients stand",
        [](const Context& c, const LetterOptions& o) { return show_letter(c, o); });
    add("retry", "Tries what is not sent at once",
        [](const Context& c, const LetterOptions& o) { return change_letter(c, o, "retry", "tried at once"); });
    add("drop", "Gives up what is not sent",
        [](const Context& c, const LetterOptions& o) { return change_letter(c, o, "drop", "given up"); });
    mail->add_subcommand("failing", "Addresses that mail came back from for good")->callback([&context] {
        context.command = [&context] { return show_failing(context); };
    });
    add_notify_commands(app, context);
}

}  // namespace quipu::app
