#include "registry/exchange.h"

#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <sstream>

#include "base/random.h"
#include "registry/csv.h"
#include "registry/graphml.h"
#include "registry/object.h"
#include "registry/test_registry.h"
#include "registry/topology_zoo.h"

namespace quipu::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// ---- CSV

TEST(Csv, IsReadStrictly) {
    const auto rows = parse_csv("\xEF\xBB\xBFid,name\r\nx,\"a \"\"b\"\",\nc\"\n\n,\n", "t.csv");
    ASSERT_TRUE(rows) << rows.error().text();
    ASSERT_EQ(rows->size(), 3U);
    EXPECT_THAT((*rows)[1].cells, ElementsAre("x", "a \"b\",\nc"));
    EXPECT_EQ((*rows)[2].line, 5U);
    EXPECT_THAT((*rows)[2].cells, ElementsAre("", ""));
    const std::pair<std::string_view, std::string_view> wrong[] = {
        {"a,b\n1\n", "t.csv:2: has 1 cells, the first row has 2"},
        {"a\n\"b\n\n", "t.csv:2: opens a quote that is never closed"},
        {"a\nb\"c\n", "t.csv:2: has a quote within a cell that is not quoted"},
        {"a\n\"b\"c\n", "t.csv:2: has text after a closing quote"},
        {"a\rb\n", "t.csv:1: has a carriage return that ends no line"},
    };
    for (const auto& [text, message] : wrong)
        EXPECT_EQ(parse_csv(text, "t.csv").error().text(), message);
    EXPECT_FALSE(parse_csv(std::string(200, ','), "t.csv"));
}

TEST_F(RegistryTest, CsvFaultsNameLineAndField) {
    ChangeSet set;
    set.source = "sites.csv";
    set.changes = *read_registry(Format::csv,
                                 "id,name,latitude,longitude,pop\nlima,Lima,north,-77,true\nquito,Quito,0,-78.5,yes\n",
                                 "sites.csv", Kind::sites);
    const std::string text = registry_->apply(set).error().text();
    EXPECT_THAT(text, HasSubstr("sites.csv:2 sites[lima].latitude: expected a number"));
    EXPECT_THAT(text, HasSubstr("sites.csv:3 sites[quito].pop: expected true or false"));
    EXPECT_THAT(read_registry(Format::csv, "id,name\n", "x.csv", {}).error().text(),
                HasSubstr("neither its name nor the request says which"));
    EXPECT_THAT(read_registry(Format::csv, "id,id\n", "x.csv", Kind::sites).error().text(),
                HasSubstr("the column \"id\" is there twice"));
    EXPECT_EQ(kind_of_file("a/b/telephone_prefixes-2011.csv"), Kind::telephone_prefixes);
    EXPECT_EQ(format_of_file("net.graphml"), Format::graphml);
}

// ---- GraphML

std::string file_text(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(Graphml, BecomesSitesAndLinks) {
    const auto changes = read_registry(
        Format::graphml, file_text(QUIPU_SOURCE_DIR "/src/registry/corpus/graphml/small.graphml"), "small.graphml", {});
    ASSERT_TRUE(changes) << changes.error().text();
    ASSERT_EQ(changes->size(), 6U);
    const auto text = [&](std::size_t i, std::string_view field) {
        const Value* value = (*changes)[i].object.find(field);
        return value == nullptr ? "absent" : value->if_string() != nullptr ? *value->if_string() : to_json(*value);
    };
    EXPECT_EQ(text(0, "id"), "andes-sao-paulo");
    EXPECT_EQ(text(0, "name"), "São Paulo");
    EXPECT_EQ(text(0, "country"), "BR");
    EXPECT_EQ(text(0, "pop"), "true");
    EXPECT_EQ(text(1, "id"), "andes-node-1");
    EXPECT_EQ(text(1, "name"), "Node 1") << "None is no name";
    EXPECT_EQ(text(1, "pop"), "false");
    EXPECT_EQ(text(1, "latitude"), "absent");
    EXPECT_EQ(text(2, "id"), "andes-sao-paulo-2") << "made unique";
    EXPECT_EQ(text(3, "capacity"), "2500000000");
    EXPECT_EQ(text(3, "activated"), "2010-08-01");
    EXPECT_EQ(text(4, "capacity"), "4311040000");
    EXPECT_EQ(text(5, "id"), "andes-sao-paulo-sao-paulo-2");
    EXPECT_EQ(text(5, "capacity"), "1000000000");
    EXPECT_THAT(text(5, "note"), HasSubstr("capacity unknown"));
}

TEST_F(RegistryTest, GraphmlIsTakenIn) {
    ChangeSet set;
    set.source = "small.graphml";
    set.changes = *read_registry(
        Format::graphml, file_text(QUIPU_SOURCE_DIR "/src/registry/corpus/graphml/small.graphml"), set.source, {});
    const auto done = registry_->apply(set);
    ASSERT_TRUE(done) << done.error().text();
    EXPECT_EQ(registry_->now()->links_in_service().size(), 3U);
}

TEST(Graphml, RefusesWhatIsUnsafeOrBroken) {
    const std::pair<std::string_view, std::string_view> wrong[] = {
        {"<!DOCTYPE graphml [<!ENTITY a \"b\">]><graphml/>", "declares a document type"},
        {"<graphml><graph><node id=\"0\"/><edge source=\"0\" target=\"9\"/></graph></graphml>", "leads to node \"9\""},
        {"<graphml>\n<graph>\n<node id=\"0\">\n<data key=\"zz\">x</data>", "x.graphml:4: uses the key \"zz\""},
        {"<graphml><graph><node id=\"0\"/><node id=\"0\"/></graph></graphml>", "is there twice"},
        {"<graphml><graph><node/></graph></graphml>", "has no id"},
        {"<graphml><graph><graph/></graph></graphml>", "a graph within a graph"},
        {"<graphml><graph><hyperedge/></graph></graphml>", "hyperedges"},
        {"<graphml/>", "holds no <graph>"},
        {"<graphml><graph><node id=\"0\"></graph>", "x.graphml:1"},
        {"", "x.graphml"},
        {"{}", "x.graphml"},
    };
    for (const auto& [text, message] : wrong)
        EXPECT_THAT(parse_graphml(text, "x.graphml").error().text(), HasSubstr(std::string(message))) << text;
}

TEST(Bandwidth, IsFoundInLabels) {
    const auto bits = [](std::string_view label) {
        const auto found = bandwidth_in(label);
        return found ? found->bits_per_second : -1;
    };
    EXPECT_EQ(bits("Conexion G-REUNA 1 Gbps"), 1'000'000'000);
    EXPECT_EQ(bits("24 Mb/s"), 24'000'000);
    EXPECT_EQ(bits("OC-192c"), 9'953'280'000);
    EXPECT_EQ(bits("STM-4"), 622'080'000);
    EXPECT_EQ(bits("4x1 Gbps + 2x STM-1"), 4'311'040'000);
    EXPECT_EQ(bits("10GE"), 10'000'000'000);
    EXPECT_EQ(bits("2 x 10Gbps"), 20'000'000'000);
    EXPECT_EQ(bits("Lit Fibre"), -1);
    EXPECT_EQ(bits("route 66"), -1);
    EXPECT_EQ(bits(""), -1);
    EXPECT_EQ(bits("999999999999999999999999 Tbps"), -1);
}

// ---- what is written is read the same

/// Text with what upsets careless writers: quotes, commas, line ends, letters beyond ASCII.
std::string any_text(Rng& rng) {
    constexpr std::string_view pieces[] = {"a",  "Z",  " ", ",", "\"", "'", "\n", "\r\n", "é",   "ñ",
                                           "東", "\\", "#", "=", "[",  "{", "0",  "\t",   "]]>", "&"};
    std::string out = "x";
    for (std::uint64_t n = rng.below(12); n > 0; --n)
        out += pieces[rng.below(std::size(pieces))];
    return out;
}

void add_any_network(Rng& rng, ChangeSet& set) {
    const auto add = [&](Kind kind, Value object) { set.changes.push_back({kind, {}, std::move(object), {}, 0}); };
    const auto object = [](std::string id) {
        Value out{Value::Object{}};
        out.set("id", Value(std::move(id)));
        return out;
    };
    const auto maybe = [&](Value& to, std::string_view field, Value value) {
        if (rng.below(2) == 0) to.set(field, std::move(value));
    };
    const std::size_t count = 1 + rng.below(8);
    for (std::size_t i = 0; i < count; ++i) {
        Value o = object(fmt::format("o{}", i));
        o.set("name", Value(any_text(rng)));
        o.set("type", Value(i == 0 ? "regional" : "nren"));
        if (i > 0) maybe(o, "parent", Value(fmt::format("o{}", rng.below(i))));
        maybe(o, "full_name", Value(any_text(rng)));
        maybe(o, "country", Value("UY"));
        maybe(o, "since", Value("2004-09-01"));
        add(Kind::organisations, std::move(o));
        Value p = object(fmt::format("p{}", i));
        p.set("name", Value(any_text(rng)));
        for (std::uint64_t n = rng.below(3); n > 0; --n) {
            Value role{Value::Object{}};
            role.set("organisation", Value(fmt::format("o{}", rng.below(count))));
            role.set("role", Value("noc"));
            Value roles = p.find("roles") == nullptr ? Value() : *p.find("roles");
            roles.push(std::move(role));
            p.set("roles", std::move(roles));
        }
        if (rng.below(2) == 0) {
            Value contact{Value::Object{}};
            contact.set("kind", Value("chat"));
            contact.set("value", Value(any_text(rng)));
            contact.set("visibility", Value(rng.below(2) == 0 ? "private" : "public"));
            Value contacts;
            contacts.push(std::move(contact));
            p.set("contacts", std::move(contacts));
        }
        add(Kind::people, std::move(p));
        Value s = object(fmt::format("s{}", i));
        s.set("name", Value(any_text(rng)));
        s.set("pop", Value(rng.below(2) == 0));
        if (rng.below(2) == 0) {
            s.set("latitude", Value(static_cast<double>(rng.below(1800)) / 10 - 90));
            s.set("longitude", Value(static_cast<double>(rng.below(3600)) / 10 - 180));
        }
        add(Kind::sites, std::move(s));
        if (i > 0) {
            Value l = object(fmt::format("l{}", i));
            l.set("a", Value(fmt::format("s{}", rng.below(i))));
            l.set("b", Value(fmt::format("s{}", i)));
            l.set("capacity", Value(static_cast<std::int64_t>(1 + rng.below(1'000'000'000'000))));
            maybe(l, "length", Value(static_cast<double>(rng.below(1'000'000)) / 3));
            maybe(l, "cost_per_month", Value(static_cast<double>(rng.below(100'000)) / 7));
            maybe(l, "medium", Value("submarine"));
            maybe(l, "note", Value(any_text(rng)));
            maybe(l, "activated", Value("2011-07-06"));
            add(Kind::links, std::move(l));
        }
        Value number = object(fmt::format("as{}", 64496 + i));
        number.set("value", Value(fmt::to_string(64496 + i)));
        number.set("organisation", Value(fmt::format("o{}", i)));
        add(Kind::as_numbers, std::move(number));
    }
}

TEST_F(RegistryTest, ExportOfAnImportIsTheSame) {
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        Rng rng(seed);
        RegistryTest::open("sqlite:" + (folder_ / fmt::format("a{}.db", seed)));
        ChangeSet set;
        add_any_network(rng, set);
        const auto first = registry_->apply(set);
        ASSERT_TRUE(first) << first.error().text();
        const auto original = registry_->everything();
        const ExportOptions all{{}, Visibility::private_};
        const std::string wanted = *write_registry(Format::json, *original, all);

        std::vector<std::vector<Change>> ways;
        for (const Format format : {Format::toml, Format::json}) {
            const auto text = write_registry(format, *original, all);
            ASSERT_TRUE(text);
            const auto changes = read_registry(format, *text, "again", {});
            ASSERT_TRUE(changes) << changes.error().text() << "\n" << *text;
            ways.push_back(*changes);
        }
        ways.emplace_back();
        for (const Kind kind : kKinds) {
            const auto text = write_registry(Format::csv, *original, {kind, Visibility::private_});
            ASSERT_TRUE(text);
            const auto changes = read_registry(Format::csv, *text, "again.csv", kind);
            ASSERT_TRUE(changes) << changes.error().text() << "\n" << *text;
            ways.back().insert(ways.back().end(), changes->begin(), changes->end());
        }
        int number = 0;
        for (const auto& way : ways) {
            RegistryTest::open("sqlite:" + (folder_ / fmt::format("b{}-{}.db", seed, number++)));
            ChangeSet again;
            again.changes = way;
            const auto done = registry_->apply(again);
            ASSERT_TRUE(done) << done.error().text();
            EXPECT_EQ(*write_registry(Format::json, *registry_->everything(), all), wanted)
                << "seed " << seed << ", way " << number;
        }
    }
}

}  // namespace
}  // namespace quipu::registry
