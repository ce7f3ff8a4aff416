// The knowledge base from the command line.

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

#include "app/client.h"
#include "app/commands.h"

namespace quipu::app {
namespace {

struct ArticleOptions {
    std::string id, language, category, state, why;
    std::size_t limit = 0;
    bool withdraw = false;
};

std::string article_path(const ArticleOptions& options) {
    return "/api/v1/articles/" + net::percent_encode(options.id);
}

std::string words_at(const Value& object, std::string_view key) {
    const Value* member = object.find(key);
    return member != nullptr && member->if_string() != nullptr ? *member->if_string() : std::string();
}

Result<void> list_articles(const Context& context, const ArticleOptions& options) {
    const Value articles =
        TRY(Client(context.hub)
                .list("/api/v1/articles",
                      {{"language", options.language}, {"category", options.category}, {"state", options.state}},
                      options.limit));
    std::vector<std::string> columns;
    if (context.output == OutputFormat::table) columns = {"id", "category", "state", "languages", "title", "changed"};
    return print(format_list(articles, context.output, {.columns = std::move(columns), .colour = context.colour}));
}

/// To be read: the title and the Markdown itself.
Result<void> show_article(const Context& context, const ArticleOptions& options) {
    const Value article = TRY(Client(context.hub).get(article_path(options), {{"language", options.language}}));
    if (context.output != OutputFormat::table) return print(format_object(article, context.output));
    const Value* texts = article.find("texts");
    const Value* text = texts == nullptr ? nullptr : texts->find(words_at(article, "language"));
    if (text == nullptr) return print(format_object(article, context.output));
    const std::string summary = words_at(*text, "summary");
    return print(fmt::format("# {}\n\n{}{}{}\n", words_at(*text, "title"), summary, summary.empty() ? "" : "\n\n",
                             words_at(*text, "body")));
}

Result<void> publish_article(const Context& context, const ArticleOptions& options) {
    const Client client(context.hub);
    const auto now = TRY(client.send({.target = article_path(options)}));
    Value body;
    body.set("state", Value(options.withdraw ? "draft" : "published"));
    body.set("why", Value(options.why));
    TRY(client.change({.method = net::Method::post,
                       .target = article_path(options) + "/state",
                       .body = to_json(body),
                       .if_match = now.etag}));
    return print(fmt::format("{} is {}.\n", options.id, options.withdraw ? "a draft again" : "published"));
}

}  // namespace

void add_knowledge_commands(CLI::App& app, Context& context) {
    CLI::App* articles = app.add_subcommand("articles", "The knowledge base")->require_subcommand(1);
    const auto command = [&](CLI::App* sub, auto run) {
        auto options = std::make_shared<ArticleOptions>();
        sub->callback([options, run, &context] {
            context.command = [options, run, &context] { return run(context, *options); };
        });
        return options;
    };
    CLI::App* list = articles->add_subcommand("list", "What there is to read");
    const auto of_list = command(list, list_articles);
    list->add_option("--language", of_list->language, "Of the titles: es, pt, en")->type_name("LANGUAGE");
    list->add_option("--category", of_list->category, "Only this category")->type_name("CATEGORY");
    list->add_option("--state", of_list->state, "draft or published")->type_name("STATE");
    list->add_option("--limit", of_list->limit, "At most so many")->type_name("N");

    CLI::App* show = articles->add_subcommand("show", "One article");
    const auto of_show = command(show, show_article);
    show->add_option("id", of_show->id, "The article")->required()->type_name("ID");
    show->add_option("--language", of_show->language, "es, pt, en")->type_name("LANGUAGE");

    CLI::App* publish = articles->add_subcommand("publish", "Publish a draft, or withdraw it");
    const auto of_publish = command(publish, publish_article);
    publish->add_option("id", of_publish->id, "The article")->required()->type_name("ID");
    publish->add_flag("--withdraw", of_publish->withdraw, "Make it a draft again");
    publish->add_option("--why", of_publish->why, "The reason, kept with the version")->type_name("TEXT");
}

}  // namespace quipu::app
