#include "desk/knowledge/articles.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/fold.h"
#include "desk/knowledge/store.h"
#include "events/events.h"

namespace quipu::knowledge {
namespace {

using data::Transaction;

std::unexpected<Error> not_there(std::string_view id) {
    return fail(ErrorCode::not_found, fmt::format("there is no article \"{}\"", id), "id", "see /api/v1/articles");
}

/// What the description of the fields can't say.
Result<void> check(const ArticleInput& input) {
    Error error{ErrorCode::invalid, "the article is not as it should be"};
    if (input.texts.empty()) error.faults.push_back({"texts", "must have a text in es, pt or en"});
    for (const auto& [language, text] : input.texts) {
        if (std::ranges::find(kLanguages, language) == std::end(kLanguages))
            error.faults.push_back({"texts." + language, "is none of the languages es, pt and en"});
        if (text.title.find_first_not_of(' ') == std::string::npos)
            error.faults.push_back({fmt::format("texts.{}.title", language), "is empty"});
    }
    for (std::size_t i = 0; i < input.links.size(); ++i)
        if (const auto colon = input.links[i].find(':'); colon == 0 || colon >= input.links[i].size() - 1)
            error.faults.push_back({fmt::format("links[{}]", i), "is not KIND:ID, such as link:santiago-panama"});
    if (error.faults.empty()) return {};
    if (error.faults.size() == 1) {
        error.what = error.faults[0].what;
        error.where = error.faults[0].where;
    }
    return std::unexpected(std::move(error));
}

Result<Article> current(Transaction& transaction, std::string_view id) {
    auto found = TRY(store::current(transaction, id));
    if (!found || found->removed) return not_there(id);
    return std::move(found->article);
}

Result<Article> expected_version(Transaction& transaction, std::string_view id, std::int64_t expected) {
    Article article = TRY(current(transaction, id));
    if (article.version != expected)
        return fail(ErrorCode::precondition_failed,
                    fmt::format("the article is at version {}, not {}", article.version, expected), "If-Match",
                    "read it again, and see what differs");
    return article;
}

bool same_words(const Article& article, const ArticleInput& input) {
    return article.category == input.category && article.readers == input.readers && article.texts == input.texts &&
           article.links == input.links;
}

void take_words(Article& article, const ArticleInput& input) {
    article.category = input.category;
    article.readers = input.readers;
    article.texts = input.texts;
    article.links = input.links;
}

}  // namespace

bool may_publish(const platform::Caller& caller) {
    return caller.may(platform::Permission::publish, {}, kTag);
}

bool may_read(const platform::Caller& caller, const Article& article) {
    if (may_publish(caller)) return true;
    if (article.state != ArticleState::published) return false;
    return article.readers == Readers::public_ || caller.may(platform::Permission::see_members, {}, kTag);
}

std::pair<std::string, const ArticleText*> text_in(const Article& article, std::string_view language) {
    if (const auto found = article.texts.find(std::string(language)); found != article.texts.end())
        return {found->first, &found->second};
    for (const std::string_view other : kLanguages)
        if (const auto found = article.texts.find(std::string(other)); found != article.texts.end())
            return {found->first, &found->second};
    static const ArticleText kNone;
    return {"es", &kNone};
}

Result<Article> Articles::find(std::string_view id) const {
    Article out;
    TRY(database_.read([&](Transaction& transaction) -> Result<void> {
        out = TRY(current(transaction, id));
        return {};
    }));
    return out;
}

Result<std::vector<Article>> Articles::all() const {
    std::vector<Article> out;
    TRY(database_.read([&](Transaction& transaction) -> Result<void> {
        out = TRY(store::all(transaction));
        return {};
    }));
    return out;
}

Result<Article> Articles::put(Transaction& transaction, Article article, std::string_view action, const By& by) {
    const Time now = clock_.now();
    article.version += 1;
    article.changed = now;
    article.changed_by = by.who;
    const bool removed = action == "removed";
    TRY(store::put(transaction, article, removed, {article.version, now, by.who, std::string(action), by.why}));
    const bool published = article.state == ArticleState::published && !removed;
    events::ArticleChanged event;
    event.id = article.id;
    event.action = action;
    event.version = article.version;
    event.state = enum_name(article.state);
    // The journal is read by many: what not everybody may read is not named there.
    if (published && article.readers == Readers::public_) event.title = text_in(article, "es").second->title;
    const std::string subject = "article:" + article.id;
    if (action == "published") {
        TRY(journal_.append(transaction, subject, events::ArticlePublished{std::move(event)}, by.who));
    } else {
        TRY(journal_.append(transaction, subject, event, by.who));
    }
    return article;
}

Result<Article> Articles::create(const ArticleInput& input, const By& by, std::optional<std::int64_t> from_case) {
    TRY(check(input));
    Article article;
    take_words(article, input);
    article.id = input.id.empty() ? slug_of(text_in(article, "en").second->title) : input.id;
    if (article.id.empty())
        return fail(ErrorCode::invalid, "no id can be made from the title", "id", "give the article an id");
    article.from_case = from_case;
    article.created = clock_.now();
    TRY(database_.write([&](Transaction& transaction) -> Result<void> {
        const std::string wanted = article.id;
        std::optional<store::Current> taken = TRY(store::current(transaction, article.id));
        // An id that was made from the title makes way for the one that is there.
        for (int again = 2; taken && !taken->removed && input.id.empty(); ++again) {
            article.id = fmt::format("{}-{}", wanted.substr(0, 58), again);
            taken = TRY(store::current(transaction, article.id));
        }
        if (taken && !taken->removed)
            return fail(ErrorCode::conflict, fmt::format("there is an article \"{}\" already", article.id), "id",
                        "give it another id, or change the one that is there");
        Article made = article;
        made.version = taken ? taken->article.version : 0;
        article = TRY(put(transaction, std::move(made), "created", by));
        return {};
    }));
    return article;
}

Result<Article> Articles::change(std::string_view id, std::int64_t expected, const ArticleInput& input, const By& by) {
    TRY(check(input));
    if (!input.id.empty() && input.id != id)
        return fail(ErrorCode::invalid, "is not the article that is changed: an id stays", "body.id");
    Article out;
    TRY(database_.write([&](Transaction& transaction) -> Result<void> {
        out = TRY(expected_version(transaction, id, expected));
        if (same_words(out, input)) return {};
        take_words(out, input);
        out = TRY(put(transaction, std::move(out), "changed", by));
        return {};
    }));
    return out;
}

Result<Article> Articles::set_state(std::string_view id, std::int64_t expected, ArticleState state, const By& by) {
    Article out;
    TRY(database_.write([&](Transaction& transaction) -> Result<void> {
        out = TRY(expected_version(transaction, id, expected));
        if (out.state == state) return {};
        out.state = state;
        const bool published = state == ArticleState::published;
        if (published && !out.published) out.published = clock_.now();
        out = TRY(put(transaction, std::move(out), published ? "published" : "withdrawn", by));
        return {};
    }));
    return out;
}

Result<void> Articles::remove(std::string_view id, std::int64_t expected, const By& by) {
    return database_.write([&](Transaction& transaction) -> Result<void> {
        TRY(put(transaction, TRY(expected_version(transaction, id, expected)), "removed", by));
        // Another article that is given this id one day does not have them.
        return store::remove_attachments(transaction, id);
    });
}

Result<std::vector<ArticleVersion>> Articles::versions(std::string_view id) const {
    std::vector<ArticleVersion> out;
    TRY(database_.read([&](Transaction& transaction) -> Result<void> {
        out = TRY(store::versions(transaction, id));
        return {};
    }));
    if (out.empty()) return not_there(id);
    return out;
}

Result<Article> Articles::version(std::string_view id, std::int64_t number) const {
    std::optional<Article> out;
    TRY(database_.read([&](Transaction& transaction) -> Result<void> {
        out = TRY(store::version(transaction, id, number));
        return {};
    }));
    if (!out)
        return fail(ErrorCode::not_found, fmt::format("the article \"{}\" has no version {}", id, number), "version");
    return std::move(*out);
}

Result<Article> Articles::restore(std::string_view id, std::int64_t expected, std::int64_t number, const By& by) {
    const Article old = TRY(version(id, number));
    Article out;
    TRY(database_.write([&](Transaction& transaction) -> Result<void> {
        out = TRY(expected_version(transaction, id, expected));
        if (same_words(out, old)) return {};
        take_words(out, old);
        out = TRY(put(transaction, std::move(out), "restored",
                      {by.who, by.why.empty() ? fmt::format("version {}", number) : by.why}));
        return {};
    }));
    return out;
}

Result<std::size_t> Articles::start_with(const std::vector<ArticleInput>& inputs) {
    std::size_t made = 0;
    TRY(database_.write([&](Transaction& transaction) -> Result<void> {
        made = 0;
        if (!TRY(store::is_empty(transaction))) return {};
        for (const ArticleInput& input : inputs) {
            TRY(check(input));
            Article article;
            take_words(article, input);
            article.id = input.id;
            article.created = clock_.now();
            article.published = article.created;
            article.state = ArticleState::published;
            TRY(put(transaction, std::move(article), "published", {"system", "first start"}));
            ++made;
        }
        return {};
    }));
    return made;
}

}  // namespace quipu::knowledge
