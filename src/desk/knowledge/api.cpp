#include "desk/knowledge/api.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "desk/knowledge/articles.h"
#include "desk/knowledge/attachments.h"
#include "desk/knowledge/difference.h"
#include "desk/knowledge/from_case.h"
#include "desk/knowledge/markdown.h"
#include "platform/off_loop.h"

namespace quipu::knowledge {
namespace {

using platform::Call;
using platform::Caller;
using platform::Page;
using platform::Permission;
using platform::Reply;

struct ListQuery : platform::PageQuery {
    std::string language, category, object;
    std::optional<ArticleState> state;
    static constexpr auto describe() {
        using T = ListQuery;
        return std::tuple_cat(
            PageQuery::describe(),
            fields(field<&T::language>("language", "Of the titles: es, pt, en; the caller's if left out"),
                   field<&T::category>("category", "Only this category"),
                   field<&T::object>("object", "Only what is about it, KIND:ID"),
                   field<&T::state>("state", "Only drafts, or only what is published")));
    }
};
struct OneQuery {
    std::string id, language;
    static constexpr auto describe() {
        using T = OneQuery;
        return fields(field<&T::id>("id", "The article").required(),
                      field<&T::language>("language", "Of the HTML: es, pt, en; the caller's if left out"));
    }
};
struct NewArticle {
    ArticleInput body;
    std::string why;
    static constexpr auto describe() {
        using T = NewArticle;
        return fields(field<&T::body>("body", "The article").required(),
                      field<&T::why>("why", "The reason, kept with the version").at_most_long(1000));
    }
};
struct ChangedArticle {
    std::string id;
    Article body;  // as it was read: what is read only may come along
    std::string why;
    static constexpr auto describe() {
        using T = ChangedArticle;
        return fields(field<&T::id>("id", "The article").required(),
                      field<&T::body>("body", "The whole article, as it is to be").required(),
                      field<&T::why>("why", "The reason, kept with the version").at_most_long(1000));
    }
};
struct RemovedArticle {
    std::string id;
    std::string why;
    static constexpr auto describe() {
        using T = RemovedArticle;
        return fields(field<&T::id>("id", "The article").required(),
                      field<&T::why>("why", "The reason, kept with the version").at_most_long(1000));
    }
};
struct StateQuery {
    std::string id;
    StateInput body;
    static constexpr auto describe() {
        return fields(field<&StateQuery::id>("id", "The article").required(),
                      field<&StateQuery::body>("body", "The state wanted").required());
    }
};
struct PreviewQuery {
    PreviewInput body;
    static constexpr auto describe() {
        return fields(field<&PreviewQuery::body>("body", "What is to be shown").required());
    }
};
struct VersionsQuery : platform::PageQuery {
    std::string id;
    static constexpr auto describe() {
        return std::tuple_cat(PageQuery::describe(), fields(field<&VersionsQuery::id>("id", "The article").required()));
    }
};
struct VersionQuery {
    std::string id;
    std::int64_t version = 0;
    static constexpr auto describe() {
        using T = VersionQuery;
        return fields(field<&T::id>("id", "The article").required(),
                      field<&T::version>("version", "Its number").required().at_least(1));
    }
};
struct DifferenceQuery : VersionQuery {
    std::optional<std::int64_t> against;
    static constexpr auto describe() {
        return std::tuple_cat(
            VersionQuery::describe(),
            fields(
                field<&DifferenceQuery::against>("against", "Older version; the one before if left out").at_least(0)));
    }
};
struct RestoreQuery : VersionQuery {
    std::string why;
    static constexpr auto describe() {
        return std::tuple_cat(
            VersionQuery::describe(),
            fields(field<&RestoreQuery::why>("why", "The reason, kept with the version").at_most_long(1000)));
    }
};
struct CaseQuery {
    std::int64_t number = 0;
    CaseArticleInput body;
    static constexpr auto describe() {
        return fields(field<&CaseQuery::number>("number", "The solved case").required().at_least(1),
                      field<&CaseQuery::body>("body", "How the draft is to be").required());
    }
};

struct SentFile {
    std::string id;
    std::string name;
    std::string body;
    static constexpr auto describe() {
        using T = SentFile;
        return fields(field<&T::id>("id", "The article").required(),
                      field<&T::name>("name", "File name").required().at_most_long(400),
                      field<&T::body>("body", "The file").required().at_most_long(64 * 1024 * 1024));
    }
};
struct FileQuery {
    std::string id;
    std::int64_t file = 0;
    static constexpr auto describe() {
        using T = FileQuery;
        return fields(field<&T::id>("id", "The article").required(),
                      field<&T::file>("file", "The file's number").required().at_least(1));
    }
};

std::string etag_of(const Article& article) {
    return std::to_string(article.version);
}

Result<std::int64_t> version_in(const std::string& if_match) {
    std::int64_t version = 0;
    const auto read = std::from_chars(if_match.data(), if_match.data() + if_match.size(), version);
    // "7", or "7-es" as it came with the text in one language.
    if (read.ec != std::errc() || (read.ptr != if_match.data() + if_match.size() && *read.ptr != '-'))
        return fail(ErrorCode::precondition_failed, "is not a version of this article", "If-Match",
                    "send the ETag that came with the article");
    return version;
}

ArticleSummary summary_of(const Article& article, std::string_view wanted) {
    const auto [language, text] = text_in(article, wanted);
    ArticleSummary out{.id = article.id,
                       .category = article.category,
                       .language = language,
                       .title = text->title,
                       .summary = text->summary,
                       .languages = {},
                       .state = article.state,
                       .readers = article.readers,
                       .links = article.links,
                       .changed = article.changed,
                       .published = article.published,
                       .version = article.version};
    for (const std::string_view each : kLanguages)
        if (article.texts.contains(std::string(each))) out.languages.emplace_back(each);
    return out;
}

Result<ArticlePage> page_of_article(Article article, std::string_view wanted, const Caller& caller) {
    ArticlePage page;
    const auto [language, text] = text_in(article, wanted);
    page.language = language;
    Rendered rendered = TRY(render_markdown(text->body));
    page.html = std::move(rendered.html);
    page.headings = std::move(rendered.headings);
    if (!may_publish(caller)) article.from_case.reset();
    static_cast<Article&>(page) = std::move(article);
    return page;
}

std::string wanted_language(const std::string& asked, const Caller& caller) {
    return asked.empty() ? caller.language : asked;
}

Result<Article> readable(const Articles& articles, std::string_view id, const Caller& caller) {
    Article article = TRY(articles.find(id));
    if (!may_read(caller, article))
        return fail(ErrorCode::not_found, fmt::format("there is no article \"{}\"", id), "id", "see /api/v1/articles");
    return article;
}

Result<Page<ArticleSummary>> list(const Articles& articles, const ListQuery& query, const Caller& caller) {
    std::vector<ArticleSummary> out;
    for (const Article& article : TRY(articles.all()))
        if (may_read(caller, article) && (query.category.empty() || article.category == query.category) &&
            (!query.state || article.state == *query.state) &&
            (query.object.empty() || std::ranges::find(article.links, query.object) != article.links.end()))
            out.push_back(summary_of(article, wanted_language(query.language, caller)));
    std::ranges::sort(out, [](const ArticleSummary& a, const ArticleSummary& b) {
        return std::tie(a.category, a.title, a.id) < std::tie(b.category, b.title, b.id);
    });
    return platform::page_of(std::move(out), query);
}

Result<ArticleDifference> difference(const Articles& articles, const DifferenceQuery& query) {
    const Article after = TRY(articles.version(query.id, query.version));
    const std::int64_t against = query.against.value_or(query.version - 1);
    return difference_of(against == 0 ? Article{} : TRY(articles.version(query.id, against)), after);
}

Reply<ArticlePage> with_etag(ArticlePage page, int status = 200) {
    const std::string etag = etag_of(page);
    const std::string place = status == 201 ? "/api/v1/articles/" + page.id : "";
    return {std::move(page), status, etag, place};
}

/// A change that answers the article as it is after it.
template <class F>
Task<Result<Reply<ArticlePage>>> changed(const Call& call, F work, int status = 200) {
    const Caller caller = call.caller;
    co_return co_await platform::off_loop([&]() -> Result<Reply<ArticlePage>> {
        Article article = TRY(work(caller));
        return with_etag(TRY(page_of_article(std::move(article), caller.language, caller)), status);
    });
}

// ---- attachments: handlers are coroutines of their own, which own what they are given

Task<Result<Page<ArticleAttachment>>> list_files(const Articles& articles, const ArticleAttachments& files,
                                                 Caller caller, VersionsQuery query) {
    co_return co_await platform::off_loop([&]() -> Result<Page<ArticleAttachment>> {
        TRY(readable(articles, query.id, caller));
        return platform::page_of(TRY(files.of(query.id)), query);
    });
}
Task<Result<Reply<ArticleAttachment>>> send_file(ArticleAttachments& files, Caller caller, SentFile sent) {
    ArticleAttachment made =
        CO_TRY(co_await platform::off_loop([&] { return files.attach(sent.id, sent.name, sent.body, caller.id); }));
    std::string place = fmt::format("/api/v1/articles/{}/attachments/{}", sent.id, made.id);
    co_return Reply<ArticleAttachment>(std::move(made), 201, {}, std::move(place));
}
/// Offered as download and with nosniff (platform/door.h): no browser runs what somebody sent.
Task<Result<platform::Document>> one_file(const Articles& articles, const ArticleAttachments& files, Caller caller,
                                          FileQuery query) {
    auto found = CO_TRY(co_await platform::off_loop([&]() -> Result<ArticleAttachments::File> {
        TRY(readable(articles, query.id, caller));
        return files.read(query.id, query.file);
    }));
    co_return platform::Document{std::move(found.octets), std::move(found.attachment.media_type),
                                 std::move(found.attachment.name)};
}
Task<Result<platform::Nothing>> remove_file(ArticleAttachments& files, Caller caller, FileQuery query) {
    CO_TRY(co_await platform::off_loop([&] { return files.remove(query.id, query.file, caller.id); }));
    co_return platform::Nothing{};
}

void add_attachment_routes(platform::Api& api, const Articles& articles, ArticleAttachments& files) {
    const auto route = [](std::string_view path, std::string_view summary, Permission permission) {
        return platform::RouteInfo{.path = path, .summary = summary, .tag = kTag, .permission = permission};
    };
    api.get<VersionsQuery, Page<ArticleAttachment>>(
        route("/api/v1/articles/{id}/attachments", "Files that come with an article", Permission::see_public),
        [&articles, &files](const Call& call, VersionsQuery query) {
            return list_files(articles, files, call.caller, std::move(query));
        });
    auto sending =
        route("/api/v1/articles/{id}/attachments", "Adds a file to an article: the body as it is", Permission::publish);
    sending.success = 201;
    api.post<SentFile, ArticleAttachment>(
        sending, [&files](const Call& call, SentFile sent) { return send_file(files, call.caller, std::move(sent)); });
    auto download = route("/api/v1/articles/{id}/attachments/{file}", "A file, as download", Permission::see_public);
    download.media_type = "application/octet-stream";
    api.get<FileQuery, platform::Document>(download, [&articles, &files](const Call& call, FileQuery query) {
        return one_file(articles, files, call.caller, std::move(query));
    });
    api.remove<FileQuery, platform::Nothing>(
        route("/api/v1/articles/{id}/attachments/{file}", "Takes a file from an article", Permission::publish),
        [&files](const Call& call, FileQuery query) { return remove_file(files, call.caller, std::move(query)); });
}

}  // namespace

void add_routes(platform::Api& api, Articles& articles, ArticleAttachments& files, FindSolvedCase find_case) {
    add_attachment_routes(api, articles, files);
    const auto route = [](std::string_view path, std::string_view summary, Permission permission,
                          std::string_view command = {}) {
        return platform::RouteInfo{
            .path = path, .summary = summary, .tag = kTag, .permission = permission, .command = command};
    };
    const auto changing = [&](std::string_view path, std::string_view summary) {
        auto info = route(path, summary, Permission::publish);
        info.needs_if_match = true;
        return info;
    };
    const auto making = [&](std::string_view path, std::string_view summary) {
        auto info = route(path, summary, Permission::publish);
        info.success = 201;
        return info;
    };

    api.get<ListQuery, Page<ArticleSummary>>(
        route("/api/v1/articles", "Articles of the knowledge base", Permission::see_public, "quipu articles list"),
        [&articles](const Call& call, ListQuery query) -> Task<Result<Page<ArticleSummary>>> {
            co_return co_await platform::off_loop(
                [&articles, caller = call.caller, query = std::move(query)] { return list(articles, query, caller); });
        });
    api.post<NewArticle, ArticlePage>(making("/api/v1/articles", "Begins an article: a draft"),
                                      [&articles](const Call& call, NewArticle query) {
                                          return changed(
                                              call,
                                              [&articles, query = std::move(query)](const Caller& caller) {
                                                  return articles.create(query.body, {caller.id, query.why});
                                              },
                                              201);
                                      });
    api.post<PreviewQuery, Preview>(
        route("/api/v1/articles/preview", "Markdown as it will be shown", Permission::publish),
        [](const Call&, PreviewQuery query) -> Task<Result<Preview>> {
            Rendered rendered =
                CO_TRY(co_await platform::off_loop([&query] { return render_markdown(query.body.body); }));
            co_return Preview{std::move(rendered.html), std::move(rendered.headings)};
        });
    api.get<OneQuery, ArticlePage>(
        route("/api/v1/articles/{id}", "One article, with its text as HTML", Permission::see_public,
              "quipu articles show ID"),
        [&articles](const Call& call, OneQuery query) -> Task<Result<Reply<ArticlePage>>> {
            co_return co_await platform::off_loop(
                [&articles, caller = call.caller, query = std::move(query)]() -> Result<Reply<ArticlePage>> {
                    ArticlePage page = TRY(page_of_article(TRY(readable(articles, query.id, caller)),
                                                           wanted_language(query.language, caller), caller));
                    const std::string etag = fmt::format("{}-{}", page.version, page.language);
                    return Reply<ArticlePage>(std::move(page), 200, etag);
                });
        });
    api.put<ChangedArticle, ArticlePage>(
        changing("/api/v1/articles/{id}", "Changes an article"), [&articles](const Call& call, ChangedArticle query) {
            return changed(
                call,
                [&articles, match = call.if_match, query = std::move(query)](const Caller& caller) -> Result<Article> {
                    return articles.change(query.id, TRY(version_in(match)), query.body, {caller.id, query.why});
                });
        });
    api.remove<RemovedArticle, platform::Nothing>(
        changing("/api/v1/articles/{id}", "Removes an article; its versions stay"),
        [&articles](const Call& call, RemovedArticle query) -> Task<Result<platform::Nothing>> {
            const std::int64_t version = CO_TRY(version_in(call.if_match));
            const By by{call.caller.id, query.why};
            CO_TRY(co_await platform::off_loop([&] { return articles.remove(query.id, version, by); }));
            co_return platform::Nothing{};
        });
    api.post<StateQuery, ArticlePage>(
        changing("/api/v1/articles/{id}/state", "Publishes or withdraws an article"),
        [&articles](const Call& call, StateQuery query) {
            return changed(
                call,
                [&articles, match = call.if_match, query = std::move(query)](const Caller& caller) -> Result<Article> {
                    return articles.set_state(query.id, TRY(version_in(match)), query.body.state,
                                              {caller.id, query.body.why});
                });
        });
    api.get<VersionsQuery, Page<ArticleVersion>>(
        route("/api/v1/articles/{id}/versions", "An article's versions, newest first", Permission::see_public),
        [&articles](const Call& call, VersionsQuery query) -> Task<Result<Page<ArticleVersion>>> {
            co_return co_await platform::off_loop(
                [&articles, caller = call.caller, query = std::move(query)]() -> Result<Page<ArticleVersion>> {
                    TRY(readable(articles, query.id, caller));
                    return platform::page_of(TRY(articles.versions(query.id)), query);
                });
        });
    api.get<VersionQuery, Article>(
        route("/api/v1/articles/{id}/versions/{version}", "An article as it was", Permission::publish),
        [&articles](const Call&, VersionQuery query) -> Task<Result<Article>> {
            co_return co_await platform::off_loop([&] { return articles.version(query.id, query.version); });
        });
    api.get<DifferenceQuery, ArticleDifference>(
        route("/api/v1/articles/{id}/versions/{version}/difference", "What a version changed", Permission::publish),
        [&articles](const Call&, DifferenceQuery query) -> Task<Result<ArticleDifference>> {
            co_return co_await platform::off_loop([&] { return difference(articles, query); });
        });
    api.post<RestoreQuery, ArticlePage>(
        changing("/api/v1/articles/{id}/versions/{version}/restore", "What was written then, as a new version"),
        [&articles](const Call& call, RestoreQuery query) {
            return changed(
                call,
                [&articles, match = call.if_match, query = std::move(query)](const Caller& caller) -> Result<Article> {
                    return articles.restore(query.id, TRY(version_in(match)), query.version, {caller.id, query.why});
                });
        });
    api.post<CaseQuery, ArticlePage>(
        making("/api/v1/cases/{number}/article", "A draft from a solved case, with what is private left out"),
        [&articles, find_case = std::move(find_case)](const Call& call, CaseQuery query) {
            return changed(
                call,
                [&articles, find_case, query = std::move(query)](const Caller& caller) -> Result<Article> {
                    if (!find_case) return fail(ErrorCode::unsupported, "this hub keeps no cases");
                    if (std::ranges::find(kLanguages, query.body.language) == std::end(kLanguages))
                        return fail(ErrorCode::invalid, "is none of es, pt and en", "body.language");
                    const SolvedCase solved = TRY(find_case(caller, query.number));
                    return articles.create(article_of(solved, query.body),
                                           {caller.id, fmt::format("from case {}", query.number)}, query.number);
                },
                201);
        });
}

}  // namespace quipu::knowledge
