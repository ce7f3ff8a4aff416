#include "desk/knowledge/attachments.h"

#include <fmt/format.h>

#include "desk/knowledge/store.h"
#include "events/events.h"

namespace quipu::knowledge {
namespace {

using data::Transaction;

constexpr std::size_t kMostOfOne = 100;

std::unexpected<Error> no_file(std::string_view article, std::int64_t id) {
    return fail(ErrorCode::not_found, fmt::format("the article \"{}\" has no file {}", article, id), "file");
}

Result<Article> article_there(Transaction& transaction, std::string_view id) {
    auto found = TRY(store::current(transaction, id));
    if (!found || found->removed)
        return fail(ErrorCode::not_found, fmt::format("there is no article \"{}\"", id), "id", "see /api/v1/articles");
    return std::move(found->article);
}

}  // namespace

Result<std::vector<ArticleAttachment>> ArticleAttachments::of(std::string_view article) const {
    std::vector<ArticleAttachment> out;
    TRY(database_.read([&](Transaction& transaction) -> Result<void> {
        out = TRY(store::attachments(transaction, article));
        return {};
    }));
    return out;
}

Result<ArticleAttachments::File> ArticleAttachments::read(std::string_view article, std::int64_t id) const {
    for (ArticleAttachment& each : TRY(of(article)))
        if (each.id == id) {
            std::string octets = TRY(files_.read(each.sha256));
            return File{std::move(each), std::move(octets)};
        }
    return no_file(article, id);
}

Result<ArticleAttachment> ArticleAttachments::attach(std::string_view article, std::string_view name,
                                                     std::string_view octets, const std::string& who) {
    if (std::cmp_greater(octets.size(), largest_.octets))
        return fail(ErrorCode::too_large,
                    fmt::format("the file has {} octets; at most {} are taken", octets.size(), largest_.octets),
                    "body");
    const desk::KeptFile kept = TRY(files_.keep(name, octets));
    ArticleAttachment out{{.name = kept.name,
                           .media_type = kept.media_type,
                           .size = kept.size,
                           .sha256 = kept.sha256,
                           .time = clock_.now(),
                           .who = who}};
    TRY(database_.write([&](Transaction& transaction) -> Result<void> {
        const Article there = TRY(article_there(transaction, article));
        if (TRY(store::attachments(transaction, article)).size() >= kMostOfOne)
            return fail(ErrorCode::conflict, fmt::format("the article has {} files already", kMostOfOne), "body",
                        "remove those that are not needed");
        out.id = TRY(store::add_attachment(transaction, article, out));
        return tell(transaction, there, "attached", who);
    }));
    return out;
}

Result<void> ArticleAttachments::remove(std::string_view article, std::int64_t id, const std::string& who) {
    return database_.write([&](Transaction& transaction) -> Result<void> {
        const Article there = TRY(article_there(transaction, article));
        if (!TRY(store::remove_attachment(transaction, article, id))) return no_file(article, id);
        return tell(transaction, there, "detached", who);
    });
}

Result<std::size_t> ArticleAttachments::sweep() const {
    return files_.sweep(database_, store::is_attached, clock_.now());
}

Result<void> ArticleAttachments::tell(Transaction& transaction, const Article& article, std::string_view action,
                                      const std::string& who) const {
    events::ArticleChanged event;
    event.id = article.id;
    event.action = action;
    event.version = article.version;
    event.state = enum_name(article.state);
    return journal_.append(transaction, "article:" + article.id, event, who);
}

}  // namespace quipu::knowledge
