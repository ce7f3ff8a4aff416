#include "desk/search/index.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/random.h"
#include "data/test_database.h"

namespace quipu::search {
namespace {

using platform::Caller;
using platform::Permission;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// May these, at these organisations alone.
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
Caller caller(Holder::Held held, std::string id = "person:eva") {
    return {.id = std::move(id), .grants = std::make_shared<Holder>(std::move(held))};
}
const Caller kEverybody = caller({});
const Caller kHouse{};

Rule members_of(std::string organisation) {
    return {Permission::see_members, std::move(organisation), "desk", {}};
}
Rule team_of(std::string organisation) {
    return {Permission::work_cases, std::move(organisation), "desk", {}};
}
const Rule kPublic{};

class SearchIndex : public data::BothDatabases {
  protected:
    void SetUp() override {
        BothDatabases::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        reopen();
    }
    void reopen() {
        auto index = Index::open(*database_);
        ASSERT_TRUE(index) << index.error().text();
        index_ = std::move(*index);
    }
    void put(std::string kind, std::string id, std::vector<Document> documents) {
        const std::vector<Indexed> all{{{std::move(kind), std::move(id)}, std::move(documents)}};
        const auto done = index_->put(all, std::nullopt);
        ASSERT_TRUE(done) << done.error().text();
    }
    static Document document(std::string name, std::string text = {}, std::vector<Rule> readers = {kPublic}) {
        return {.name = std::move(name),
                .detail = {},
                .text = std::move(text),
                .keywords = {},
                .readers = std::move(readers)};
    }
    std::vector<std::string> ids(std::string_view typed, const Caller& who = kHouse,
                                 std::vector<std::string> kinds = {}) {
        const auto found = index_->find({.typed = std::string(typed), .kinds = std::move(kinds)}, who);
        if (!found) return {found.error().text()};
        std::vector<std::string> out;
        for (const Found& each : *found)
            out.push_back(each.id);
        return out;
    }

    std::unique_ptr<Index> index_;
};
INSTANTIATE_TEST_SUITE_P(Databases, SearchIndex, testing::Values(data::Dialect::sqlite, data::Dialect::postgresql),
                         data::BothDatabases::name);

TEST_P(SearchIndex, FindsWithoutAccentsAndWhileOneTypes) {
    put("sites", "sao-paulo", {document("São Paulo")});
    put("sites", "santiago", {document("Santiago")});
    for (const std::string_view typed : {"são paulo", "SAO PAULO", "sa pa", "s p", "paulo", "sao-pau", "\"sao paulo\""})
        EXPECT_THAT(ids(typed), ElementsAre("sao-paulo")) << typed;
    EXPECT_THAT(ids("sa"), UnorderedElementsAre("sao-paulo", "santiago"));
    EXPECT_THAT(ids("\"sao\" \"pau\""), IsEmpty()) << "quoted words are whole";
    EXPECT_THAT(ids("sa -paulo"), ElementsAre("santiago"));
    EXPECT_THAT(ids("paulo santiago"), IsEmpty());
    EXPECT_THAT(ids(""), IsEmpty());
    EXPECT_THAT(ids("-paulo"), IsEmpty()) << "nothing is wanted";
}

TEST_P(SearchIndex, TheBestComesFirst) {
    put("links", "lima-quito", {document("Lima – Quito", "a link")});
    put("cases", "7", {document("Lima is slow", "")});
    put("sites", "lima-norte", {document("Lima Norte")});
    put("sites", "lima", {document("Lima")});
    put("articles", "windows", {document("Windows", "Lima once")});
    EXPECT_THAT(ids("lima"), ElementsAre("lima", "lima-norte", "lima-quito", "7", "windows"));
    put("articles", "dense", {document("Dense", "mtu mtu mtu and mtu")});
    put("articles", "thin", {document("Thin", "mtu and many other words that stand around it here")});
    EXPECT_THAT(ids("mtu"), ElementsAre("dense", "thin"));
}

TEST_P(SearchIndex, SideBySideAndAddresses) {
    put("prefixes", "10-1-0-0--16", {document("10.1.0.0/16")});
    put("prefixes", "10-0-1-0--24", {document("10.0.1.0/24")});
    EXPECT_THAT(ids("10.1"), ElementsAre("10-1-0-0--16"));
    EXPECT_THAT(ids("10.0.1"), ElementsAre("10-0-1-0--24"));
    const auto named = index_->find({.typed = "10.1.2.3", .named = {{"prefixes", "10-1-0-0--16"}}}, kEverybody);
    ASSERT_TRUE(named);
    ASSERT_EQ(named->size(), 1U);
    EXPECT_EQ(named->front().name, "10.1.0.0/16");
}

TEST_P(SearchIndex, KindsAreChosenAndTheJournalIsAskedForByName) {
    put("sites", "lima", {document("Lima")});
    put("as_numbers", "as1", {document("Lima AS")});
    put("journal", "1", {document("LinkDown lima")});
    EXPECT_THAT(ids("lima"), ElementsAre("lima", "as1"));
    EXPECT_THAT(ids("lima", kHouse, {"as_numbers"}), ElementsAre("as1"));
    EXPECT_THAT(ids("lima", kHouse, {"journal"}), ElementsAre("1"));
}

TEST_P(SearchIndex, WhatOneMayNotSeeIsNotThere) {
    put("cases", "1", {document("slow copy", "everybody", {kPublic})});
    put("cases", "2", {document("slow copy", "members of reuna", {members_of("reuna"), team_of("reuna")})});
    put("cases", "3", {document("slow copy", "team of rnp", {team_of("rnp")})});
    put("cases", "4", {document("slow copy", "of one who watches", {team_of("rnp"), Rule::only("person:ana")})});
    put("cases", "5", {document("slow copy", "nobody's", {})});
    EXPECT_THAT(ids("slow", kEverybody), ElementsAre("1"));
    EXPECT_THAT(ids("slow", caller({{Permission::see_members, "reuna"}})), UnorderedElementsAre("1", "2"));
    EXPECT_THAT(ids("slow", caller({{Permission::see_members, "rnp"}})), ElementsAre("1"));
    EXPECT_THAT(ids("slow", caller({{Permission::work_cases, "rnp"}})), UnorderedElementsAre("1", "3", "4"));
    EXPECT_THAT(ids("slow", caller({{Permission::work_cases, "*"}})), UnorderedElementsAre("1", "2", "3", "4"));
    EXPECT_THAT(ids("slow", caller({}, "person:ana")), UnorderedElementsAre("1", "4"));
    EXPECT_THAT(ids("watches", caller({}, "person:eva")), IsEmpty());
    const auto named = index_->find({.typed = "x", .named = {{"cases", "3"}}}, kEverybody);
    EXPECT_THAT(*named, IsEmpty()) << "not even by its number";
}

TEST_P(SearchIndex, AnInnerCircleSeesMoreOfTheSameObject) {
    put("cases", "9",
        {document("slow copy", "outer words", {members_of("reuna")}),
         document("slow copy", "outer words and a secret", {team_of("reuna")})});
    EXPECT_THAT(ids("secret", caller({{Permission::see_members, "reuna"}})), IsEmpty());
    EXPECT_THAT(ids("secret outer", caller({{Permission::work_cases, "reuna"}})), ElementsAre("9"));
    EXPECT_THAT(ids("copy", caller({{Permission::work_cases, "reuna"}, {Permission::see_members, "reuna"}})),
                ElementsAre("9"))
        << "once";
}

TEST_P(SearchIndex, ManyThatOneMayNotSeeDoNotHideTheFewThatOneMay) {
    std::vector<Indexed> all;
    for (int i = 0; i < 3000; ++i)
        all.push_back({{"cases", fmt::format("{}", i)}, {document("slow copy", "", {team_of("rnp")})}});
    all[7].documents[0].readers = {members_of("reuna")};
    ASSERT_TRUE(index_->put(all, 3000));
    EXPECT_THAT(ids("slow", caller({{Permission::see_members, "reuna"}})), ElementsAre("7"));
    EXPECT_EQ(ids("slow").size(), kMostCandidates);
    EXPECT_EQ(ids("slow").front(), "2999") << "the newest";
}

TEST_P(SearchIndex, ATeamOfManyOrganisationsSeesTheirsAlone) {
    std::vector<Indexed> all;
    for (int i = 0; i < 60; ++i)
        all.push_back(
            {{"cases", fmt::format("{}", i)}, {document("slow copy", "", {team_of(fmt::format("org-{}", i))})}});
    ASSERT_TRUE(index_->put(all, 60));
    Holder::Held held;
    std::vector<std::string> theirs;
    for (int i = 0; i < 40; ++i) {
        held.emplace_back(Permission::work_cases, fmt::format("org-{}", i));
        theirs.push_back(fmt::format("{}", i));
    }
    EXPECT_THAT(ids("slow", caller(held)), testing::UnorderedElementsAreArray(theirs));
    EXPECT_THAT(ids("slow", caller({held.begin(), held.begin() + 3})), UnorderedElementsAre("0", "1", "2"));
}

TEST_P(SearchIndex, ATeamOfManyOrganisationsFindsWhatIsFarBehind) {
    std::vector<Indexed> all;
    Holder::Held held;
    for (int i = 0; i < 40; ++i) {
        held.emplace_back(Permission::work_cases, fmt::format("org-{}", i));
        all.push_back(
            {{"cases", fmt::format("{}", i)}, {document("slow copy", "", {team_of(fmt::format("org-{}", i))})}});
    }
    for (int i = 40; i < 4500; ++i)
        all.push_back({{"cases", fmt::format("{}", i)}, {document("slow copy", "", {team_of("rnp")})}});
    ASSERT_TRUE(index_->put(all, 4500));
    const auto found = ids("slow", caller(held));
    EXPECT_EQ(found.size(), 40U);
    EXPECT_EQ(found.front(), "39") << "the newest";
}

TEST_P(SearchIndex, ObjectsChangeAndGo) {
    put("sites", "lima", {document("Lima", "capital")});
    put("sites", "lima", {document("Callao", "harbour")});
    EXPECT_THAT(ids("capital"), IsEmpty());
    EXPECT_THAT(ids("harbour"), ElementsAre("lima"));
    put("sites", "lima", {document("Callao"), document("Callao", "two"), document("Callao", "three")});
    EXPECT_THAT(ids("callao"), ElementsAre("lima"));
    put("sites", "lima", {});
    EXPECT_THAT(ids("callao"), IsEmpty());
    EXPECT_THAT(ids("lima"), IsEmpty());
    EXPECT_THAT(*index_->objects_of("sites"), IsEmpty());
}

TEST_P(SearchIndex, KeepsItsPositionAndItsContent) {
    EXPECT_EQ(*index_->position(), -1);
    const std::vector<Indexed> all{{{"sites", "lima"}, {document("Lima")}}};
    ASSERT_TRUE(index_->put(all, 12));
    reopen();
    EXPECT_EQ(*index_->position(), 12);
    EXPECT_THAT(ids("lima"), ElementsAre("lima"));
    ASSERT_TRUE(index_->clear());
    EXPECT_EQ(*index_->position(), -1);
    EXPECT_THAT(ids("lima"), IsEmpty());
}

TEST_P(SearchIndex, PrefersTheReadersLanguage) {
    Document es = document("Ventanas TCP", "la ventana");
    es.language = "es";
    Document en = document("TCP windows", "the window");
    en.language = "en";
    put("articles", "tcp", {es, en});
    const auto found = index_->find({.typed = "tcp", .language = "en"}, kEverybody);
    ASSERT_EQ(found->size(), 1U);
    EXPECT_EQ(found->front().name, "TCP windows");
    EXPECT_EQ(index_->find({.typed = "ventana", .language = "en"}, kEverybody)->front().name, "Ventanas TCP");
}

TEST_P(SearchIndex, ShowsHitsInTheNameAndTheBestPassage) {
    put("articles", "mtu",
        {document("Agujeros negros de MTU",
                  "Primero nada. " + std::string(500, '.') + " El agujero está en el túnel <b>& co</b>.")});
    auto found = index_->find({.typed = "agujero túnel"}, kEverybody);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 1U);
    ASSERT_TRUE(index_->show(*found, "agujero túnel"));
    EXPECT_EQ(found->front().name_pieces[0].text, "Agujeros");
    EXPECT_TRUE(found->front().name_pieces[0].hit);
    std::string shown;
    for (const Piece& piece : found->front().excerpt)
        shown += piece.hit ? "[" + piece.text + "]" : piece.text;
    EXPECT_THAT(shown, testing::HasSubstr("El [agujero] está en el [túnel] <b>& co</b>."));
    EXPECT_LT(shown.size(), 400U);
}

/// Whatever is typed: an answer, and on both databases the same.
TEST_P(SearchIndex, NothingTypedIsAnError) {
    put("sites", "lima", {document("Lima's \"AND\" (site) NEAR: * ^ -x", "a&b|c!d:* <-> 'q' \\ %_ $1 ; --")});
    static constexpr std::string_view kPieces[] = {
        "lima", "\"",   "'",   "(",       ")",          "*",          "^", "-",  ":",
        "AND",  "OR",   "NOT", "NEAR(",   "name_words", "marks : r1", "k", "&",  "|",
        "!",    "<->",  "\\",  "%",       "_",          "$1",         ";", "--", " ",
        "\xFF", "\xC3", "é",   "{",       "}",          "+",          ",", "\n", "'); DROP TABLE search_documents; --",
        "a",    "≠",    "😀",  "\xCC\x81"};
    Rng rng(5);
    for (int round = 0; round < 400; ++round) {
        std::string typed;
        for (std::uint64_t i = rng.below(9); i > 0; --i)
            typed += kPieces[rng.below(std::size(kPieces))];
        const auto found = index_->find({.typed = typed}, round % 2 == 0 ? kHouse : kEverybody);
        EXPECT_TRUE(found) << typed << ": " << found.error().text();
    }
    EXPECT_THAT(ids("lima"), ElementsAre("lima"));
    EXPECT_THAT(ids(std::string(10'000, 'x')), IsEmpty());
}

/// Both databases and a search by hand through everything give the same.
TEST_P(SearchIndex, FindsExactlyWhatIsThere) {
    static constexpr std::string_view kWords[] = {"lima", "limache", "quito", "são", "saopaulo",
                                                  "mtu",  "10",      "1",     "rota"};
    Rng rng(11);
    std::vector<Indexed> all;
    for (int i = 0; i < 200; ++i) {
        std::string name;
        std::string text;
        for (std::uint64_t n = 1 + rng.below(3); n > 0; --n)
            name += std::string(kWords[rng.below(std::size(kWords))]) + " ";
        for (std::uint64_t n = rng.below(6); n > 0; --n)
            text += std::string(kWords[rng.below(std::size(kWords))]) + (rng.below(2) == 0 ? " " : ".");
        all.push_back({{"sites", fmt::format("x{}", i)}, {document(name, text)}});
    }
    ASSERT_TRUE(index_->put(all, std::nullopt));
    for (const std::string_view typed :
         {"lima", "lim", "quito lima", "são paulo", "sao", "10.1", "\"10 1\"", "mtu -lima", "\"lima\" quito",
          "rota mtu", "-quito sao", "lima -\"quito mtu\"", "\"rota mtu 10\"", "mtu-lim"}) {
        const Terms terms = parse_terms(typed);
        std::vector<std::string> expected;
        for (const Indexed& each : all) {
            const Document& document = each.documents[0];
            const auto name = index_words(document.name + " " + each.object.id, 1000);
            const auto words = index_words(document.name + " " + each.object.id + " " + document.text, 1000);
            const auto holds = [](const std::vector<std::string>& in, const Term& term, std::size_t shortest) {
                for (std::size_t at = 0; at + term.words.size() <= in.size(); ++at) {
                    bool here = true;
                    for (std::size_t i = 0; i < term.words.size(); ++i) {
                        const bool begin =
                            term.prefix && i + 1 == term.words.size() && term.words[i].size() >= shortest;
                        here = here && (begin ? in[at + i].starts_with(term.words[i]) : in[at + i] == term.words[i]);
                    }
                    if (here) return true;
                }
                return false;
            };
            const auto in_name = [&](const Term& term) { return holds(name, term, 1); };
            const auto anywhere = [&](const Term& term) { return holds(words, term, kShortestBeginning); };
            if ((std::ranges::all_of(terms.wanted, in_name) || std::ranges::all_of(terms.wanted, anywhere)) &&
                std::ranges::none_of(terms.unwanted, anywhere))
                expected.push_back(each.object.id);
        }
        EXPECT_THAT(ids(typed), testing::UnorderedElementsAreArray(expected)) << typed;
    }
}

}  // namespace
}  // namespace quipu::search
