// Cases from the command line: list, show, open, note, close, assign, statistics.

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

#include "app/client.h"
#include "app/commands.h"

namespace quipu::app {
namespace {

struct Options {
    std::int64_t number = 0;
    std::string queue, state, owner, organisation, object, text, order, priority;
    std::string title, description, visibility, language;
    std::vector<std::string> organisations, objects;
    std::string account;
    std::string since, until;
    bool open = false, mine = false, late = false, by_organisation = false;
    std::size_t limit = 0;
};

/// The columns that a table shows; files and scripts get all.
TableOptions table(const Context& context, std::vector<std::string> columns) {
    if (context.output != OutputFormat::table) columns.clear();
    return {.columns = std::move(columns), .colour = context.colour};
}

std::string path_of(std::int64_t number, std::string_view below = {}) {
    return fmt::format("/api/v1/cases/{}{}", number, below);
}

void set_text(Value& body, std::string_view name, const std::string& text) {
    if (!text.empty()) body.set(name, Value(text));
}

Value list_of(const std::vector<std::string>& texts) {
    Value::Array out;
    for (const std::string& text : texts)
        out.emplace_back(text);
    return out;
}

std::string number_in(const Value& answer) {
    const Value* number = answer.find("number");
    return number != nullptr ? to_json(*number) : "?";
}

Result<void> list_cases(const Context& context, const Options& options) {
    const auto flag = [](bool set) { return std::string(set ? "true" : ""); };
    const Value cases = TRY(Client(context.hub)
                                .list("/api/v1/cases",
                                      {{"queue", options.queue},
                                       {"state", options.state},
                                       {"owner", options.owner},
                                       {"organisation", options.organisation},
                                       {"object", options.object},
                                       {"text", options.text},
                                       {"priority", options.priority},
                                       {"open", flag(options.open)},
                                       {"mine", flag(options.mine)},
                                       {"late", flag(options.late)},
                                       {"order", options.order}},
                                      options.limit));
    return print(format_list(cases, context.output,
                             table(context, {"number", "queue", "state", "priority", "title", "owner", "opened",
                                             "answer.due", "solution.due"})));
}

Result<void> show_case(const Context& context, const Options& options) {
    const Client client(context.hub);
    const Value one = TRY(client.get(path_of(options.number)));
    if (context.output != OutputFormat::table) return print(format_object(one, context.output));
    const Value lines = TRY(client.list(path_of(options.number, "/timeline"), {}));
    TRY(print(format_object(one, context.output) + "\n"));
    return print(format_list(lines, context.output, table(context, {"time", "kind", "who", "visibility", "text"})));
}

Result<void> open_case(const Context& context, const Options& options) {
    Value body{Value::Object{}};
    body.set("queue", Value(options.queue));
    body.set("title", Value(options.title));
    set_text(body, "description", options.description);
    set_text(body, "priority", options.priority);
    set_text(body, "visibility", options.visibility);
    set_text(body, "language", options.language);
    if (!options.organisations.empty()) body.set("organisations", list_of(options.organisations));
    if (!options.objects.empty()) body.set("objects", list_of(options.objects));
    const Value made = TRY(
        Client(context.hub).change({.method = net::Method::post, .target = "/api/v1/cases", .body = to_json(body)}));
    if (context.output != OutputFormat::table) return print(format_object(made, context.output));
    return print(fmt::format("Case {} is open.\n", number_in(made)));
}

Result<void> add_note(const Context& context, const Options& options) {
    Value body{Value::Object{}};
    body.set("text", Value(options.text));
    set_text(body, "visibility", options.visibility);
    set_text(body, "state", options.state);
    TRY(Client(context.hub)
            .change({.method = net::Method::post, .target = path_of(options.number, "/notes"), .body = to_json(body)}));
    return print(fmt::format("Case {} has your note.\n", options.number));
}

/// Reads the case for its version, and changes that one.
Result<Value> change_case(const Context& context, std::int64_t number, const Value& body) {
    const Client client(context.hub);
    const auto now = TRY(client.send({.target = path_of(number)}));
    return client.change(
        {.method = net::Method::patch, .target = path_of(number), .body = to_json(body), .if_match = now.etag});
}

Result<void> close_case(const Context& context, const Options& options) {
    Value body{Value::Object{}};
    body.set("state", Value("closed"));
    set_text(body, "note", options.text);
    TRY(change_case(context, options.number, body));
    return print(fmt::format("Case {} is closed.\n", options.number));
}

Result<void> assign_case(const Context& context, const Options& options) {
    Value body{Value::Object{}};
    const bool known = options.account.empty() || options.account.find(':') != std::string::npos;
    body.set("owner", Value(known ? options.account : "person:" + options.account));
    TRY(change_case(context, options.number, body));
    return print(options.account.empty() ? fmt::format("Case {} is nobody's.\n", options.number)
                                         : fmt::format("Case {} is {}'s.\n", options.number, options.account));
}

Result<void> show_statistics(const Context& context, const Options& options) {
    const Value rows =
        TRY(Client(context.hub)
                .items("/api/v1/cases/statistics", {{"queue", options.queue},
                                                    {"organisation", options.organisation},
                                                    {"since", options.since},
                                                    {"until", options.until},
                                                    {"by_organisation", options.by_organisation ? "true" : ""}}));
    return print(format_list(rows, context.output, {.colour = context.colour}));
}

Result<void> list_queues(const Context& context, const Options&) {
    const Value queues = TRY(Client(context.hub).items("/api/v1/desk/queues"));
    return print(format_list(queues, context.output,
                             table(context, {"queue", "open", "unanswered", "late", "unowned", "waiting"})));
}

void add_number(CLI::App& command, Options& options) {
    command.add_option("number", options.number, "The case")->required()->type_name("NUMBER");
}

}  // namespace

void add_cases_commands(CLI::App& app, Context& context) {
    CLI::App* cases =
        app.add_subcommand("cases", "What somebody takes care of: the desk's cases")->require_subcommand(1);
    const auto command = [&](CLI::App* sub, auto run) {
        auto options = std::make_shared<Options>();
        sub->callback([options, run, &context] {
            context.command = [options, run, &context] { return run(context, *options); };
        });
        return options;
    };

    CLI::App* list = cases->add_subcommand("list", "Cases that you may see, the newest first");
    const auto of_list = command(list, list_cases);
    list->add_option("--queue", of_list->queue, "operations, performance, help or security")->type_name("QUEUE");
    list->add_option("--state", of_list->state, "new, working, waiting, watching, solved, closed…")->type_name("STATE");
    list->add_option("--priority", of_list->priority, "low, normal, high or urgent")->type_name("PRIORITY");
    list->add_option("--owner", of_list->owner, "Account, or none")->type_name("ACCOUNT");
    list->add_option("--organisation", of_list->organisation, "Only what concerns it")->type_name("ID");
    list->add_option("--object", of_list->object, "Only what is about it")->type_name("KIND:ID");
    list->add_option("--text", of_list->text, "Words of title and description")->type_name("WORDS");
    list->add_option("--order", of_list->order, "newest, changed or due")->type_name("ORDER");
    list->add_flag("--open", of_list->open, "Only what is open");
    list->add_flag("--mine", of_list->mine, "Only what you own, opened or watch");
    list->add_flag("--late", of_list->late, "Only what is late");
    list->add_option("--limit", of_list->limit, "At most so many")->type_name("N");

    CLI::App* show = cases->add_subcommand("show", "One case and its time line");
    add_number(*show, *command(show, show_case));

    CLI::App* open = cases->add_subcommand("open", "Opens a case");
    const auto of_open = command(open, open_case);
    of_open->queue = "help";
    open->add_option("title", of_open->title, "What it is, in a line")->required()->type_name("TITLE");
    open->add_option("--queue", of_open->queue, "operations, performance, help (as it is) or security")
        ->type_name("QUEUE");
    open->add_option("--description", of_open->description, "What it is")->type_name("TEXT");
    open->add_option("--priority", of_open->priority, "low, normal, high or urgent")->type_name("PRIORITY");
    open->add_option("--visibility", of_open->visibility, "public, members or private")->type_name("WHO");
    open->add_option("--language", of_open->language, "es, pt or en")->type_name("LANGUAGE");
    open->add_option("--organisation", of_open->organisations, "Concerned; more than one may be given")
        ->type_name("ID");
    open->add_option("--object", of_open->objects, "What it is about; more than one may be given")
        ->type_name("KIND:ID");

    CLI::App* note = cases->add_subcommand("note", "Says something of a case");
    const auto of_note = command(note, add_note);
    add_number(*note, *of_note);
    note->add_option("text", of_note->text, "What is said")->required()->type_name("TEXT");
    note->add_option("--visibility", of_note->visibility, "public, members or private")->type_name("WHO");
    note->add_option("--state", of_note->state, "Where the case is to stand after it")->type_name("STATE");

    CLI::App* close = cases->add_subcommand("close", "Closes a case");
    const auto of_close = command(close, close_case);
    add_number(*close, *of_close);
    close->add_option("--note", of_close->text, "Said with it")->type_name("TEXT");

    CLI::App* assign = cases->add_subcommand("assign", "Gives a case to somebody");
    const auto of_assign = command(assign, assign_case);
    add_number(*assign, *of_assign);
    assign->add_option("account", of_assign->account, "Who takes care of it; nobody when left out")
        ->type_name("ACCOUNT");

    CLI::App* stats = cases->add_subcommand("stats", "What became of the cases of each month");
    const auto of_stats = command(stats, show_statistics);
    stats->add_option("--queue", of_stats->queue, "Only this queue")->type_name("QUEUE");
    stats->add_option("--organisation", of_stats->organisation, "Only what concerns it")->type_name("ID");
    stats->add_option("--since", of_stats->since, "Opened from this day")->type_name("DATE");
    stats->add_option("--until", of_stats->until, "Opened before this day")->type_name("DATE");
    stats->add_flag("--by-organisation", of_stats->by_organisation, "One row for each organisation concerned too");

    command(cases->add_subcommand("queues", "Every queue as it stands"), list_queues);
}

}  // namespace quipu::app
