#include "desk/search/follower.h"

#include <gmock/gmock.h>

#include "data/test_database.h"
#include "desk/knowledge/test_calls.h"
#include "desk/search/service.h"
#include "events/events.h"
#include "registry/exchange.h"

namespace quipu::search {
namespace {

using platform::Caller;
using platform::Permission;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// A desk of cases in memory, as far as the search reads it.
class FakeDesk : public desk::Desk {
  public:
    struct Kept {
        desk::Case what;
        std::vector<desk::Entry> notes;
        std::vector<desk::Watcher> watchers;
    };
    std::map<std::int64_t, Kept> kept;

    Result<desk::Case> find(const Caller&, std::int64_t number) override {
        const auto found = kept.find(number);
        if (found == kept.end()) return fail(ErrorCode::not_found, "no such case");
        return found->second.what;
    }
    Result<std::vector<desk::Case>> cases(const Caller&, std::span<const std::int64_t>) override { return no(); }
    Result<desk::Page<desk::Case>> list(const Caller&, const desk::CaseFilter&, std::int64_t,
                                        std::string_view) override {
        desk::Page<desk::Case> page;
        for (auto each = kept.rbegin(); each != kept.rend(); ++each)
            page.items.push_back(each->second.what);
        return page;
    }
    Result<desk::Page<desk::Entry>> timeline(const Caller&, std::int64_t number, std::int64_t, std::string_view,
                                             bool) override {
        return desk::Page<desk::Entry>{kept.at(number).notes, {}};
    }
    Result<std::vector<desk::Evidence>> evidence(const Caller&, std::int64_t) override { return no(); }
    Result<std::vector<desk::Attachment>> attachments(const Caller&, std::int64_t) override { return no(); }
    Result<File> attachment(const Caller&, std::int64_t, std::int64_t) override { return no(); }
    Result<std::vector<desk::Watcher>> watchers(const Caller&, std::int64_t number) override {
        return kept.at(number).watchers;
    }
    Result<std::vector<desk::Statistic>> statistics(const Caller&, const desk::StatisticFilter&) override {
        return no();
    }
    Result<std::vector<desk::QueueState>> queues(const Caller&) override { return no(); }
    [[nodiscard]] bool may_work(const Caller&, const desk::Case&) const override { return true; }
    Result<bool> is_watching(std::int64_t, std::string_view) override { return no(); }
    Result<std::int64_t> open(const Caller&, const desk::NewCase&) override { return no(); }
    Result<std::int64_t> open(data::Transaction&, const Caller&, const desk::NewCase&,
                              std::vector<desk::Evidence>) override {
        return no();
    }
    Result<desk::Opened> open_or_join(const Caller&, std::string_view, const desk::NewCase&) override { return no(); }
    Result<desk::Opened> open_or_join(data::Transaction&, const Caller&, std::string_view, const desk::NewCase&,
                                      std::vector<desk::Evidence>) override {
        return no();
    }
    Result<std::optional<std::int64_t>> close_cause(const Caller&, std::string_view, std::string_view) override {
        return no();
    }
    Result<std::optional<std::int64_t>> close_cause(data::Transaction&, const Caller&, std::string_view,
                                                    std::string_view) override {
        return no();
    }
    Result<std::optional<std::int64_t>> case_of_cause(std::string_view) override { return no(); }
    Result<desk::Case> change(const Caller&, std::int64_t, std::optional<std::int64_t>,
                              const desk::CaseEdit&) override {
        return no();
    }
    Result<std::int64_t> add_note(const Caller&, std::int64_t, const desk::NewNote&) override { return no(); }
    Result<std::int64_t> add_note(data::Transaction&, const Caller&, std::int64_t, const desk::NewNote&) override {
        return no();
    }
    Result<std::int64_t> add_outside_note(data::Transaction&, std::int64_t, const desk::OutsideNote&) override {
        return no();
    }
    Result<desk::Attachment> attach(const Caller&, std::int64_t, const desk::NewAttachment&,
                                    desk::Visibility) override {
        return no();
    }
    Result<void> link(const Caller&, std::int64_t, std::span<const std::string>) override { return no(); }
    Result<void> watch(const Caller&, std::int64_t, const desk::Watcher&) override { return no(); }
    Result<void> unwatch(const Caller&, std::int64_t, std::string_view) override { return no(); }
    Result<desk::Case> merge(const Caller&, std::int64_t, std::int64_t) override { return no(); }
    Result<std::int64_t> split(const Caller&, std::int64_t, std::span<const std::int64_t>, std::string_view) override {
        return no();
    }
    void describe_series(desk::SeriesDescription) override {}
    Result<std::vector<desk::Evidence>> freeze(std::span<const desk::EvidenceWish>) override { return no(); }
    Result<void> add_evidence(const Caller&, std::int64_t, std::vector<desk::Evidence>) override { return no(); }
    Result<std::optional<std::int64_t>> case_of_message(std::string_view) override { return no(); }
    Result<void> remember_message(data::Transaction&, std::int64_t, std::string_view) override { return no(); }
    Result<std::vector<std::string>> messages_of(std::int64_t) override { return no(); }

  private:
    static std::unexpected<Error> no() { return fail(ErrorCode::unsupported, "not in this test"); }
};

class Holder : public platform::Grants {
  public:
    using Held = std::vector<std::pair<Permission, std::string>>;
    explicit Holder(Held held) : held_(std::move(held)) {}
    [[nodiscard]] bool may(Permission permission, std::string_view organisation,
                           std::string_view service) const override {
        if (permission == Permission::see_public) return true;
        // A security role is one for the service "security" alone.
        return std::ranges::any_of(held_, [&](const auto& each) {
            const bool security = each.second.starts_with("security/");
            const std::string_view where = security ? std::string_view(each.second).substr(9) : each.second;
            return each.first == permission && (service == "security") == security &&
                   (organisation.empty() || where == organisation || where == "*");
        });
    }

  private:
    Held held_;
};
Caller caller(Holder::Held held, std::string id = "person:eva") {
    return {.id = std::move(id), .grants = std::make_shared<Holder>(std::move(held))};
}

constexpr std::string_view kNetwork = R"(
[[organisations]]
id = "reuna"
name = "REUNA"
type = "nren"
country = "CL"
[[organisations]]
id = "rnp"
name = "RNP"
type = "nren"
country = "BR"
[[sites]]
id = "santiago"
name = "Santiago"
organisation = "reuna"
[[sites]]
id = "sao-paulo"
name = "São Paulo"
country = "BR"
[[links]]
id = "santiago-sao-paulo"
a = "santiago"
b = "sao-paulo"
capacity = "STM-4"
[[prefixes]]
value = "10.0.0.0/8"
organisation = "reuna"
)";

class SearchFollower : public data::BothDatabases {
  protected:
    void SetUp() override {
        BothDatabases::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        ASSERT_TRUE(database_->migrate(data::kJournalMigrations));
        ASSERT_TRUE(database_->migrate(registry::kRegistryMigrations));
        ASSERT_TRUE(database_->migrate(knowledge::kKnowledgeMigrations));
        ASSERT_TRUE(database_->migrate(pert::kPertMigrations));
        journal_ = std::make_unique<data::Journal>(*database_, clock_);
        registry_ = std::move(*registry::Registry::open(*database_, *journal_, clock_));
        articles_ = std::make_unique<knowledge::Articles>(*database_, *journal_, clock_);
        pert_ = std::make_unique<pert::Pert>(*database_, *journal_, *registry_, clock_, pert::AccreditationTerms{},
                                             pert::HomeOf{});
        auto index = Index::open(*database_);
        ASSERT_TRUE(index) << index.error().text();
        index_ = std::move(*index);
        owned_.push_back(registry_source([this]() -> registry::Registry& { return *registry_; }));
        owned_.push_back(article_source([this]() -> knowledge::Articles& { return *articles_; }));
        owned_.push_back(pert_source([this]() -> pert::Pert& { return *pert_; }));
        owned_.push_back(case_source([this]() -> desk::Desk& { return desk_; }));
        owned_.push_back(journal_source());
        std::vector<Source*> sources;
        for (const auto& source : owned_)
            sources.push_back(source.get());
        follower_ = std::make_unique<Follower>(*index_, *journal_, sources);
        add_routes(api_, {*index_, *follower_, sources});
    }
    void import(std::string_view toml) {
        registry::ChangeSet set;
        set.changes = *registry::read_registry(registry::Format::toml, toml, "net.toml", {});
        set.who = "test";
        const auto done = registry_->apply(set);
        ASSERT_TRUE(done) << done.error().text();
    }
    void take() {
        const auto taken = follower_->take();
        ASSERT_TRUE(taken) << taken.error().text();
    }
    desk::Case& open_case(std::int64_t number, std::string title) {
        FakeDesk::Kept& kept = desk_.kept[number];
        kept.what.number = number;
        kept.what.title = std::move(title);
        tell(number);
        return kept.what;
    }
    void tell(std::int64_t number) {
        ASSERT_TRUE(journal_->append("case:" + std::to_string(number), events::CaseChanged{}));
    }
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

    ManualClock clock_{*parse_time("2011-11-15T12:00:00Z")};
    std::unique_ptr<data::Journal> journal_;
    std::unique_ptr<registry::Registry> registry_;
    std::unique_ptr<knowledge::Articles> articles_;
    std::unique_ptr<pert::Pert> pert_;
    FakeDesk desk_;
    std::unique_ptr<Index> index_;
    std::vector<std::unique_ptr<Source>> owned_;
    std::unique_ptr<Follower> follower_;
    platform::Api api_;
};
INSTANTIATE_TEST_SUITE_P(Databases, SearchFollower, testing::Values(data::Dialect::sqlite, data::Dialect::postgresql),
                         data::BothDatabases::name);

TEST_P(SearchFollower, TheRegistryIsFoundAndFollowed) {
    import(kNetwork);
    take();
    EXPECT_THAT(ids("SAO paulo"), ElementsAre("sao-paulo", "santiago-sao-paulo"));
    EXPECT_THAT(ids("brazil"), UnorderedElementsAre("sao-paulo", "rnp"));
    EXPECT_EQ(ids("santiago").front(), "santiago") << "the site before its link";
    EXPECT_THAT(ids("10.1.2.3"), ElementsAre("10-0-0-0--8")) << "an address finds its prefix";
    EXPECT_THAT(ids("zzz"), IsEmpty());
    import("[[organisations]]\nid = \"reuna\"\nname = \"Red Universitaria\"\ntype = \"nren\"\n");
    take();
    EXPECT_THAT(ids("universitaria"), UnorderedElementsAre("reuna", "santiago", "10-0-0-0--8"))
        << "what shows its name too";
    EXPECT_THAT(ids("REUNA"), ElementsAre("reuna")) << "by its id alone";
    EXPECT_THAT(ids("ObjectChanged universitaria", {}, {"journal"}), IsEmpty());
    EXPECT_THAT(ids("ObjectChanged sao", {}, {"journal"}), testing::SizeIs(2));
}

TEST_P(SearchFollower, ARebuildGivesTheSame) {
    import(kNetwork);
    open_case(1, "Lenta");
    take();
    ASSERT_TRUE(articles_->start_with({{"mtu", "network", {}, {{"es", {"Agujeros", "", "MTU"}}}, {}}}));
    take();
    const auto before = ids("santiago");
    const auto position = *index_->position();
    ASSERT_TRUE(follower_->rebuild());
    EXPECT_EQ(ids("santiago"), before);
    EXPECT_EQ(*index_->position(), position);
    EXPECT_THAT(ids("agujero"), ElementsAre("mtu"));
    EXPECT_THAT(ids("lenta"), ElementsAre("1"));
}

TEST_P(SearchFollower, DraftsAreForThoseWhoPublish) {
    const auto made = articles_->create({"", "network", {}, {{"es", {"Ventana", "", "x"}}}, {}}, {"ana"});
    ASSERT_TRUE(made);
    take();
    EXPECT_THAT(ids("ventana", caller({})), IsEmpty());
    EXPECT_THAT(ids("ventana", caller({{Permission::publish, "x"}})), ElementsAre("ventana"));
    ASSERT_TRUE(articles_->set_state("ventana", 1, knowledge::ArticleState::published, {"ana"}));
    take();
    EXPECT_THAT(ids("ventana", caller({})), ElementsAre("ventana"));
    ASSERT_TRUE(articles_->remove("ventana", 2, {"ana"}));
    take();
    EXPECT_THAT(ids("ventana"), IsEmpty());
}

TEST_P(SearchFollower, CasesAreForTheirReadersAndEachCircleSeesItsWords) {
    using desk::Visibility;
    desk::Case& open = open_case(1, "Copia lenta");
    open.visibility = Visibility::members;
    open.organisations = {"reuna"};
    auto& kept = desk_.kept[1];
    kept.notes = {{.id = 1, .visibility = Visibility::public_, .text = "palabra"},
                  {.id = 2, .visibility = Visibility::members, .text = "reservada"},
                  {.id = 3, .visibility = Visibility::private_, .text = "secreta"}};
    kept.watchers = {{.id = "person:ana"}};
    desk::Case& secret = open_case(2, "Copia robada");
    secret.queue = desk::Queue::security;
    secret.visibility = Visibility::private_;
    secret.organisations = {"reuna"};
    desk_.kept[2].watchers = {{.id = "person:ana"}};
    desk::Case& shown = open_case(3, "Copia rota");
    shown.visibility = Visibility::public_;
    take();

    const Caller anybody = caller({});
    const Caller ana = caller({}, "person:ana");
    const Caller member = caller({{Permission::see_members, "reuna"}});
    const Caller other = caller({{Permission::see_members, "rnp"}, {Permission::work_cases, "rnp"}});
    const Caller team = caller({{Permission::work_cases, "reuna"}});
    const Caller everywhere = caller({{Permission::work_cases, "*"}});
    const Caller csirt = caller({{Permission::work_cases, "security/*"}});
    EXPECT_THAT(ids("copia", anybody), ElementsAre("3"));
    EXPECT_THAT(ids("copia", other), ElementsAre("3"));
    EXPECT_THAT(ids("copia", ana), UnorderedElementsAre("1", "3"));
    EXPECT_THAT(ids("copia", member), UnorderedElementsAre("1", "3"));
    EXPECT_THAT(ids("copia", team), UnorderedElementsAre("1", "3"));
    EXPECT_THAT(ids("copia", everywhere), UnorderedElementsAre("1", "3"));
    EXPECT_THAT(ids("copia", csirt), UnorderedElementsAre("2", "3"));

    EXPECT_THAT(ids("palabra", ana), ElementsAre("1"));
    EXPECT_THAT(ids("reservada", ana), IsEmpty());
    EXPECT_THAT(ids("reservada", member), ElementsAre("1"));
    EXPECT_THAT(ids("secreta", member), IsEmpty());
    EXPECT_THAT(ids("secreta palabra", team), ElementsAre("1"));
    EXPECT_THAT(ids("1", anybody), IsEmpty()) << "a number finds no case that one may not see";
    EXPECT_THAT(ids("#1", member), ElementsAre("1"));

    open.visibility = Visibility::private_;
    tell(1);
    take();
    EXPECT_THAT(ids("copia", member), ElementsAre("3"));
    EXPECT_THAT(ids("copia", ana), ElementsAre("3"));
    EXPECT_THAT(ids("copia", team), UnorderedElementsAre("1", "3"));
}

TEST_P(SearchFollower, AnswersPagesWithPassages) {
    import(kNetwork);
    take();
    const auto first = knowledge::call(api_, net::Method::get, "/api/v1/search?q=sao&limit=1");
    ASSERT_EQ(first.status, 200) << first.text;
    EXPECT_THAT(first.text,
                testing::HasSubstr(R"("name_pieces":[{"text":"São","hit":true},{"text":" Paulo","hit":false}])"));
    const auto second =
        knowledge::call(api_, net::Method::get, "/api/v1/search?q=sao&limit=1&cursor=" + first.at("next"));
    EXPECT_THAT(second.text, testing::HasSubstr("santiago-sao-paulo"));
    EXPECT_EQ(second.at("next"), "null");
    EXPECT_EQ(knowledge::call(api_, net::Method::get, "/api/v1/search?q=sao&kinds=links,rooms").status, 400);
    EXPECT_THAT(knowledge::call(api_, net::Method::get, "/api/v1/search?q=sao&kinds=links,people").text,
                testing::HasSubstr("santiago-sao-paulo"));
    EXPECT_EQ(knowledge::call(api_, net::Method::post, "/api/v1/search/rebuild").status, 204);
    EXPECT_EQ(knowledge::call(api_, net::Method::get, "/api/v1/search").status, 400) << "q is required";
}

TEST_P(SearchFollower, FollowsByItself) {
    follower_->start();
    import(kNetwork);
    follower_->catch_up(std::chrono::seconds(20));
    EXPECT_THAT(ids("brazil"), UnorderedElementsAre("sao-paulo", "rnp"));
    follower_->stop();
}

}  // namespace
}  // namespace quipu::search
