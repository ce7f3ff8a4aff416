#include "desk/search/follower.h"

#include <gmock/gmock.h>

#include "desk/knowledge/case_reader.h"
#include "desk/knowledge/test_calls.h"
#include "desk/search/service.h"
#include "desk/test_desk.h"

namespace quipu::search {
namespace {

using platform::Caller;
using platform::Permission;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::string_view kMore = R"(
[[prefixes]]
value = "10.0.0.0/8"
organisation = "reuna"
)";

class SearchFollower : public desk::DeskTest {
  protected:
    void SetUp() override {
        DeskTest::SetUp();
        if (!database_) return;
        must(database_->migrate(knowledge::kKnowledgeMigrations));
        must(database_->migrate(pert::kPertMigrations));
        articles_ = std::make_unique<knowledge::Articles>(*database_, *journal_, clock_);
        pert_ = std::make_unique<pert::Pert>(*database_, *journal_, *registry_, clock_, pert::AccreditationTerms{},
                                             pert::HomeOf{});
        index_ = must(Index::open(*database_));
        owned_.push_back(registry_source([this]() -> registry::Registry& { return *registry_; }));
        owned_.push_back(article_source([this]() -> knowledge::Articles& { return *articles_; }));
        owned_.push_back(pert_source([this]() -> pert::Pert& { return *pert_; }));
        owned_.push_back(case_source([this]() -> desk::Desk& { return *desk_; }));
        owned_.push_back(journal_source());
        std::vector<Source*> sources;
        for (const auto& source : owned_)
            sources.push_back(source.get());
        follower_ = std::make_unique<Follower>(*index_, *journal_, sources);
        add_routes(api_, {*index_, *follower_, sources});
        import(kMore);
    }
    void TearDown() override {
        follower_.reset();
        index_.reset();
        DeskTest::TearDown();
    }
    void import(std::string_view toml) {
        registry::ChangeSet set;
        set.changes = must(registry::read_registry(registry::Format::toml, toml, "net.toml", {}));
        set.who = "test";
        must(registry_->apply(set));
    }
    void take() { must(follower_->take()); }
    std::vector<std::string> ids(std::string_view typed, const Caller& who = {}, std::vector<std::string> kinds = {}) {
        Request request{std::string(typed), std::move(kinds), {}, {}};
        for (const auto& source : owned_)
            std::ranges::move(source->named(typed), std::back_inserter(request.named));
        const auto found = index_->find(request, who);
        if (!found) return {found.error().text()};
        std::vector<std::string> out;
        for (const Found& each : *found)
            out.push_back(each.id);
        return out;
    }

    std::unique_ptr<knowledge::Articles> articles_;
    std::unique_ptr<pert::Pert> pert_;
    std::unique_ptr<Index> index_;
    std::vector<std::unique_ptr<Source>> owned_;
    std::unique_ptr<Follower> follower_;
    platform::Api api_;
};
INSTANTIATE_TEST_SUITE_P(Databases, SearchFollower, testing::Values(data::Dialect::sqlite, data::Dialect::postgresql),
                         data::BothDatabases::name);

TEST_P(SearchFollower, TheRegistryIsFoundAndFollowed) {
    take();
    EXPECT_THAT(ids("SAO paulo"), ElementsAre("sao-paulo", "sao-paulo-panama"));
    EXPECT_THAT(ids("brazil"), ElementsAre("rnp"));
    EXPECT_EQ(ids("santiago").front(), "santiago") << "the site before its link";
    EXPECT_THAT(ids("10.1.2.3"), ElementsAre("10-0-0-0--8")) << "an address finds its prefix";
    EXPECT_THAT(ids("zzz"), IsEmpty());
    import("[[organisations]]\nid = \"reuna\"\nname = \"Red Universitaria\"\ntype = \"nren\"\n");
    take();
    EXPECT_THAT(ids("universitaria"), UnorderedElementsAre("reuna", "santiago", "10-0-0-0--8"))
        << "what shows its name too";
    EXPECT_THAT(ids("REUNA"), ElementsAre("reuna")) << "by its id alone";
    EXPECT_THAT(ids("ObjectChanged reuna"), IsEmpty()) << "the journal is asked for by name";
    EXPECT_THAT(ids("ObjectChanged reuna", {}, {"journal"}), testing::SizeIs(2));
}

TEST_P(SearchFollower, ARebuildGivesTheSame) {
    const auto number = must(desk_->open(desk::noc(), help("Lenta")));
    must(articles_->start_with({{"mtu", "network", {}, {{"es", {"Agujeros", "", "MTU"}}}, {}}}));
    take();
    const auto before = ids("santiago");
    const auto position = *index_->position();
    must(follower_->rebuild());
    EXPECT_EQ(ids("santiago"), before);
    EXPECT_EQ(*index_->position(), position);
    EXPECT_THAT(ids("agujero"), ElementsAre("mtu"));
    EXPECT_THAT(ids("lenta"), ElementsAre(std::to_string(number)));
}

TEST_P(SearchFollower, DraftsAreForThoseWhoPublish) {
    must(articles_->create({"", "network", {}, {{"es", {"Ventana", "", "x"}}}, {}}, {"ana"}));
    take();
    EXPECT_THAT(ids("ventana", desk::stranger()), IsEmpty());
    EXPECT_THAT(ids("ventana", desk::person("eva", {{Permission::publish, "rnp", ""}})), ElementsAre("ventana"));
    must(articles_->set_state("ventana", 1, knowledge::ArticleState::published, {"ana"}));
    take();
    EXPECT_THAT(ids("ventana", desk::stranger()), ElementsAre("ventana"));
    must(articles_->remove("ventana", 2, {"ana"}));
    take();
    EXPECT_THAT(ids("ventana"), IsEmpty());
}

TEST_P(SearchFollower, EachCircleFindsItsWords) {
    auto wanted = help("Copia lenta", {"reuna"});
    wanted.visibility = registry::Visibility::members;
    wanted.watchers = {"person:sven"};
    const auto number = must(desk_->open(desk::noc(), wanted));
    const auto id = std::to_string(number);
    must(desk_->add_note(desk::noc(), number, {.text = "palabra", .visibility = registry::Visibility::public_}));
    must(desk_->add_note(desk::noc(), number, {.text = "reservada", .visibility = registry::Visibility::members}));
    must(desk_->add_note(desk::noc(), number, {.text = "secreta", .visibility = registry::Visibility::private_}));
    take();
    const Caller watcher = desk::stranger();
    const Caller other = desk::member_of("rnp");
    EXPECT_THAT(ids("palabra", watcher), ElementsAre(id));
    EXPECT_THAT(ids("palabra", other), IsEmpty());
    EXPECT_THAT(ids("reservada", watcher), IsEmpty());
    EXPECT_THAT(ids("reservada", desk::member_of("reuna")), ElementsAre(id));
    EXPECT_THAT(ids("secreta", desk::member_of("reuna")), IsEmpty());
    EXPECT_THAT(ids("secreta palabra", desk::operator_of("reuna")), ElementsAre(id));
    EXPECT_THAT(ids("#" + id, other, {"cases"}), IsEmpty()) << "a number finds no case that one may not see";
    EXPECT_THAT(ids("#" + id, watcher, {"cases"}), ElementsAre(id));
    must(desk_->change(desk::noc(), number, {}, {.visibility = registry::Visibility::private_}));
    take();
    EXPECT_THAT(ids("palabra", watcher), IsEmpty());
    EXPECT_THAT(ids("palabra", desk::member_of("reuna")), IsEmpty());
    EXPECT_THAT(ids("palabra", desk::operator_of("reuna")), ElementsAre(id));
}

/// The desk decides who sees a case; the search finds exactly these.
TEST_P(SearchFollower, WhoeverSeesACaseFindsItAndNobodyElse) {
    using registry::Visibility;
    for (const desk::Queue queue : {desk::Queue::operations, desk::Queue::help, desk::Queue::security})
        for (const Visibility visibility : {Visibility::public_, Visibility::members, Visibility::private_})
            for (const std::vector<std::string>& concerned :
                 {std::vector<std::string>{}, {"reuna"}, {"rnp"}, {"reuna", "rnp"}})
                for (const bool watched : {false, true}) {
                    auto wanted = help("Copia", concerned);
                    wanted.queue = queue;
                    wanted.visibility = visibility;
                    if (watched) wanted.watchers = {"person:sven", "person:mario"};
                    must(desk_->open(desk::house(), wanted));
                }
    take();
    const auto one = [](Permission permission, std::string where, std::string service) {
        return desk::person("eva", {{permission, std::move(where), std::move(service)}});
    };
    for (const Caller& who : {desk::house(), desk::noc(), desk::csirt(), desk::stranger(), desk::member_of("reuna"),
                              desk::member_of("rnp"), desk::operator_of("reuna"), desk::operator_of("clara"),
                              one(Permission::work_cases, "rnp", ""), one(Permission::work_cases, "rnp", "security"),
                              one(Permission::work_cases, "*", ""), one(Permission::see_members, "*", "desk"),
                              one(Permission::see_members, "rnp", "registry"), one(Permission::publish, "*", "")}) {
        std::vector<std::string> seen;
        for (const std::int64_t number : numbers(who, {}, 1000))
            seen.push_back(std::to_string(number));
        EXPECT_THAT(ids("copia", who, {"cases"}), testing::UnorderedElementsAreArray(seen)) << who.id;
    }
}

TEST_P(SearchFollower, AnswersPagesWithPassages) {
    take();
    const auto first = knowledge::call(api_, net::Method::get, "/api/v1/search?q=sao&limit=1");
    ASSERT_EQ(first.status, 200) << first.text;
    EXPECT_THAT(first.text,
                testing::HasSubstr(R"("name_pieces":[{"text":"São","hit":true},{"text":" Paulo","hit":false}])"));
    const auto second =
        knowledge::call(api_, net::Method::get, "/api/v1/search?q=sao&limit=1&cursor=" + first.at("next"));
    EXPECT_THAT(second.text, testing::HasSubstr("sao-paulo-panama"));
    EXPECT_EQ(second.at("next"), "null");
    EXPECT_EQ(knowledge::call(api_, net::Method::get, "/api/v1/search?q=sao&kinds=links,rooms").status, 400);
    EXPECT_THAT(knowledge::call(api_, net::Method::get, "/api/v1/search?q=sao&kinds=links,people").text,
                testing::HasSubstr("sao-paulo-panama"));
    EXPECT_EQ(knowledge::call(api_, net::Method::post, "/api/v1/search/rebuild").status, 204);
    EXPECT_EQ(knowledge::call(api_, net::Method::get, "/api/v1/search").status, 400) << "q is required";
}

TEST_P(SearchFollower, FollowsByItself) {
    follower_->start();
    import("[[sites]]\nid = \"lima\"\nname = \"Lima\"\n");
    follower_->catch_up(std::chrono::seconds(20));
    EXPECT_THAT(ids("lima"), ElementsAre("lima"));
    follower_->stop();
}

/// A solved case as the desk keeps it becomes an article without what is private in it.
TEST_P(SearchFollower, ASolvedCaseIsReadForAnArticle) {
    const auto read = knowledge::read_cases_of([this]() -> desk::Desk& { return *desk_; },
                                               [this]() -> registry::Registry& { return *registry_; });
    auto wanted = help("Copia lenta", {"reuna"});
    wanted.objects = {"link:santiago-panama", "organisation:reuna"};
    wanted.description = "Soy Sven, sven@uchile.cl";
    wanted.watchers = {"person:sven", "mail:ximena@uchile.cl"};
    const auto number = must(desk_->open(desk::noc(), wanted));
    must(desk_->add_note(desk::noc(), number, {.text = "secreta", .visibility = registry::Visibility::private_}));
    must(desk_->add_note(desk::noc(), number, {.text = "reservada", .visibility = registry::Visibility::members}));
    must(desk_->add_note(desk::operator_of("reuna"), number, {.text = "Ximena: subimos la ventana"}));
    EXPECT_EQ(read(desk::noc(), number).error().code, ErrorCode::conflict) << "not solved yet";
    must(desk_->change(desk::noc(), number, {}, {.state = desk::State::working}));
    must(desk_->change(desk::noc(), number, {}, {.state = desk::State::solved}));
    EXPECT_EQ(read(desk::stranger(), number).error().code, ErrorCode::forbidden) << "who follows it only";
    EXPECT_EQ(read(desk::member_of("rnp"), number).error().code, ErrorCode::not_found);
    const auto article = json_text(knowledge::article_of(must(read(desk::noc(), number)), {}));
    EXPECT_THAT(article, testing::HasSubstr("subimos la ventana"));
    EXPECT_THAT(article, testing::HasSubstr("link:santiago-panama"));
    for (const std::string_view secret : {"secreta", "reservada", "Sven", "sven", "uchile", "Ximena", "reuna"})
        EXPECT_THAT(article, testing::Not(testing::HasSubstr(std::string(secret))));
    must(desk_->change(desk::noc(), number, {}, {.visibility = registry::Visibility::private_}));
    EXPECT_EQ(read(desk::noc(), number).error().code, ErrorCode::conflict) << "private as a whole";
}

}  // namespace
}  // namespace quipu::search
