// A case that waits for too long is told to whoever is on call at that moment, by the rotas and their overrides.

#include "desk/operations/on_call.h"

#include <gmock/gmock.h>

#include "desk/operations/keeper.h"
#include "desk/operations/test_told.h"
#include "desk/test_desk.h"

namespace quipu::operations {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kEngineers = R"(
[[people]]
id = "ana"
name = "Ana"
[[people]]
id = "beto"
name = "Beto"
[[people]]
id = "carla"
name = "Carla"
[[people]]
id = "dora"
name = "Dora"
)";

class OnCall : public desk::DeskTest {
  protected:
    void SetUp() override {
        desk::DeskTest::SetUp();
        if (!desk_) return;
        must(database_->migrate(kOperationsMigrations));
        registry::ChangeSet set;
        set.changes = must(registry::read_registry(registry::Format::toml, kEngineers, "people.toml", {}));
        set.who = "ana";
        must(registry_->apply(set));
        store_.emplace(*database_);
        keeper_.emplace(*database_, *journal_, *store_, *registry_, desk_.get(), &told_);
        const Date first = date_of(clock_.now());
        must(store_->add(Rota{.id = "noc", .name = "NOC", .people = {"ana", "beto"}, .first = first, .days = 1}));
        must(store_->add(
            Rota{.id = "reuna", .name = "REUNA", .organisation = "reuna", .people = {"carla"}, .first = first}));
        must(store_->add(Rota{.id = "rnp", .name = "RNP", .organisation = "rnp", .people = {"dora"}, .first = first}));
    }
    /// What the journal says of escalations goes to the keeper, as the service does it.
    void follow() {
        for (const data::Event& event : must(journal_->events({.type = "CaseEscalated", .limit = 1000})))
            must(keeper_->tell_on_call(must(read<events::CaseEscalated>(event.body)), event.id, clock_.now()));
    }
    std::vector<std::string> on_call(std::vector<std::string> organisations) {
        return must(on_call_for(*store_, *registry_->now(), organisations, clock_.now()));
    }
    static std::vector<std::string> people(const notify::Notice& notice) {
        std::vector<std::string> out;
        for (const notify::To& to : notice.to) {
            EXPECT_EQ(to.kind, notify::To::Kind::person);
            out.push_back(to.id);
        }
        return out;
    }
    desk::NewCase urgent(std::vector<std::string> organisations) {
        desk::NewCase wanted = help("No signal", std::move(organisations));
        wanted.queue = desk::Queue::operations;
        wanted.priority = desk::Priority::urgent;
        return wanted;
    }

    Told told_;
    std::optional<Store> store_;
    std::optional<Keeper> keeper_;
};

INSTANTIATE_TEST_SUITE_P(Both, OnCall, testing::Values(data::Dialect::sqlite, data::Dialect::postgresql),
                         data::BothDatabases::name);

TEST_P(OnCall, AnswersForAnOrganisationWithThoseAboveIt) {
    EXPECT_THAT(on_call({}), ElementsAre("ana"));
    EXPECT_THAT(on_call({"reuna"}), ElementsAre("ana", "carla"));
    EXPECT_THAT(on_call({"rnp", "reuna"}), ElementsAre("ana", "carla", "dora"));
    clock_.advance(24h);
    EXPECT_THAT(on_call({"clara"}), ElementsAre("beto"));
    Override over{.rota = "noc", .person = "dora", .begin = clock_.now() - 1h, .end = clock_.now() + 1h};
    must(store_->add(over));
    EXPECT_THAT(on_call({"rnp"}), ElementsAre("dora"));
}

TEST_P(OnCall, IsToldOfWhatWaitsForTooLong) {
    const std::int64_t number = must(desk_->open(desk::house(), urgent({"reuna"})));
    Override over{.rota = "noc", .person = "beto", .begin = clock_.now() - 1h, .end = clock_.now() + 100 * 24h};
    must(store_->add(over));
    for (int i = 0; i < 300; ++i) {
        clock_.advance(2min);
        must(desk_->escalate());
        follow();
    }
    ASSERT_FALSE(told_.notices.empty());
    EXPECT_EQ(told_.notices.front().text, "case-due") << "it has no owner: somebody hears of it in time";
    std::set<std::string> texts;
    for (const auto& notice : told_.notices) {
        EXPECT_THAT(people(notice), ElementsAre("beto", "carla"));
        EXPECT_EQ(notice.about, "case:" + std::to_string(number));
        EXPECT_TRUE(notice.only_to);
        texts.insert(notice.text);
    }
    EXPECT_THAT(texts, ElementsAre("case-due", "case-escalated"));
    EXPECT_EQ(told_.notices.size(), must(journal_->events({.type = "CaseEscalated", .limit = 1000})).size())
        << "followed again and again, each step is told once";
}

TEST_P(OnCall, LeavesAnOwnerTheirTimeAndSecurityToItsTeam) {
    desk::NewCase owned = urgent({"reuna"});
    owned.owner = "person:nora";
    must(desk_->open(desk::house(), owned));
    desk::NewCase secret = urgent({"reuna"});
    secret.queue = desk::Queue::security;
    must(desk_->open(desk::house(), secret));
    for (int i = 0; i < 300; ++i) {
        clock_.advance(2min);
        must(desk_->escalate());
        follow();
    }
    EXPECT_FALSE(told_.notices.empty());
    for (const auto& notice : told_.notices) {
        EXPECT_EQ(notice.text, "case-escalated");
        EXPECT_EQ(notice.about, "case:1");
    }
}

TEST_P(OnCall, WithoutARotaNobodyIs) {
    for (const char* id : {"noc", "reuna", "rnp"})
        must(store_->remove_rota(id, 1));
    EXPECT_THAT(on_call({"reuna"}), IsEmpty());
}

}  // namespace
}  // namespace quipu::operations
