#include "desk/knowledge/store.h"

#include "desk/knowledge/articles.h"

namespace quipu::knowledge {

const std::vector<data::Migration> kKnowledgeMigrations = {
    {"knowledge.001.articles", R"(
CREATE TABLE articles (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    removed BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE article_versions (
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    time_ns BIGINT NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    why TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (id, version)
);
)"},
};

namespace store {
namespace {

Result<Article> article_of(const std::string& body, std::string_view id) {
    auto article = read<Article>(TRY(parse_json(body, "an article")));
    if (article) return article;
    return fail(ErrorCode::corrupt, "the article " + std::string(id) + " can't be read: " + article.error().what,
                "articles", "restore the database from its backup");
}

}  // namespace

Result<std::optional<Current>> current(data::Transaction& transaction, std::string_view id) {
    const data::Rows rows = TRY(transaction.run("SELECT removed, body FROM articles WHERE id = ?", std::string(id)));
    if (rows.empty()) return std::nullopt;
    return Current {
        TRY(article_of(rows.text(0, 1), id))
        , rows.integer(0, 0) != 0
    };
}

Result<std::vector<Article>> all(data::Transaction& transaction) {
    const data::Rows rows = TRY(transaction.run("SELECT id, body FROM articles WHERE removed = 0 ORDER BY id"));
    std::vector<Article> out;
    out.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        out.push_back(TRY(article_of(rows.text(i, 1), rows.text(i, 0))));
    return out;
}

Result<bool> is_empty(data::Transaction& transaction) {
    return TRY(transaction.run("SELECT id FROM articles LIMIT 1"))
    .empty();
}

Result<void> put(data::Transaction& transaction, const Article& article, bool removed, const ArticleVersion& what) {
    const std::string body = json_text(article);
    TRY(
        transaction.run("INSERT INTO articles (id, version, removed, body) VALUES (?, ?, ?, ?) "
                        "ON CONFLICT (id) DO UPDATE SET version = excluded.version, removed = excluded.removed, "
                        "body = excluded.body",
                        article.id, article.version, std::int64_t{removed ? 1 : 0}, body));
    TRY(
        transaction.run("INSERT INTO article_versions (id, version, time_ns, who, action, why, body) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?)",
                        article.id, what.version, std::int64_t{what.time.time_since_epoch().count()}, what.who,
                        what.action, what.why, body));
    return {};
}

Result<std::vector<ArticleVersion>> versions(data::Transaction& transaction, std::string_view id) {
    const data::Rows rows =
        TRY(transaction.run("SELECT version, time_ns, who, action, why FROM article_versions WHERE id = ? "
                            "ORDER BY version DESC",
                            std::string(id)));
    std::vector<ArticleVersion> out;
    out.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        out.push_back({rows.integer(i, 0), Time(Nanoseconds(rows.integer(i, 1))), rows.text(i, 2), rows.text(i, 3),
                       rows.text(i, 4)});
    return out;
}

Result<std::optional<Article>> version(data::Transaction& transaction, std::string_view id, std::int64_t number) {
    const data::Rows rows =
        TRY(transaction.run("SELECT body FROM article_versions WHERE id = ? AND version = ?", std::string(id), number));
    if (rows.empty()) return std::nullopt;
    return TRY(article_of(rows.text(0, 0), id));
}

}  // namespace store
}  // namespace quipu::knowledge
