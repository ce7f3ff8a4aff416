#include "desk/knowledge/articles.h"

#include <gmock/gmock.h>

#include "data/test_database.h"
#include "desk/knowledge/markdown.h"
#include "desk/knowledge/starter.h"

namespace quipu::knowledge {
namespace {

ArticleInput example(std::string title = "Ventanas") {
    ArticleInput input;
    input.category = "performance";
    input.texts["es"] = {std::move(title), "Breve.", "Cuerpo\n"};
    input.links = {"link:santiago-panama"};
    return input;
}

class KnowledgeBase : public data::BothDatabases {
  protected:
    void SetUp() override {
        BothDatabases::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        ASSERT_TRUE(database_->migrate(data::kJournalMigrations));
        ASSERT_TRUE(database_->migrate(kKnowledgeMigrations));
        journal_ = std::make_unique<data::Journal>(*database_, clock_);
        articles_ = std::make_unique<Articles>(*database_, *journal_, clock_);
    }
    std::vector<std::string> told() {
        std::vector<std::string> out;
        const auto events = journal_->events({});
        if (!events) return {events.error().text()};
        for (const data::Event& event : *events)
            out.push_back(event.type + " " + *event.body.find("action")->if_string() + " " +
                          *event.body.find("title")->if_string());
        return out;
    }

    ManualClock clock_{*parse_time("2011-11-15T12:00:00Z")};
    std::unique_ptr<data::Journal> journal_;
    std::unique_ptr<Articles> articles_;
};
INSTANTIATE_TEST_SUITE_P(Databases, KnowledgeBase, testing::Values(data::Dialect::sqlite, data::Dialect::postgresql),
                         data::BothDatabases::name);

TEST_P(KnowledgeBase, AnArticleIsMadeChangedAndPublished) {
    const auto made = articles_->create(example(), {"ana", "new"});
    ASSERT_TRUE(made) << made.error().text();
    EXPECT_EQ(made->id, "ventanas");
    EXPECT_EQ(made->version, 1);
    EXPECT_EQ(made->state, ArticleState::draft);
    EXPECT_EQ(articles_->create(example(), {"ana"})->id, "ventanas-2") << "the id makes way";
    ArticleInput named = example();
    named.id = "ventanas";
    EXPECT_EQ(articles_->create(named, {"ana"}).error().code, ErrorCode::conflict);

    clock_.advance(std::chrono::hours(1));
    const auto changed = articles_->change("ventanas", 1, example("Ventanas de TCP"), {"eva", "clearer"});
    ASSERT_TRUE(changed) << changed.error().text();
    EXPECT_EQ(changed->version, 2);
    EXPECT_EQ(articles_->change("ventanas", 1, example(), {"eva"}).error().code, ErrorCode::precondition_failed);
    EXPECT_EQ(articles_->change("ventanas", 2, example("Ventanas de TCP"), {"eva"})->version, 2) << "nothing changes";

    const auto published = articles_->set_state("ventanas", 2, ArticleState::published, {"eva"});
    ASSERT_TRUE(published);
    EXPECT_EQ(published->published, clock_.now());
    EXPECT_EQ(json_text(*articles_->find("ventanas")), json_text(*published)) << "what is kept is what was answered";
    EXPECT_THAT(told(), testing::ElementsAre("ArticleChanged created ", "ArticleChanged created ",
                                             "ArticleChanged changed ", "ArticlePublished published Ventanas de TCP"))
        << "a draft's title is not told";
}

TEST_P(KnowledgeBase, VersionsStayAndComeBack) {
    ASSERT_TRUE(articles_->create(example("Uno"), {"ana", "new"}));
    ASSERT_TRUE(articles_->change("uno", 1, example("Dos"), {"eva", "better"}));
    const auto restored = articles_->restore("uno", 2, 1, {"ana"});
    ASSERT_TRUE(restored) << restored.error().text();
    EXPECT_EQ(restored->version, 3);
    EXPECT_EQ(restored->texts.at("es").title, "Uno");
    EXPECT_EQ(articles_->version("uno", 2)->texts.at("es").title, "Dos");
    EXPECT_EQ(articles_->version("uno", 9).error().code, ErrorCode::not_found);
    const auto versions = articles_->versions("uno");
    ASSERT_EQ(versions->size(), 3U);
    EXPECT_EQ((*versions)[0].action, "restored");
    EXPECT_EQ((*versions)[1].why, "better");

    ASSERT_TRUE(articles_->remove("uno", 3, {"ana"}));
    EXPECT_EQ(articles_->find("uno").error().code, ErrorCode::not_found);
    EXPECT_TRUE(articles_->all()->empty());
    EXPECT_EQ(articles_->restore("uno", 4, 1, {"ana"}).error().code, ErrorCode::not_found);
    ArticleInput again = example("Otro");
    again.id = "uno";
    EXPECT_EQ(articles_->create(again, {"ana"})->version, 5) << "an old ETag never fits again";
}

TEST_P(KnowledgeBase, EveryFaultIsTold) {
    ArticleInput wrong = example();
    wrong.texts["fr"] = {"", "", "x"};
    wrong.links = {"link:", "x"};
    const auto refused = articles_->create(wrong, {"ana"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().faults.size(), 4U) << refused.error().text();
    wrong.texts.clear();
    wrong.links.clear();
    EXPECT_EQ(articles_->create(wrong, {"ana"}).error().where, "texts");
}

TEST_P(KnowledgeBase, BeginsWithItsStarterArticlesOnce) {
    EXPECT_EQ(*articles_->start_with(starter_articles()), starter_articles().size());
    EXPECT_EQ(*articles_->start_with(starter_articles()), 0U);
    ASSERT_TRUE(articles_->remove("long-paths", 1, {"ana"}));
    EXPECT_EQ(*articles_->start_with(starter_articles()), 0U) << "what was removed stays away";
}

TEST(StarterArticles, AreInThreeLanguagesAndReadable) {
    for (const ArticleInput& article : starter_articles()) {
        EXPECT_EQ(article.texts.size(), 3U);
        std::size_t headings = 0;
        for (const auto& [language, text] : article.texts) {
            EXPECT_LT(text.title.size(), 200U);
            EXPECT_GT(text.summary.size(), 80U) << article.id << language;
            EXPECT_EQ(text.title.find('#'), std::string::npos);
            const auto rendered = render_markdown(text.body);
            ASSERT_TRUE(rendered);
            if (headings == 0) headings = rendered->headings.size();
            EXPECT_EQ(rendered->headings.size(), headings) << article.id << " says the same in each language";
            EXPECT_GE(headings, 3U);
        }
    }
}

struct Role : platform::Grants {
    explicit Role(std::vector<platform::Permission> p) : permissions(std::move(p)) {}
    [[nodiscard]] bool may(platform::Permission permission, std::string_view, std::string_view) const override {
        return std::ranges::find(permissions, permission) != permissions.end();
    }
    std::vector<platform::Permission> permissions;
};

TEST(Readers, SeeWhatIsForThem) {
    using platform::Permission;
    const auto caller = [](std::vector<Permission> p) {
        return platform::Caller{.id = "person:x", .grants = std::make_shared<Role>(std::move(p))};
    };
    Article article;
    EXPECT_FALSE(may_read(caller({Permission::see_public, Permission::see_members}), article)) << "a draft";
    EXPECT_TRUE(may_read(caller({Permission::publish}), article));
    article.state = ArticleState::published;
    EXPECT_TRUE(may_read(caller({Permission::see_public}), article));
    article.readers = Readers::members;
    EXPECT_FALSE(may_read(caller({Permission::see_public}), article));
    EXPECT_TRUE(may_read(caller({Permission::see_members}), article));
}

}  // namespace
}  // namespace quipu::knowledge
