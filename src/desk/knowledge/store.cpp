#include "desk/knowledge/store.h"

#include "data/instants.h"
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
    {"knowledge.002.attachments", R"(
CREATE TABLE article_attachments (
    id BIGINT PRIMARY KEY,
    article TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    time_ns BIGINT NOT NULL,
    who TEXT NOT NULL
);
CREATE INDEX article_attachments_article ON article_attachments (article, id);
CREATE INDEX article_attachments_content ON article_attachments (sha256);
CREATE TABLE article_attachment_numbers (last BIGINT NOT NULL);
INSERT INTO article_attachment_numbers (last) VALUES (0);
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
                        article.id, what.version, data::count_of(what.time), what.who, what.action, what.why, body));
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
        out.push_back(
            {rows.integer(i, 0), data::time_at(rows, i, 1), rows.text(i, 2), rows.text(i, 3), rows.text(i, 4)});
    return out;
}

Result<std::optional<Article>> version(data::Transaction& transaction, std::string_view id, std::int64_t number) {
    const data::Rows rows =
        TRY(transaction.run("SELECT body FROM article_versions WHERE id = ? AND version = ?", std::string(id), number));
    if (rows.empty()) return std::nullopt;
    return TRY(article_of(rows.text(0, 0), id));
}

// ---- attachments

Result<std::vector<ArticleAttachment>> attachments(data::Transaction& transaction, std::string_view article) {
    const data::Rows rows =
        TRY(transaction.run("SELECT id, name, media_type, size, sha256, time_ns, who FROM article_attachments "
                            "WHERE article = ? ORDER BY id",
                            std::string(article)));
    std::vector<ArticleAttachment> out;
    out.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        out.push_back({{.id = rows.integer(i, 0),
                        .name = rows.text(i, 1),
                        .media_type = rows.text(i, 2),
                        .size = {rows.integer(i, 3)},
                        .sha256 = rows.text(i, 4),
                        .time = data::time_at(rows, i, 5),
                        .who = rows.text(i, 6)}});
    return out;
}

Result<std::int64_t> add_attachment(data::Transaction& transaction, std::string_view article,
                                    const ArticleAttachment& attachment) {
    // A number is never given twice: an address that was sent to a colleague leads to this file or to none.
    const std::int64_t id = TRY(transaction.run("UPDATE article_attachment_numbers SET last = last + 1 RETURNING last"))
    .integer(0, 0);
    TRY(
        transaction.run("INSERT INTO article_attachments (id, article, name, media_type, size, sha256, time_ns, who) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                        id, std::string(article), attachment.name, attachment.media_type, attachment.size.octets,
                        attachment.sha256, data::count_of(attachment.time), attachment.who));
    return id;
}

Result<bool> remove_attachment(data::Transaction& transaction, std::string_view article, std::int64_t id) {
    const data::Rows rows =
        TRY(transaction.run("DELETE FROM article_attachments WHERE article = ? AND id = ?", std::string(article), id));
    return rows.affected() > 0;
}

Result<void> remove_attachments(data::Transaction& transaction, std::string_view article) {
    TRY(transaction.run("DELETE FROM article_attachments WHERE article = ?", std::string(article)));
    return {};
}

Result<bool> is_attached(data::Transaction& transaction, std::string_view sha256) {
    const data::Rows rows =
        TRY(transaction.run("SELECT 1 FROM article_attachments WHERE sha256 = ? LIMIT 1", std::string(sha256)));
    return !rows.empty();
}

}  // namespace store
}  // namespace quipu::knowledge
