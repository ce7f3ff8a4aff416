#include "desk/pert/pert.h"

#include <gmock/gmock.h>

#include "data/test_database.h"
#include "desk/pert/calendar.h"
#include "registry/exchange.h"

namespace quipu::pert {
namespace {

using platform::Permission;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// May these, at these organisations alone; "*" is everywhere.
class Holder : public platform::Grants {
  public:
    using Held = std::vector<std::pair<Permission, std::string>>;
    explicit Holder(Held held) : held_(std::move(held)) {}
    [[nodiscard]] bool may(Permission permission, std::string_view organisation, std::string_view) const override {
        if (permission == Permission::see_public) return true;
        return std::ranges::any_of(held_, [&](const auto& each) {
            return each.first == permission &&
                   (organisation.empty() || each.second == organisation || each.second == "*");
        });
    }

  private:
    Held held_;
};
Caller caller(std::string id, Holder::Held held) {
    return {.id = std::move(id), .grants = std::make_shared<Holder>(std::move(held))};
}

constexpr std::string_view kNetwork = R"(
[[organisations]]
id = "clara"
name = "CLARA"
type = "regional"
[[organisations]]
id = "reuna"
name = "REUNA"
type = "nren"
[[organisations]]
id = "rnp"
name = "RNP"
type = "nren"
[[people]]
id = "ana"
name = "Ana Pérez"
)";

class Perts : public data::BothDatabases {
  protected:
    void SetUp() override {
        BothDatabases::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        ASSERT_TRUE(database_->migrate(data::kJournalMigrations));
        ASSERT_TRUE(database_->migrate(registry::kRegistryMigrations));
        ASSERT_TRUE(database_->migrate(kPertMigrations));
        journal_ = std::make_unique<data::Journal>(*database_, clock_);
        auto registry = registry::Registry::open(*database_, *journal_, clock_);
        ASSERT_TRUE(registry);
        registry_ = std::move(*registry);
        registry::ChangeSet set;
        set.changes = *registry::read_registry(registry::Format::toml, kNetwork, "net.toml", {});
        set.who = "test";
        ASSERT_TRUE(registry_->apply(set));
        pert_ = std::make_unique<Pert>(*database_, *journal_, *registry_, clock_, AccreditationTerms{},
                                       [](const Caller& who) { return who.id == "person:rui" ? "reuna" : ""; });
        ASSERT_TRUE(pert_->load());
    }

    static Team team(std::string id, std::string organisation) {
        Team out;
        out.id = std::move(id);
        out.organisation = std::move(organisation);
        out.name = "PERT of " + out.organisation;
        out.constituency = "Universities";
        out.contacts = {{"email", "pert@example.org", {}, ContactSight::public_},
                        {"phone", "+56 2 1", {}, ContactSight::members},
                        {"phone", "+56 9 2", {}, ContactSight::accredited}};
        out.members = {"ana"};
        return out;
    }
    void register_both() {
        ASSERT_TRUE(pert_->register_team(ana_, team("reuna", "reuna")));
        ASSERT_TRUE(pert_->register_team(eva_, team("rnp", "rnp")));
    }
    std::int64_t apply(const Caller& who, std::string id) {
        NewAccreditation wanted;
        wanted.team = std::move(id);
        for (const Criterion& criterion : criteria_in("es"))
            wanted.evidence[criterion.id] = "shown";
        const auto made = pert_->apply(who, wanted);
        EXPECT_TRUE(made) << made.error().text();
        return made ? made->number : 0;
    }
    Result<Accreditation> step(const Caller& who, std::int64_t number, AccreditationStep what, std::string note = {},
                               std::optional<std::string> organisation = {}) {
        return pert_->step(who, number, {what, std::move(note), std::move(organisation)});
    }
    void accredit(const Caller& who, const std::string& id) {
        const std::int64_t number = apply(who, id);
        ASSERT_TRUE(step(who, number, AccreditationStep::submit));
        ASSERT_TRUE(step(mar_, number, AccreditationStep::approve, {}, "clara"));
        ASSERT_TRUE(step(luz_, number, AccreditationStep::approve, {}, "clara"));
        ASSERT_TRUE(step(mar_, number, AccreditationStep::accredit));
    }
    std::vector<std::string> contacts(const Caller& who, std::string_view id) {
        std::vector<std::string> out;
        const auto found = pert_->team(who, id);
        if (!found) return {found.error().text()};
        for (const TeamContact& contact : found->contacts)
            out.push_back(contact.value);
        return out;
    }
    std::vector<std::string> told(std::string_view type) {
        std::vector<std::string> out;
        data::EventFilter filter;
        filter.type = type;
        for (const data::Event& event : *journal_->events(filter))
            out.push_back(event.subject + " " + to_json(event.body));
        return out;
    }

    ManualClock clock_{*parse_time("2011-11-15T12:00:00Z")};
    std::unique_ptr<data::Journal> journal_;
    std::unique_ptr<registry::Registry> registry_;
    std::unique_ptr<Pert> pert_;
    const Caller ana_ = caller("person:ana", {{Permission::work_cases, "reuna"}, {Permission::publish, "reuna"}});
    const Caller eva_ = caller("person:eva", {{Permission::work_cases, "rnp"}, {Permission::publish, "rnp"}});
    const Caller mar_ = caller("person:mar", {{Permission::publish, "*"}, {Permission::work_cases, "*"}});
    const Caller luz_ = caller("person:luz", {{Permission::publish, "clara"}, {Permission::work_cases, "clara"}});
    const Caller member_ = caller("person:mia", {{Permission::see_members, "reuna"}});
    const Caller anybody_ = caller("anonymous", {});
};
INSTANTIATE_TEST_SUITE_P(Databases, Perts, testing::Values(data::Dialect::sqlite, data::Dialect::postgresql),
                         data::BothDatabases::name);

TEST_P(Perts, TeamsAreRegisteredByTheirOwn) {
    EXPECT_EQ(pert_->register_team(eva_, team("reuna", "reuna")).error().code, ErrorCode::forbidden);
    ASSERT_TRUE(pert_->register_team(ana_, team("reuna", "reuna")));
    EXPECT_EQ(pert_->register_team(ana_, team("reuna", "reuna")).error().code, ErrorCode::conflict);
    Team wrong = team("x", "reuna");
    wrong.members = {"nobody"};
    wrong.languages = {"fr"};
    wrong.pgp_fingerprint = "12 34";
    EXPECT_EQ(pert_->register_team(ana_, wrong).error().faults.size(), 3U);
    Team changed = team("reuna", "reuna");
    changed.name = "PERT REUNA";
    EXPECT_EQ(pert_->change_team(ana_, "reuna", 7, changed).error().code, ErrorCode::precondition_failed);
    EXPECT_EQ(pert_->change_team(eva_, "reuna", 1, changed).error().code, ErrorCode::forbidden);
    EXPECT_EQ(pert_->change_team(ana_, "reuna", 1, changed)->version, 2);
    EXPECT_EQ(pert_->change_team(ana_, "nowhere", 1, changed).error().code, ErrorCode::not_found);
    EXPECT_EQ(pert_->remove_team(eva_, "reuna", 2).error().code, ErrorCode::forbidden);
    EXPECT_TRUE(pert_->remove_team(ana_, "reuna", 2));
    EXPECT_EQ(told("TeamChanged").size(), 3U);
}

TEST_P(Perts, PrivateContactsAreForAccreditedTeams) {
    register_both();
    EXPECT_THAT(contacts(anybody_, "reuna"), ElementsAre("pert@example.org"));
    EXPECT_THAT(contacts(member_, "reuna"), ElementsAre("pert@example.org", "+56 2 1"));
    EXPECT_THAT(contacts(ana_, "reuna"), testing::SizeIs(3)) << "their own";
    EXPECT_THAT(contacts(eva_, "reuna"), ElementsAre("pert@example.org")) << "not accredited yet";
    EXPECT_FALSE(pert_->is_accredited("rnp"));
    accredit(eva_, "rnp");
    EXPECT_TRUE(pert_->is_accredited("rnp"));
    EXPECT_FALSE(pert_->is_accredited("reuna"));
    EXPECT_THAT(contacts(eva_, "reuna"), testing::SizeIs(3));
    EXPECT_THAT(contacts(member_, "reuna"), testing::SizeIs(2)) << "a member is no team";
    EXPECT_THAT(pert_->team(anybody_, "reuna")->members, IsEmpty());
    // Suspended, it sees them no more.
    ASSERT_TRUE(step(mar_, 1, AccreditationStep::suspend, "nobody answers"));
    EXPECT_FALSE(pert_->is_accredited("rnp"));
    EXPECT_THAT(contacts(eva_, "reuna"), ElementsAre("pert@example.org"));
    ASSERT_TRUE(step(mar_, 1, AccreditationStep::resume));
    clock_.advance(std::chrono::days(731));
    ASSERT_TRUE(pert_->tick());
    EXPECT_FALSE(pert_->is_accredited("rnp")) << "its term is over";
}

TEST_P(Perts, AccreditationIsReviewedByOthers) {
    register_both();
    const std::int64_t number = apply(ana_, "reuna");
    EXPECT_EQ(pert_->apply(ana_, {"reuna", {}}).error().code, ErrorCode::conflict) << "one at a time";
    EXPECT_EQ(pert_->apply(eva_, {"reuna", {}}).error().code, ErrorCode::forbidden);
    EXPECT_EQ(step(eva_, number, AccreditationStep::submit).error().code, ErrorCode::forbidden);
    ASSERT_TRUE(step(ana_, number, AccreditationStep::submit));
    EXPECT_EQ(step(ana_, number, AccreditationStep::approve, {}, "reuna").error().code, ErrorCode::forbidden);
    EXPECT_EQ(step(ana_, number, AccreditationStep::approve, {}, "rnp").error().code, ErrorCode::forbidden)
        << "she may not speak for it";
    const Caller rui = caller("person:rui", {{Permission::publish, "*"}, {Permission::work_cases, "*"}});
    EXPECT_EQ(step(rui, number, AccreditationStep::approve, {}, "clara").error().code, ErrorCode::forbidden)
        << "he is at home where the team is";
    const Caller token = caller("token:1", {{Permission::publish, "*"}, {Permission::work_cases, "*"}});
    EXPECT_EQ(step(token, number, AccreditationStep::approve, {}, "clara").error().code, ErrorCode::forbidden);
    ASSERT_TRUE(step(eva_, number, AccreditationStep::approve, "good", "rnp"));
    EXPECT_EQ(step(eva_, number, AccreditationStep::approve, {}, "rnp").error().code, ErrorCode::conflict);
    EXPECT_EQ(step(eva_, number, AccreditationStep::accredit).error().code, ErrorCode::forbidden);
    ASSERT_TRUE(step(luz_, number, AccreditationStep::approve, {}, "clara"));
    EXPECT_EQ(step(rui, number, AccreditationStep::accredit).error().code, ErrorCode::forbidden);
    const auto done = step(mar_, number, AccreditationStep::accredit);
    ASSERT_TRUE(done) << done.error().text();
    EXPECT_EQ(done->history.size(), 5U);
    EXPECT_EQ(format_date(*pert_->team(anybody_, "reuna")->accredited_until), "2013-11-14");
    EXPECT_EQ(pert_->team(anybody_, "reuna")->standing, Standing::accredited);
    EXPECT_EQ(pert_->remove_team(ana_, "reuna", 1).error().code, ErrorCode::conflict);
    EXPECT_EQ(pert_->accreditation(member_, number).error().code, ErrorCode::not_found);
    EXPECT_EQ(told("AccreditationChanged").size(), 5U);

    clock_.advance(std::chrono::days(700));
    ASSERT_TRUE(pert_->tick());
    ASSERT_TRUE(pert_->tick());
    EXPECT_THAT(told("AccreditationExpiring"), ElementsAre(HasSubstr("\"days\":30")));
    const std::int64_t renewal = apply(ana_, "reuna");
    EXPECT_EQ(pert_->accreditation(ana_, renewal)->renews, number);
    ASSERT_TRUE(step(ana_, renewal, AccreditationStep::submit));
    ASSERT_TRUE(step(eva_, renewal, AccreditationStep::approve, {}, "rnp"));
    ASSERT_TRUE(step(luz_, renewal, AccreditationStep::approve, {}, "clara"));
    ASSERT_TRUE(step(mar_, renewal, AccreditationStep::accredit));
    EXPECT_EQ(pert_->accreditation(ana_, number)->state, AccreditationState::renewed);
    EXPECT_EQ(format_date(*pert_->team(anybody_, "reuna")->accredited_until), "2015-11-14");
}

TEST_P(Perts, EvidenceIsShownInADraft) {
    register_both();
    const auto draft = pert_->apply(ana_, {"reuna", {}});
    ASSERT_TRUE(draft);
    EXPECT_EQ(step(ana_, draft->number, AccreditationStep::submit).error().faults.size(), 7U);
    EXPECT_EQ(pert_->show_evidence(ana_, draft->number, 1, {{"colour", "blue"}}).error().where, "evidence.colour");
    EXPECT_EQ(pert_->show_evidence(eva_, draft->number, 1, {}).error().code, ErrorCode::forbidden);
    EXPECT_EQ(pert_->show_evidence(ana_, draft->number, 9, {}).error().code, ErrorCode::precondition_failed);
    EXPECT_EQ(pert_->show_evidence(ana_, draft->number, 1, {{"staff", "Ana, Juan"}})->version, 2);
}

TEST_P(Perts, RequestsAreTrackedBetweenTwoTeams) {
    register_both();
    NewTechnicalRequest wanted{"reuna", "rnp", "MTU in São Paulo", "Which?", {}, 41};
    EXPECT_EQ(pert_->ask(eva_, wanted).error().code, ErrorCode::forbidden);
    const auto asked = pert_->ask(ana_, wanted);
    ASSERT_TRUE(asked) << asked.error().text();
    EXPECT_EQ(asked->due, clock_.now() + std::chrono::days(7));
    const std::int64_t number = asked->number;
    EXPECT_EQ(pert_->request(luz_, number).error().code, ErrorCode::not_found) << "it is between the two";
    EXPECT_THAT(*pert_->requests(luz_), IsEmpty());
    EXPECT_TRUE(pert_->request(mar_, number)) << "the coordinator follows it";
    EXPECT_EQ(pert_->step(luz_, number, {RequestStep::accept, ""}).error().code, ErrorCode::not_found);
    EXPECT_EQ(pert_->step(ana_, number, {RequestStep::accept, ""}).error().code, ErrorCode::forbidden);
    ASSERT_TRUE(pert_->step(eva_, number, {RequestStep::accept, ""}));
    clock_.advance(std::chrono::days(6));
    ASSERT_TRUE(pert_->tick());
    clock_.advance(std::chrono::days(2));
    ASSERT_TRUE(pert_->tick());
    ASSERT_TRUE(pert_->tick());
    EXPECT_TRUE(pert_->request(eva_, number)->overdue);
    EXPECT_EQ(pert_->remove_team(eva_, "rnp", 1).error().code, ErrorCode::conflict) << "it owes an answer";
    ASSERT_TRUE(pert_->step(eva_, number, {RequestStep::answer, "1500"}));
    ASSERT_TRUE(pert_->step(ana_, number, {RequestStep::close, "thanks"}));
    EXPECT_EQ(pert_->request(ana_, number)->answer, "1500");
    const auto steps = told("TechnicalRequestChanged");
    ASSERT_EQ(steps.size(), 6U);
    EXPECT_THAT(steps[2], HasSubstr("\"step\":\"remind\""));
    EXPECT_THAT(steps[3], HasSubstr("\"step\":\"overdue\""));
    for (const std::string& each : steps)
        EXPECT_THAT(each, testing::Not(HasSubstr("MTU"))) << "what is asked stays between the two";
    wanted.to = "reuna";
    EXPECT_EQ(pert_->ask(ana_, wanted).error().where, "to");
    wanted.to = "rnp";
    wanted.due = clock_.now();
    EXPECT_EQ(pert_->ask(ana_, wanted).error().where, "due");
}

TEST_P(Perts, MeetingsAreForTheTeamsUnlessPublic) {
    register_both();
    Meeting wanted;
    wanted.title = "Montevideo";
    wanted.begins = *parse_time("2011-11-21T12:00:00Z");
    wanted.ends = *parse_time("2011-11-21T13:00:00Z");
    wanted.teams = {"reuna"};
    const auto called = pert_->call_meeting(mar_, wanted);
    ASSERT_TRUE(called) << called.error().text();
    EXPECT_EQ(pert_->meeting(anybody_, called->number).error().code, ErrorCode::not_found);
    EXPECT_THAT(*pert_->meetings(member_, {}, {}), IsEmpty());
    EXPECT_EQ(pert_->meetings(mar_, {}, {})->size(), 1U);
    EXPECT_THAT(*pert_->meetings(mar_, wanted.ends, {}), IsEmpty());
    wanted.public_ = true;
    EXPECT_EQ(pert_->change_meeting(mar_, called->number, 3, wanted).error().code, ErrorCode::precondition_failed);
    EXPECT_EQ(pert_->change_meeting(mar_, called->number, 1, wanted)->version, 2);
    EXPECT_TRUE(pert_->meeting(anybody_, called->number));
    wanted.ends = wanted.begins;
    wanted.teams = {"nobody"};
    EXPECT_EQ(pert_->call_meeting(mar_, wanted).error().faults.size(), 2U);
}

TEST(Calendar, IsICalendar) {
    Meeting meeting;
    meeting.number = 3;
    meeting.title = "Uno; dos, \\ tres";
    meeting.begins = *parse_time("2011-11-21T12:00:00.5Z");
    meeting.ends = *parse_time("2011-11-21T13:00:00Z");
    meeting.agenda = "línea uno\r\nEND:VCALENDAR\n" + std::string(100, 'x') + std::string("éééé");
    meeting.url = "https://x.example/\r\nATTACH:y";
    meeting.version = 2;
    const std::string text = calendar_of({&meeting, 1}, "quipu.example", *parse_time("2011-11-15T00:00:00Z"));
    EXPECT_THAT(text, testing::StartsWith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"));
    EXPECT_THAT(text, HasSubstr("UID:pert-meeting-3@quipu.example\r\n"));
    EXPECT_THAT(text, HasSubstr("DTSTART:20111121T120000Z\r\n"));
    EXPECT_THAT(text, HasSubstr("SUMMARY:Uno\\; dos\\, \\\\ tres\r\n"));
    EXPECT_THAT(text, HasSubstr("URL:https://x.example/ATTACH:y\r\n")) << "no line of its own";
    EXPECT_THAT(text, testing::EndsWith("END:VEVENT\r\nEND:VCALENDAR\r\n"));
    std::size_t ends = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find("\r\n", at);
        ASSERT_NE(end, std::string::npos);
        EXPECT_LE(end - at, 75U);
        EXPECT_NE(static_cast<unsigned char>(text[at]) & 0xC0U, 0x80U) << "no character is cut";
        ends += text.substr(at, end - at) == "END:VCALENDAR" ? 1 : 0;
        at = end + 2;
    }
    EXPECT_EQ(ends, 1U);
}

}  // namespace
}  // namespace quipu::pert
