#include "registry/registry.h"

#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <sstream>

#include "data/test_database.h"
#include "registry/test_registry.h"

namespace quipu::registry {
namespace {

using testing::HasSubstr;

TEST_F(RegistryTest, HoldsWhatWasImported) {
    must_import(kSmallNetwork);
    const auto now = registry_->now();
    ASSERT_EQ(now->all<Organisation>().size(), 4U);
    const auto* reuna = now->find<Organisation>("reuna");
    ASSERT_NE(reuna, nullptr);
    EXPECT_EQ(reuna->object.country, "CL") << "codes are written in capitals";
    EXPECT_EQ(reuna->version, 1);
    EXPECT_EQ(reuna->changed_by, "ana");
    EXPECT_EQ(reuna->changed, clock_.now());
    EXPECT_EQ(now->find<Organisation>("nobody"), nullptr);
    ASSERT_EQ(now->links_in_service().size(), 1U);
    EXPECT_EQ(now->links_in_service()[0]->object.capacity.bits_per_second, 622'080'000);
}

TEST_F(RegistryTest, AnswersTheSameAfterOpeningAgain) {
    must_import(kSmallNetwork);
    const auto before = *write_registry(Format::json, *registry_->now(), {});
    const auto revision = registry_->now()->revision();
    reopen();
    EXPECT_EQ(*write_registry(Format::json, *registry_->now(), {}), before);
    EXPECT_EQ(registry_->now()->revision(), revision);
}

TEST_F(RegistryTest, TheSameImportTwiceChangesNothing) {
    must_import(kSmallNetwork);
    const auto revision = registry_->now()->revision();
    const auto again = import(kSmallNetwork);
    ASSERT_TRUE(again);
    for (const Difference& difference : *again)
        EXPECT_EQ(difference.action, "unchanged") << difference.id;
    EXPECT_EQ(registry_->now()->revision(), revision);
}

TEST_F(RegistryTest, DryRunShowsTheDifferenceAndChangesNothing) {
    must_import(kSmallNetwork);
    ChangeSet set;
    set.changes = *read_registry(Format::toml, "[[sites]]\nid = \"lima\"\nname = \"Lima\"\n", "x.toml", {});
    set.dry_run = true;
    const auto shown = registry_->apply(set);
    ASSERT_TRUE(shown);
    ASSERT_EQ(shown->size(), 1U);
    EXPECT_EQ((*shown)[0].action, "created");
    EXPECT_TRUE((*shown)[0].before.is_null());
    EXPECT_EQ(registry_->now()->find<Site>("lima"), nullptr);
    EXPECT_TRUE(registry_->history(Kind::sites, "lima").error().code == ErrorCode::not_found);
}

TEST_F(RegistryTest, KeepsEveryVersionWithItsReason) {
    must_import(kSmallNetwork);
    clock_.advance(std::chrono::hours(1));
    Value panama{Value::Object{}};
    panama.set("name", Value("Panamá"));
    ASSERT_TRUE(change(Kind::sites, "panama", panama, 1));
    ASSERT_TRUE(remove(Kind::links, "santiago-panama", 1));
    ASSERT_TRUE(remove(Kind::sites, "panama", 2));
    EXPECT_EQ(registry_->now()->find<Site>("panama"), nullptr);
    const auto history = registry_->history(Kind::sites, "panama");
    ASSERT_TRUE(history);
    ASSERT_EQ(history->size(), 3U) << "newest first";
    EXPECT_EQ((*history)[0].action, "removed");
    EXPECT_TRUE((*history)[0].after.is_null());
    EXPECT_EQ((*history)[1].action, "changed");
    EXPECT_EQ((*history)[1].before.find("name")->if_string()->c_str(), std::string("Panama City"));
    EXPECT_EQ((*history)[1].after.find("name")->if_string()->c_str(), std::string("Panamá"));
    EXPECT_EQ((*history)[2].action, "created");
    EXPECT_EQ((*history)[2].why, "test");

    ASSERT_TRUE(change(Kind::sites, "panama", panama, 0)) << "it may come back";
    EXPECT_EQ(registry_->now()->find<Site>("panama")->version, 4)
        << "versions go on, so that an old ETag never fits again";
}

TEST_F(RegistryTest, RefusesAChangeOfWhatHasChanged) {
    must_import(kSmallNetwork);
    Value object{Value::Object{}};
    object.set("name", Value("Lima"));
    EXPECT_EQ(change(Kind::sites, "panama", object, 7).error().code, ErrorCode::precondition_failed);
    EXPECT_EQ(change(Kind::sites, "panama", object, 0).error().code, ErrorCode::conflict);
    EXPECT_EQ(change(Kind::sites, "lima", object, 1).error().code, ErrorCode::not_found);
    EXPECT_EQ(remove(Kind::sites, "lima").error().code, ErrorCode::not_found);
    ASSERT_TRUE(change(Kind::sites, "lima", object, 0));
}

TEST_F(RegistryTest, IsReadAsOfADay) {
    must_import(kSmallNetwork);
    must_import(R"(
[[sites]]
id = "caracas"
name = "Caracas"
since = 2011-10-28
[[links]]
id = "old"
a = "santiago"
b = "panama"
capacity = "STM-1"
activated = 2004-09-01
retired = 2011-07-06
)");
    const auto in_service = [&](int y, unsigned m, unsigned d) {
        std::vector<std::string> ids;
        for (const auto* link :
             (*registry_->as_of(Date{std::chrono::year{y}, std::chrono::month{m}, std::chrono::day{d}}))
                 ->links_in_service())
            ids.push_back(link->object.id);
        return ids;
    };
    EXPECT_THAT(in_service(2004, 8, 31), testing::ElementsAre());
    EXPECT_THAT(in_service(2011, 7, 5), testing::ElementsAre("old"));
    EXPECT_THAT(in_service(2011, 7, 6), testing::ElementsAre("santiago-panama"))
        << "the old one goes on the day the new one comes";
    const auto in_march = *registry_->as_of(*parse_date("2011-03-01"));
    EXPECT_NE(in_march->find<Link>("santiago-panama"), nullptr) << "planned already";
    EXPECT_EQ(in_march->find<Site>("caracas"), nullptr);
    EXPECT_EQ((*registry_->as_of(*parse_date("2011-01-14")))->find<Link>("santiago-panama"), nullptr);
    EXPECT_EQ(registry_->now()->find<Link>("old"), nullptr) << "over";
    EXPECT_NE(registry_->everything()->find<Link>("old"), nullptr) << "on record";
}

TEST_F(RegistryTest, AChangeIsTrueFromItsEffectiveDay) {
    must_import(kSmallNetwork);
    must_import("[[sites]]\nid = \"panama\"\nname = \"Panamá\"\n", "2011-11-10");
    const auto name_on = [&](std::string_view day) {
        return (*registry_->as_of(*parse_date(day)))->find<Site>("panama")->object.name;
    };
    EXPECT_EQ(name_on("2011-11-09"), "Panama City");
    EXPECT_EQ(name_on("2011-11-10"), "Panamá");
    // A correction with an earlier day replaces what was true later as well.
    must_import("[[sites]]\nid = \"panama\"\nname = \"PTY\"\n", "2010-01-01");
    EXPECT_EQ(name_on("2011-11-10"), "PTY");
    EXPECT_EQ(name_on("2009-12-31"), "Panama City") << "the first version holds before its day";
    EXPECT_THAT(refused("[[sites]]\nid = \"panama\"\n"), HasSubstr("is required"));
    const auto future = import("[[sites]]\nid = \"panama\"\nname = \"x\"\n", "2011-11-16");
    EXPECT_EQ(future.error().code, ErrorCode::invalid);
    EXPECT_EQ(future.error().where, "effective");
}

TEST_F(RegistryTest, ADayPassesWithoutAChange) {
    must_import(kSmallNetwork);
    must_import("[[sites]]\nid = \"lima\"\nname = \"Lima\"\nuntil = 2011-11-16\n");
    EXPECT_NE(registry_->now()->find<Site>("lima"), nullptr);
    clock_.advance(std::chrono::hours(24));
    EXPECT_EQ(registry_->now()->find<Site>("lima"), nullptr);
}

TEST_F(RegistryTest, SaysEveryFaultAtItsLine) {
    const std::string text = refused(R"([[sites]]
id = "a"
name = "A"
latitude = 91
country = "XX"
[[sites]]
id = "b"
name = "B"
longitude = 5
[[links]]
id = "l"
a = "a"
b = "nowhere"
capacity = "fast"
activated = 2011-02-01
retired = 2010-01-01
)");
    EXPECT_THAT(text, HasSubstr("net.toml:4 sites[a].latitude: 91 is above 90"));
    EXPECT_THAT(text, HasSubstr("net.toml:6 sites[b].latitude: is missing"));
    EXPECT_THAT(text, HasSubstr("net.toml:14 links[l].capacity"));
    EXPECT_THAT(text, HasSubstr("net.toml:13 links[l].b: there is no site \"nowhere\""));
    EXPECT_EQ(registry_->now()->all<Site>().size(), 0U) << "all or nothing";

    const std::string second = refused(R"([[links]]
id = "l"
a = "x"
b = "x"
capacity = 1
activated = 2011-02-01
retired = 2010-01-01
[[organisations]]
id = "o"
name = "O"
type = "nren"
country = "XX"
website = "ftp://o"
language = "Spanish"
)");
    EXPECT_THAT(second, HasSubstr("net.toml:4 links[l].b: both ends are x"));
    EXPECT_THAT(second, HasSubstr("net.toml:7 links[l].retired: 2010-01-01 is before activated, 2011-02-01"));
    EXPECT_THAT(second, HasSubstr("\"XX\" is not an ISO 3166-1 code"));
    EXPECT_THAT(second, HasSubstr("website"));
    EXPECT_THAT(second, HasSubstr("language"));
}

TEST_F(RegistryTest, RefusesDuplicatesAndUnknownKeys) {
    EXPECT_THAT(refused("[[sites]]\nid=\"a\"\nname=\"A\"\n[[sites]]\nid=\"a\"\nname=\"A\"\n"),
                HasSubstr("net.toml:5 sites[a].id: \"a\" appears twice"));
    EXPECT_THAT(refused("[[sites]]\nid=\"a\"\nname=\"A\"\nlatitud=1\n"),
                HasSubstr("net.toml:4 sites[a].latitud: unknown key"));
    EXPECT_THAT(refused("[[towns]]\nid=\"a\"\n"), HasSubstr("is no collection"));
    EXPECT_THAT(refused("[sites]\nid=\"a\"\n"), HasSubstr("expected a list of tables, [[sites]]"));
}

TEST_F(RegistryTest, OrganisationsAreATree) {
    must_import(kSmallNetwork);
    EXPECT_THAT(refused("[[organisations]]\nid=\"clara\"\nname=\"CLARA\"\ntype=\"regional\"\nparent=\"uchile\"\n"),
                HasSubstr("goes round in a circle: clara → uchile → reuna → clara"));
    EXPECT_THAT(refused("[[organisations]]\nid=\"x\"\nname=\"X\"\ntype=\"nren\"\nparent=\"x\"\n"), HasSubstr("x → x"));
}

TEST_F(RegistryTest, WhatIsReferredToStays) {
    must_import(kSmallNetwork);
    const auto refused_site = remove(Kind::sites, "panama");
    EXPECT_EQ(refused_site.error().code, ErrorCode::conflict);
    EXPECT_THAT(refused_site.error().what, HasSubstr("link santiago-panama (b)"));
    EXPECT_THAT(remove(Kind::organisations, "reuna").error().what,
                testing::AllOf(HasSubstr("organisation uchile (parent)"), HasSubstr("site santiago")));
    ChangeSet both;
    both.changes.push_back({Kind::sites, "panama", Value(), {}, 0});
    both.changes.push_back({Kind::links, "santiago-panama", Value(), {}, 0});
    EXPECT_TRUE(registry_->apply(both)) << "together they may go";
}

TEST_F(RegistryTest, PrefixesHaveOneOwner) {
    must_import(kSmallNetwork);
    must_import("[[prefixes]]\nvalue=\"10.0.0.0/8\"\norganisation=\"reuna\"\n");
    EXPECT_THAT(refused("[[prefixes]]\nid=\"twice\"\nvalue=\"10.0.0.0/8\"\norganisation=\"rnp\"\n"),
                HasSubstr("10.0.0.0/8 is recorded already as 10-0-0-0--8, of REUNA"));
    EXPECT_THAT(refused("[[prefixes]]\nvalue=\"10.1.0.0/16\"\norganisation=\"rnp\"\n"),
                HasSubstr("10.1.0.0/16 lies within 10.0.0.0/8 of REUNA, and RNP is not connected through it"));
    EXPECT_THAT(refused("[[prefixes]]\nvalue=\"0.0.0.0/0\"\norganisation=\"rnp\"\n"),
                HasSubstr("would enclose 10.0.0.0/8 of REUNA"));
    must_import("[[prefixes]]\nvalue=\"10.1.0.0/16\"\norganisation=\"uchile\"\n");
    must_import("[[prefixes]]\nvalue=\"0.0.0.0/0\"\norganisation=\"clara\"\n");
    EXPECT_THAT(refused("[[organisations]]\nid=\"uchile\"\nname=\"U\"\ntype=\"institution\"\nparent=\"rnp\"\n"),
                HasSubstr("organisations[uchile].parent: 10.1.0.0/16 lies within 10.0.0.0/8 of REUNA"));
    const auto owner = [&](std::string_view address) {
        return registry_->now()->owner_of(*net::IpAddress::parse(address))->object.id;
    };
    EXPECT_EQ(owner("10.1.2.3"), "uchile");
    EXPECT_EQ(owner("10.2.0.1"), "reuna");
    EXPECT_EQ(owner("192.0.2.1"), "clara");
    EXPECT_EQ(registry_->now()->owner_of(*net::IpAddress::parse("2001:db8::1")), nullptr);
}

TEST_F(RegistryTest, ResourcesMayPassOn) {
    must_import(kSmallNetwork);
    must_import("[[as_numbers]]\nvalue=\"AS27750\"\norganisation=\"reuna\"\nuntil=2010-01-01\n");
    EXPECT_THAT(refused("[[as_numbers]]\nid=\"again\"\nvalue=27750\norganisation=\"rnp\"\nsince=2009-12-31\n"),
                HasSubstr("recorded already as as27750"));
    must_import("[[as_numbers]]\nid=\"again\"\nvalue=27750\norganisation=\"rnp\"\nsince=2010-01-01\n");
    must_import(
        "[[domains]]\nvalue=\"REUNA.cl\"\norganisation=\"reuna\"\n[[domains]]\nvalue=\"uchile.reuna.cl\"\norganisation="
        "\"uchile\"\n");
    EXPECT_THAT(refused("[[domains]]\nvalue=\"rnp.reuna.cl\"\norganisation=\"rnp\"\n"),
                HasSubstr("lies within reuna.cl of REUNA"));
    EXPECT_EQ(registry_->now()->find_resource(Kind::domains, "reuna-cl")->object.value, "reuna.cl");
}

TEST_F(RegistryTest, TellsTheJournalAndItsFollowers) {
    std::vector<std::int64_t> seen;
    auto handle =
        registry_->follow([&](const std::shared_ptr<const Picture>& picture) { seen.push_back(picture->revision()); });
    must_import(kSmallNetwork);
    ASSERT_TRUE(remove(Kind::links, "santiago-panama"));
    EXPECT_THAT(refused("[[sites]]\nid=\"?\"\n"), HasSubstr("must be 1 to 63"));
    EXPECT_THAT(seen, testing::ElementsAre(7, 8));
    handle.reset();
    must_import("[[sites]]\nid=\"lima\"\nname=\"Lima\"\n");
    EXPECT_EQ(seen.size(), 2U);
    data::EventFilter imports;
    imports.type = "RegistryImported";
    const auto events = journal_->events(imports);
    ASSERT_TRUE(events);
    ASSERT_EQ(events->size(), 2U);
    EXPECT_EQ((*events)[0].subject, "import:net.toml");
    EXPECT_EQ(*(*events)[0].body.find("created")->if_integer(), 7);
    data::EventFilter link;
    link.subject = "links:santiago-panama";
    EXPECT_EQ(journal_->events(link)->size(), 2U);
}

TEST_F(RegistryTest, LoadsRedClara) {
    std::ifstream file(QUIPU_SOURCE_DIR "/networks/redclara-2011.toml");
    std::stringstream text;
    text << file.rdbuf();
    must_import(text.str());
    const auto now = registry_->now();
    EXPECT_EQ(now->links_in_service().size(), 17U);
    EXPECT_EQ(std::ranges::count_if(now->all<Site>(), [](const auto& s) { return s.object.pop; }), 14);
    EXPECT_EQ(now->owner_of(*net::IpAddress::parse("143.107.1.1"))->object.id, "usp");
    for (const auto& site : now->all<Site>())
        EXPECT_TRUE(site.object.source) << site.object.id;
    for (const auto& link : now->all<Link>())
        EXPECT_TRUE(link.object.source) << link.object.id;
}

class RegistryOnBoth : public data::BothDatabases {};

TEST_P(RegistryOnBoth, SeesWhatAnotherProcessChanged) {
    ManualClock clock(at_noon("2011-11-15"));
    ASSERT_TRUE(database_->migrate(data::kJournalMigrations));
    ASSERT_TRUE(database_->migrate(kRegistryMigrations));
    data::Journal journal(*database_, clock);
    auto first = Registry::open(*database_, journal, clock);
    ASSERT_TRUE(first) << first.error().text();
    const auto other_view = open();
    data::Journal other_journal(*other_view, clock);
    auto second = Registry::open(*other_view, other_journal, clock);
    ASSERT_TRUE(second) << second.error().text();

    ChangeSet set;
    set.changes = *read_registry(Format::toml, kSmallNetwork, "net.toml", {});
    ASSERT_TRUE((*first)->apply(set));
    EXPECT_EQ((*second)->now()->all<Site>().size(), 0U);
    EXPECT_EQ((*second)->refresh(), true);
    EXPECT_EQ((*second)->now()->all<Site>().size(), 2U);
    EXPECT_EQ((*second)->refresh(), false);

    // A writer looks at what is there now, not at what it knew.
    ASSERT_TRUE(
        (*second)->apply({{{Kind::sites, "lima", *parse_json(R"({"name": "Lima"})"), 0, 0}}, "", "", "", {}, false}));
    const auto twice =
        (*first)->apply({{{Kind::sites, "lima", *parse_json(R"({"name": "Lima"})"), 0, 0}}, "", "", "", {}, false});
    EXPECT_EQ(twice.error().code, ErrorCode::conflict);
    EXPECT_EQ((*first)->refresh(), true);
    EXPECT_NE((*first)->now()->find<Site>("lima"), nullptr);
    const auto dry = (*first)->apply({{{Kind::sites, "lima", Value(), 1, 0}}, "", "", "", {}, true});
    ASSERT_TRUE(dry) << dry.error().text();
    EXPECT_EQ(dry->front().action, "removed");
}

INSTANTIATE_TEST_SUITE_P(, RegistryOnBoth, testing::Values(data::Dialect::sqlite, data::Dialect::postgresql),
                         data::BothDatabases::name);

}  // namespace
}  // namespace quipu::registry
