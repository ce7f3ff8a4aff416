// Articles, a document for each language; drafts for those who may publish.

#include "desk/knowledge/markdown.h"
#include "desk/search/source.h"

namespace quipu::search {
namespace {

using knowledge::Article;
using platform::Permission;

class ArticleSource final : public Source {
  public:
    explicit ArticleSource(std::function<knowledge::Articles&()> articles) : articles_(std::move(articles)) {}

    [[nodiscard]] std::vector<std::string_view> kinds() const override { return {"articles"}; }

    void changed(std::span<const data::Event> events, std::set<ObjectId>& out) override {
        constexpr std::string_view kSubject = "article:";
        for (const data::Event& event : events)
            if (event.subject.starts_with(kSubject)) out.insert({"articles", event.subject.substr(kSubject.size())});
    }

    Result<std::vector<Document>> documents(const ObjectId& object) override {
        std::vector<Document> out;
        const auto article = articles_().find(object.id);
        if (!article && article.error().code == ErrorCode::not_found) return out;
        if (!article) return std::unexpected(article.error());
        // As may_read() has it.
        std::vector<Rule> readers = {{Permission::publish, {}, std::string(knowledge::kTag), {}}};
        if (article->state == knowledge::ArticleState::published) {
            if (article->readers == knowledge::Readers::public_)
                readers.emplace_back();
            else
                readers.push_back({Permission::see_members, {}, std::string(knowledge::kTag), {}});
        }
        for (const auto& [language, text] : article->texts) {
            const auto rendered = knowledge::render_markdown(text.body);
            out.push_back({.name = text.title,
                           .detail = article->category,
                           .text = text.summary + "\n" + (rendered ? rendered->text : text.body),
                           .keywords = {},
                           .language = language,
                           .time = article->changed,
                           .readers = readers});
        }
        return out;
    }

    Result<void> every(const std::function<Result<void>(ObjectId)>& take) override {
        for (const Article& article : TRY(articles_().all()))
            TRY(take({"articles", article.id}));
        return {};
    }

  private:
    std::function<knowledge::Articles&()> articles_;
};

}  // namespace

std::unique_ptr<Source> article_source(std::function<knowledge::Articles&()> articles) {
    return std::make_unique<ArticleSource>(std::move(articles));
}

}  // namespace quipu::search
