// Search from the command line: what Ctrl-K finds.

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

#include "app/client.h"
#include "app/commands.h"

namespace quipu::app {
namespace {

struct SearchOptions {
    std::string text, kinds;
    std::size_t limit = 20;
    bool rebuild = false;
};

std::string pieces_text(const Value& hit, std::string_view key) {
    std::string out;
    const Value* pieces = hit.find(key);
    if (pieces == nullptr || pieces->if_array() == nullptr) return out;
    for (const Value& piece : *pieces->if_array())
        if (const Value* text = piece.find("text"); text != nullptr && text->if_string() != nullptr)
            out += *text->if_string();
    return out;
}

Result<void> find_everything(const Context& context, const SearchOptions& options) {
    const Client client(context.hub);
    if (options.rebuild) {
        TRY(client.send({.method = net::Method::post, .target = "/api/v1/search/rebuild"}));
        return print("The index is made again.\n");
    }
    const Value found =
        TRY(client.list("/api/v1/search", {{"q", options.text}, {"kinds", options.kinds}}, options.limit));
    if (context.output != OutputFormat::table) return print(format_list(found, context.output));
    Value::Array rows;
    for (const Value& hit : *found.if_array()) {
        Value row;
        for (const char* key : {"kind", "id", "name", "detail"})
            row.set(key, hit.find(key) != nullptr ? *hit.find(key) : Value());
        row.set("passage", pieces_text(hit, "excerpt"));
        rows.push_back(std::move(row));
    }
    return print(format_list(rows, context.output, {.columns = {}, .colour = context.colour}));
}

}  // namespace

void add_search_command(CLI::App& app, Context& context) {
    CLI::App* search = app.add_subcommand("search", "Find anything: objects, articles, cases, teams, events");
    auto options = std::make_shared<SearchOptions>();
    auto* text =
        search->add_option("text", options->text, "Words, \"side by side\", -unwanted, an address")->type_name("TEXT");
    search->add_option("--kinds", options->kinds, "Only these, comma separated: sites,links,articles,cases,journal…")
        ->type_name("KINDS");
    search->add_option("--limit", options->limit, "At most so many")->type_name("N");
    auto* rebuild = search->add_flag("--rebuild", options->rebuild, "Make the index again from its sources");
    rebuild->excludes(text);
    search->callback([options, &context] {
        if (options->text.empty() && !options->rebuild) throw CLI::RequiredError("text");
        context.command = [options, &context] { return find_everything(context, *options); };
    });
}

}  // namespace quipu::app
