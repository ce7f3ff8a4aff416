// The registry from the command line: files in and out, single objects, their history, and what-if.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <sstream>

#include "app/client.h"
#include "app/commands.h"

namespace quipu::app {
namespace {

const std::vector<std::string> kKinds = {"organisations", "people",   "sites",   "equipment", "links",
                                         "as_numbers",    "prefixes", "domains", "realms",    "telephone_prefixes"};
const std::vector<std::string> kFormats = {"toml", "json", "csv", "graphml"};

/// RegistryOptions of all the group's commands; each command declares those that it takes.
struct RegistryOptions {
    std::string contacts;
    std::string kind, id;
    std::string file, format;
    std::string as_of, why, effective;
    std::string text;
    std::vector<std::string> values, filters, columns, sites, links;
    std::size_t limit = 0;
    int order = 1;
    bool dry_run = false, create = false;
};

std::string shown_at(const Value& object, std::string_view key) {
    const Value* found = object.find(key);
    if (found == nullptr || found->is_null()) return {};
    return found->if_string() != nullptr ? *found->if_string() : to_json(*found);
}

std::string object_path(const RegistryOptions& options) {
    return fmt::format("/api/v1/{}/{}", options.kind, net::percent_encode(options.id));
}

std::string joined(const std::vector<std::string>& list) {
    std::string out;
    for (const std::string& each : list)
        out += (out.empty() ? "" : ",") + each;
    return out;
}

// ---- import and export

Result<std::string> format_of(const RegistryOptions& options) {
    if (!options.format.empty()) return options.format;
    const std::size_t dot = options.file.rfind('.');
    std::string ending = dot == std::string::npos ? "" : options.file.substr(dot + 1);
    if (std::ranges::find(kFormats, ending) != kFormats.end()) return ending;
    return fail(ErrorCode::invalid, "the file's name does not say its format", options.file,
                "name it with --format toml, json, csv or graphml");
}

Result<std::string> read_file(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail_errno(errno, "the file can't be read", file);
    std::ostringstream text;
    text << in.rdbuf();
    if (in.bad()) return fail(ErrorCode::io, "the file can't be read", file);
    return std::move(text).str();
}

/// "capacity: 155520000 → 622080000, note: + leased".
std::string change_text(const Value& before, const Value& after) {
    static const Value kEmpty{Value::Object{}};
    const Value& old_object = before.is_null() ? kEmpty : before;
    const Value& new_object = after.is_null() ? kEmpty : after;
    std::string out;
    const auto append = [&out](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
    for (const auto& [key, value] : *new_object.if_object()) {
        const Value* old = old_object.find(key);
        if (old != nullptr && *old == value) continue;
        if (old == nullptr || old->is_null())
            append(fmt::format("{}: {}", key, shown_at(new_object, key)));
        else
            append(fmt::format("{}: {} → {}", key, shown_at(old_object, key), shown_at(new_object, key)));
    }
    for (const auto& [key, value] : *old_object.if_object())
        if (!value.is_null() && new_object.find(key) == nullptr && !after.is_null())
            append(fmt::format("{}: {} → nothing", key, shown_at(old_object, key)));
    return out;
}

Result<void> show_differences(const Context& context, const Value& answer, bool dry_run) {
    const Value* differences = answer.find("differences");
    if (differences == nullptr || differences->if_array() == nullptr)
        return fail(ErrorCode::corrupt, "the hub's answer holds no differences");
    if (context.output == OutputFormat::json) return print(format_list(*differences, context.output));
    Value::Array rows;
    for (const Value& difference : *differences->if_array()) {
        if (shown_at(difference, "action") == "unchanged") continue;
        Value row;
        for (const char* key : {"action", "kind", "id"})
            row.set(key, shown_at(difference, key));
        const Value* before = difference.find("before");
        const Value* after = difference.find("after");
        row.set("change", change_text(before != nullptr ? *before : Value(), after != nullptr ? *after : Value()));
        rows.push_back(std::move(row));
    }
    const std::size_t count = rows.size();
    if (count > 0 || context.output == OutputFormat::csv)
        TRY(print(format_list(rows, context.output, {.columns = {}, .colour = context.colour})));
    if (context.output != OutputFormat::table) return {};
    if (count == 0) return print("Nothing changes.\n");
    return print(dry_run ? fmt::format("{} objects would change; nothing was written.\n", count)
                         : fmt::format("{} objects changed.\n", count));
}

Result<void> import_file(const Context& context, const RegistryOptions& options) {
    const std::string format = TRY(format_of(options));
    const std::string text = TRY(read_file(options.file));
    const std::string name = options.file.substr(options.file.rfind('/') + 1);
    const Value answer =
        TRY(Client(context.hub)
                .change({.method = net::Method::post,
                         .target = with_query("/api/v1/registry/import", {{"format", format},
                                                                          {"dry_run", options.dry_run ? "true" : ""},
                                                                          {"name", name},
                                                                          {"kind", options.kind},
                                                                          {"why", options.why},
                                                                          {"effective", options.effective}}),
                         .body = text,
                         .content_type = "text/plain; charset=utf-8"}));
    return show_differences(context, answer, options.dry_run);
}

Result<void> export_file(const Context& context, const RegistryOptions& options) {
    const std::string format = options.file.empty() && options.format.empty() ? "toml" : TRY(format_of(options));
    const auto answer =
        TRY(Client(context.hub)
                .send({.target = with_query("/api/v1/registry/export", {{"format", format},
                                                                        {"kind", options.kind},
                                                                        {"as_of", options.as_of},
                                                                        {"contacts", options.contacts}})}));
    if (options.file.empty()) return print(answer.text);
    std::ofstream out(options.file, std::ios::binary | std::ios::trunc);
    out << answer.text;
    out.close();
    if (!out) return fail_errno(errno, "the file can't be written", options.file);
    return print(fmt::format("{} octets written to {}.\n", answer.text.size(), options.file));
}

// ---- objects

Result<Query> filters_of(const RegistryOptions& options) {
    Query query = {{"as_of", options.as_of}, {"q", options.text}};
    for (const std::string& filter : options.filters) {
        const std::size_t equals = filter.find('=');
        if (equals == std::string::npos)
            return fail(ErrorCode::invalid, "a filter is NAME=VALUE", filter, "for example country=CL");
        query.emplace_back(filter.substr(0, equals), filter.substr(equals + 1));
    }
    return query;
}

Result<void> list_objects(const Context& context, const RegistryOptions& options) {
    Query query = TRY(filters_of(options));
    query.emplace_back("fields", joined(options.columns));
    const Value objects = TRY(Client(context.hub).list("/api/v1/" + options.kind, std::move(query), options.limit));
    return print(format_list(objects, context.output, {.columns = options.columns, .colour = context.colour}));
}

Result<void> show_object(const Context& context, const RegistryOptions& options) {
    const Value object = TRY(Client(context.hub).get(object_path(options), {{"as_of", options.as_of}}));
    return print(format_object(object, context.output, {.columns = {}, .colour = context.colour}));
}

/// NAME=VALUE into the object: JSON if it reads as such, otherwise text; an empty value takes the field away.
Result<void> set_field(Value& object, const std::string& assignment) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos)
        return fail(ErrorCode::invalid, "a field is set by NAME=VALUE", assignment, "for example latitude=-33.45");
    const std::string name = assignment.substr(0, equals);
    const std::string text = assignment.substr(equals + 1);
    std::erase_if(*object.if_object(), [&](const Value::Member& member) { return member.first == name; });
    if (text.empty()) return {};
    const auto json = parse_json(text);
    object.set(name, json ? *json : Value(text));
    return {};
}

Result<void> set_object(const Context& context, const RegistryOptions& options) {
    const Client client(context.hub);
    Value object{Value::Object{}};
    std::string etag;
    if (!options.create) {
        auto before = TRY(client.send({.target = object_path(options)}));
        object = TRY(parse_json(before.text));
        etag = std::move(before.etag);
        // What the registry says of the record itself is not the caller's to send.
        std::erase_if(*object.if_object(), [](const Value::Member& member) {
            return member.first == "version" || member.first == "changed" || member.first == "changed_by";
        });
    }
    object.set("id", options.id);
    for (const std::string& assignment : options.values)
        TRY(set_field(object, assignment));
    const Query query = {{"why", options.why}, {"effective", options.effective}};
    const Client::Call call = options.create ? Client::Call{.method = net::Method::post,
                                                            .target = with_query("/api/v1/" + options.kind, query),
                                                            .body = to_json(object)}
                                             : Client::Call{.method = net::Method::put,
                                                            .target = with_query(object_path(options), query),
                                                            .body = to_json(object),
                                                            .if_match = etag};
    const Value after = TRY(client.change(call));
    return print(format_object(after, context.output, {.columns = {}, .colour = context.colour}));
}

Result<void> remove_object(const Context& context, const RegistryOptions& options) {
    const Client client(context.hub);
    const auto before = TRY(client.send({.target = object_path(options)}));
    TRY(client.send(
        {.method = net::Method::delete_,
         .target = with_query(object_path(options), {{"why", options.why}, {"effective", options.effective}}),
         .if_match = before.etag}));
    return print(fmt::format("{}/{} is removed; its history stays.\n", options.kind, options.id));
}

Result<void> show_history(const Context& context, const RegistryOptions& options) {
    const Value revisions = TRY(Client(context.hub).items(object_path(options) + "/history"));
    if (context.output != OutputFormat::table) return print(format_list(revisions, context.output));
    Value::Array rows;
    for (const Value& revision : *revisions.if_array()) {
        Value row;
        for (const char* key : {"version", "effective", "changed", "who", "action", "why"})
            row.set(key, revision.find(key) != nullptr ? *revision.find(key) : Value());
        const Value* before = revision.find("before");
        const Value* after = revision.find("after");
        row.set("change", change_text(before != nullptr ? *before : Value(), after != nullptr ? *after : Value()));
        rows.push_back(std::move(row));
    }
    return print(format_list(rows, context.output, {.columns = {}, .colour = context.colour}));
}

// ---- what-if

std::string failed_names(const Value& failure) {
    std::string out;
    if (const Value* failed = failure.find("failed"); failed != nullptr && failed->if_array() != nullptr)
        for (const Value& each : *failed->if_array())
            out += (out.empty() ? "" : " + ") + shown_at(each, "id");
    return out;
}

Result<void> what_if(const Context& context, const RegistryOptions& options) {
    const Client client(context.hub);
    Query query = {{"sites", joined(options.sites)}, {"links", joined(options.links)}, {"as_of", options.as_of}};
    if (!options.sites.empty() || !options.links.empty()) {
        const Value outcome = TRY(client.get("/api/v1/registry/what-if", query));
        const Value* paths = outcome.find("paths");
        if (context.output == OutputFormat::json || paths == nullptr)
            return print(format_object(outcome, context.output, {.columns = {}, .colour = context.colour}));
        return print(format_list(*paths, context.output, {.columns = {}, .colour = context.colour}));
    }
    query.emplace_back("order", std::to_string(options.order));
    const Value failures = TRY(client.list("/api/v1/registry/what-if", query, options.limit));
    if (context.output != OutputFormat::table) return print(format_list(failures, context.output));
    Value::Array rows;
    for (const Value& failure : *failures.if_array()) {
        Value row;
        row.set("failed", failed_names(failure));
        for (const char* key : {"pairs_cut", "pairs_rerouted", "worst_stretch", "cut_off"})
            row.set(key, failure.find(key) != nullptr ? *failure.find(key) : Value());
        rows.push_back(std::move(row));
    }
    return print(format_list(rows, context.output, {.columns = {}, .colour = context.colour}));
}

/// Adds one command whose work is `run`.
CLI::App* add(CLI::App* group, Context& context, const std::shared_ptr<RegistryOptions>& options,
              const std::string& name, const std::string& doc,
              Result<void> (*run)(const Context&, const RegistryOptions&)) {
    CLI::App* command = group->add_subcommand(name, doc);
    command->callback(
        [options, run, &context] { context.command = [options, run, &context] { return run(context, *options); }; });
    return command;
}

}  // namespace

void add_registry_commands(CLI::App& app, Context& context) {
    CLI::App* group = app.add_subcommand("registry", "Who is connected, where, by what")->require_subcommand(1);
    const auto options = std::make_shared<RegistryOptions>();
    const auto kind = [&](CLI::App* command) {
        command->add_option("kind", options->kind, "Collection: sites, links…")
            ->required()
            ->check(CLI::IsMember(kKinds).description(""))
            ->type_name("KIND");
    };
    const auto object = [&](CLI::App* command) {
        kind(command);
        command->add_option("id", options->id, "The object")->required()->type_name("ID");
    };
    const auto day = [&](CLI::App* command) {
        command->add_option("--as-of", options->as_of, "As it was, or will be, on this day")->type_name("DATE");
    };
    const auto reason = [&](CLI::App* command) {
        command->add_option("--why", options->why, "The reason, kept with the change")->type_name("TEXT");
        command->add_option("--effective", options->effective, "The day from which it is true; today if left out")
            ->type_name("DATE");
    };
    const auto format = [&](CLI::App* command) {
        command->add_option("--format", options->format, "toml, json, csv or graphml; the file's ending if left out")
            ->check(CLI::IsMember(kFormats).description(""))
            ->type_name("FORMAT");
    };

    CLI::App* import_command =
        add(group, context, options, "import", "Takes a file in, all of it or nothing", import_file);
    import_command->add_option("file", options->file, "The file")->required()->type_name("FILE");
    import_command->add_flag("--dry-run", options->dry_run, "Only shows what would change");
    import_command->add_option("--kind", options->kind, "Collection, for CSV")
        ->check(CLI::IsMember(kKinds).description(""))
        ->type_name("KIND");
    reason(import_command);
    format(import_command);

    CLI::App* export_command = add(group, context, options, "export", "Gives the registry as a file", export_file);
    export_command->add_option("--file", options->file, "Where to; standard output if left out")->type_name("FILE");
    export_command->add_option("--kind", options->kind, "Only this collection")
        ->check(CLI::IsMember(kKinds).description(""))
        ->type_name("KIND");
    export_command
        ->add_option("--contacts", options->contacts,
                     "Contact details up to public, members (if left out) or private; a file without the private ones "
                     "removes them when it is imported")
        ->check(CLI::IsMember({"public", "members", "private"}).description(""))
        ->type_name("VISIBILITY");
    format(export_command);
    day(export_command);

    CLI::App* list = add(group, context, options, "list", "The objects of a collection", list_objects);
    kind(list);
    list->add_option("--filter", options->filters, "Only those whose field has this value")->type_name("NAME=VALUE");
    list->add_option("--search", options->text, "Only those that hold this text")->type_name("TEXT");
    list->add_option("--fields", options->columns, "Only these fields")->delimiter(',')->type_name("NAME,…");
    list->add_option("--limit", options->limit, "At most so many; all if left out")->type_name("N");
    day(list);

    CLI::App* show = add(group, context, options, "show", "One object", show_object);
    object(show);
    day(show);

    CLI::App* set =
        add(group, context, options, "set", "Changes fields of an object: set sites quito latitude=-0.18", set_object);
    object(set);
    set->add_option("values", options->values, "Fields; an empty value takes one away")->type_name("NAME=VALUE");
    set->add_flag("--create", options->create, "Makes a new object");
    reason(set);

    CLI::App* remove = add(group, context, options, "remove", "Removes an object; its history stays", remove_object);
    object(remove);
    reason(remove);

    object(add(group, context, options, "history", "Every change of an object", show_history));

    CLI::App* failure =
        add(group, context, options, "what-if",
            "What a failure of links or sites would do; every single failure if none is named", what_if);
    failure->add_option("--sites", options->sites, "Sites that fail together")->delimiter(',')->type_name("ID,…");
    failure->add_option("--links", options->links, "Links that fail together")->delimiter(',')->type_name("ID,…");
    failure->add_option("--order", options->order, "1: single failures, 2: double failures")
        ->check(CLI::Range(1, 2))
        ->type_name("N");
    failure->add_option("--limit", options->limit, "The most harmful ones; all if left out")->type_name("N");
    day(failure);
}

}  // namespace quipu::app
