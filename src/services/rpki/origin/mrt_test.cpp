#include "services/rpki/origin/mrt.h"

#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>
#include <unistd.h>

namespace quipu::rpki {
namespace {

const std::string kMrtCorpus = QUIPU_SOURCE_DIR "/src/services/rpki/origin/corpus/mrt/";

std::string text_of_route(const MrtRoute& route) {
    constexpr std::string_view kKinds = "BAW";
    const std::string origin = route.route.origin ? fmt::format(" AS{}", *route.route.origin) : "";
    return fmt::format("{} {} AS{} {}{}", kKinds[static_cast<std::size_t>(route.kind)], route.peer.text(),
                       route.peer_as, route.route.prefix.text(), origin);
}

struct Heard {
    std::vector<std::string> routes;
    MrtReader::Counts counts;
    std::string error;
};
Heard hear(ByteSpan octets, std::size_t piece = std::size_t{1} << 20U) {
    Heard out;
    MrtReader reader([&](const MrtRoute& route) { out.routes.push_back(text_of_route(route)); });
    Result<void> done;
    for (std::size_t at = 0; done && at < octets.size(); at += piece)
        done = reader.feed(octets.subspan(at, std::min(piece, octets.size() - at)));
    if (done) done = reader.finish();
    if (!done) out.error = done.error().text();
    out.counts = reader.counts();
    return out;
}

std::vector<std::uint8_t> octets_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// One record: its body is written by `body`.
std::vector<std::uint8_t> record(std::uint16_t type, std::uint16_t subtype,
                                 const std::function<void(ByteWriter&)>& body) {
    ByteWriter inner;
    body(inner);
    ByteWriter out;
    out.u32(1'700'000'000);
    out.u16(type);
    out.u16(subtype);
    out.u32(static_cast<std::uint32_t>(inner.size()));
    out.bytes(inner.span());
    return out.take();
}
void attribute(ByteWriter& out, std::uint8_t type, const std::function<void(ByteWriter&)>& value) {
    ByteWriter inner;
    value(inner);
    out.u8(0x40);
    out.u8(type);
    out.u8(static_cast<std::uint8_t>(inner.size()));
    out.bytes(inner.span());
}
void segment2(ByteWriter& out, std::uint8_t type, std::initializer_list<std::uint16_t> list) {
    out.u8(type);
    out.u8(static_cast<std::uint8_t>(list.size()));
    for (const std::uint16_t as : list)
        out.u16(as);
}
void segment4(ByteWriter& out, std::uint8_t type, std::initializer_list<std::uint32_t> list) {
    out.u8(type);
    out.u8(static_cast<std::uint8_t>(list.size()));
    for (const std::uint32_t as : list)
        out.u32(as);
}
std::optional<Asn> origin(bool four_octets, const std::function<void(ByteWriter&)>& attributes) {
    ByteWriter out;
    attributes(out);
    std::optional<Asn> found;
    EXPECT_TRUE(origin_of(ByteReader(out.span()), four_octets, 64999, found));
    return found;
}

TEST(MrtOrigin, IsThatOfRfc6811) {
    EXPECT_EQ(
        origin(true, [](ByteWriter& w) { attribute(w, 2, [](ByteWriter& v) { segment4(v, 2, {1, 4200000001}); }); }),
        4200000001U);
    EXPECT_EQ(origin(true,
                     [](ByteWriter& w) {
                         attribute(w, 2, [](ByteWriter& v) { segment4(v, 2, {1, 2}), segment4(v, 1, {3}); });
                     }),
              std::nullopt);
    EXPECT_EQ(origin(true,
                     [](ByteWriter& w) {
                         attribute(w, 2, [](ByteWriter& v) { segment4(v, 1, {1, 2}), segment4(v, 2, {3}); });
                     }),
              3U);
    EXPECT_EQ(origin(true, [](ByteWriter& w) { attribute(w, 2, [](ByteWriter&) {}); }), 64999U);
    EXPECT_EQ(origin(true, [](ByteWriter& w) { attribute(w, 2, [](ByteWriter& v) { segment4(v, 3, {65001}); }); }),
              64999U);
}

TEST(MrtOrigin, TakesAs4PathAsRfc6793Says) {
    const auto as_path = [](ByteWriter& w) {
        attribute(w, 2, [](ByteWriter& v) { segment2(v, 2, {1, 23456, 23456}); });
    };
    const auto as4_path = [](ByteWriter& w) {
        attribute(w, 17, [](ByteWriter& v) { segment4(v, 2, {4200000001, 4200000002}); });
    };
    EXPECT_EQ(origin(false, [&](ByteWriter& w) { as_path(w), as4_path(w); }), 4200000002U);
    // Longer than AS_PATH: an old speaker has changed the path.
    EXPECT_EQ(
        origin(false, [&](ByteWriter& w) { attribute(w, 2, [](ByteWriter& v) { segment2(v, 2, {7}); }), as4_path(w); }),
        7U);
    // Aggregated by an old speaker.
    EXPECT_EQ(origin(false,
                     [&](ByteWriter& w) {
                         as_path(w), as4_path(w), attribute(w, 7, [](ByteWriter& v) { v.u16(5), v.u32(1); });
                     }),
              23456U);
    EXPECT_EQ(origin(false,
                     [&](ByteWriter& w) {
                         as_path(w), as4_path(w), attribute(w, 7, [](ByteWriter& v) { v.u16(23456), v.u32(1); });
                     }),
              4200000002U);
    // Where AS numbers have four octets anyway it means nothing.
    EXPECT_EQ(
        origin(true,
               [&](ByteWriter& w) { attribute(w, 2, [](ByteWriter& v) { segment4(v, 2, {9, 8}); }), as4_path(w); }),
        8U);
}

TEST(Mrt, ReadsTheFirstTableDump) {
    const auto dump = record(12, 1, [](ByteWriter& w) {
        w.u16(0), w.u16(1), w.u32(0xC0000200), w.u8(24), w.u8(1), w.u32(5), w.u32(0x0A000001), w.u16(64500);
        ByteWriter attributes;
        attribute(attributes, 2, [](ByteWriter& v) { segment2(v, 2, {64500, 64501}); });
        w.u16(static_cast<std::uint16_t>(attributes.size()));
        w.bytes(attributes.span());
    });
    EXPECT_EQ(hear(dump).routes, std::vector<std::string>{"B 10.0.0.1 AS64500 192.0.2.0/24 AS64501"});
}

/// An update with a path identifier before each prefix, in BGP4MP_ET.
std::vector<std::uint8_t> update_with_paths() {
    return record(17, 9, [](ByteWriter& w) {
        w.u32(123456);  // microseconds
        w.u32(4200000001), w.u32(64500), w.u16(0), w.u16(1), w.u32(0x0A000001), w.u32(0x0A000002);
        ByteWriter update;
        update.u16(8);
        update.u32(7), update.u8(24), update.u8(203), update.u8(0), update.u8(113);
        ByteWriter attributes;
        attribute(attributes, 2, [](ByteWriter& v) { segment4(v, 2, {4200000001, 65001}); });
        attribute(attributes, 14, [](ByteWriter& v) {
            v.u16(2), v.u8(1), v.u8(16), v.zeros(16), v.u8(0);
            v.u32(9), v.u8(32), v.u32(0x20010DB8);
        });
        update.u16(static_cast<std::uint16_t>(attributes.size()));
        update.bytes(attributes.span());
        update.u32(8), update.u8(16), update.u8(10), update.u8(9);
        for (int i = 0; i < 16; ++i)
            w.u8(0xFF);
        w.u16(static_cast<std::uint16_t>(19 + update.size()));
        w.u8(2);
        w.bytes(update.span());
    });
}

TEST(Mrt, ReadsUpdatesWithAdditionalPaths) {
    EXPECT_EQ(hear(update_with_paths()).routes,
              (std::vector<std::string>{"W 10.0.0.1 AS4200000001 203.0.113.0/24",
                                        "A 10.0.0.1 AS4200000001 10.9.0.0/16 AS65001",
                                        "A 10.0.0.1 AS4200000001 2001:db8::/32 AS65001"}));
}

TEST(Mrt, LeavesOutWhatIsMalformedAndGoesOn) {
    auto broken = update_with_paths();
    broken[broken.size() - 3] = 33;  // the last prefix's length
    const auto good = update_with_paths();
    std::vector<std::uint8_t> both = broken;
    both.insert(both.end(), good.begin(), good.end());
    const auto odd = record(48, 1, [](ByteWriter& w) { w.zeros(9); });  // OSPFv3
    both.insert(both.end(), odd.begin(), odd.end());
    const Heard heard = hear(both);
    EXPECT_EQ(heard.routes.size(), 3U);
    EXPECT_EQ(heard.counts.malformed, 1U);
    EXPECT_EQ(heard.counts.ignored, 1U);
    EXPECT_EQ(heard.counts.records, 3U);
    EXPECT_EQ(heard.counts.first_malformed, "octet 0: an announced prefix is malformed");
}

TEST(Mrt, EverySplitReadsTheSame) {
    const auto octets = octets_of(kMrtCorpus + "bird-updates.mrt");
    const Heard whole = hear(octets);
    EXPECT_GT(whole.routes.size(), 9U);
    for (const std::size_t piece : {1U, 2U, 5U, 11U, 12U, 13U, 64U, 1000U})
        EXPECT_EQ(hear(octets, piece).routes, whole.routes) << piece;
}

TEST(Mrt, SaysWhatIsWrongWithAFile) {
    const auto octets = octets_of(kMrtCorpus + "frr-table.mrt");
    EXPECT_EQ(hear(ByteSpan(octets).first(octets.size() - 1)).error.find("the file ends within the record at octet "),
              0U);
    const std::string page = "<html><body>404 Not Found</body></html>";
    EXPECT_EQ(hear(as_bytes(page)).error, "this is not an MRT file: its first record has type 27710");
    auto huge = record(13, 1, [](ByteWriter& w) { w.zeros(8); });
    huge[8] = 0x7F;
    EXPECT_THAT(hear(huge).error, testing::HasSubstr("the file is damaged there"));
}

TEST(Mrt, ReadsFilesPlainAndCompressed) {
    const auto heard = [](const std::string& path) {
        std::vector<std::string> routes;
        const auto counts = read_mrt_file(path, [&](const MrtRoute& route) { routes.push_back(text_of_route(route)); });
        EXPECT_TRUE(counts) << counts.error().text();
        return routes;
    };
    EXPECT_EQ(heard(kMrtCorpus + "frr-table.mrt.gz"), heard(kMrtCorpus + "frr-table.mrt"));
    EXPECT_EQ(heard(kMrtCorpus + "bird-table4.mrt.bz2"), heard(kMrtCorpus + "bird-table4.mrt"));
    const auto all = heard(kMrtCorpus + "frr-table.mrt");
    EXPECT_THAT(all, testing::Contains("B 10.255.0.1 AS64500 203.0.113.0/24"));  // {65002,65003}
    EXPECT_THAT(all, testing::Contains("B 10.255.0.1 AS64500 192.0.2.0/25 AS4200000099"));
    EXPECT_THAT(all, testing::Contains("B fd00::1 AS64500 2001:db8::/32 AS65009"));
    EXPECT_EQ(read_mrt_file("/nowhere/x.mrt", [](const MrtRoute&) {}).error().where, "/nowhere/x.mrt");
}

TEST(Mrt, DecompressesSeveralMembersWithinABound) {
    const auto packed = octets_of(kMrtCorpus + "frr-table.mrt.gz");
    const auto plain = octets_of(kMrtCorpus + "frr-table.mrt");
    std::vector<std::uint8_t> twice = packed;
    twice.insert(twice.end(), packed.begin(), packed.end());
    std::size_t got = 0;
    Decompressor two([&](ByteSpan piece) -> Result<void> {
        got += piece.size();
        return {};
    });
    for (const std::uint8_t octet : twice)
        ASSERT_TRUE(two.feed(ByteSpan(&octet, 1)));
    EXPECT_TRUE(two.finish());
    EXPECT_EQ(got, 2 * plain.size());

    Decompressor bounded([](ByteSpan) -> Result<void> { return {}; }, 100);
    EXPECT_EQ(bounded.feed(packed).error().code, ErrorCode::too_large);
    Decompressor cut([](ByteSpan) -> Result<void> { return {}; });
    ASSERT_TRUE(cut.feed(ByteSpan(packed).first(packed.size() - 9)));
    EXPECT_EQ(cut.finish().error().what, "the compressed file ends too early");
    auto damaged = packed;
    damaged[packed.size() / 2] ^= 0xFFU;
    Decompressor of_damaged([](ByteSpan) -> Result<void> { return {}; });
    const auto fed = of_damaged.feed(damaged);
    EXPECT_FALSE(fed && of_damaged.finish());
}

TEST(Mrt, GathersEachRouteOnce) {
    RouteGatherer gatherer;
    const net::Prefix prefix = *net::Prefix::parse("10.0.0.0/8");
    for (int peer = 0; peer < 40; ++peer)
        gatherer.add({prefix, static_cast<Asn>(1 + peer % 2)});
    gatherer.add({*net::Prefix::parse("9.0.0.0/8"), 5});
    gatherer.add({prefix, 1});
    EXPECT_EQ(gatherer.take(), (std::vector<Route>{{*net::Prefix::parse("9.0.0.0/8"), 5}, {prefix, 1}, {prefix, 2}}));
}

/// The fields of bgpdump's line that we read as well.
std::string bgpdump_route(const std::string& line) {
    std::vector<std::string> field;
    std::istringstream in(line.substr(0, line.find('\n')));
    for (std::string one; std::getline(in, one, '|');)
        field.push_back(one);
    if (field.size() < 6 || (field[2] != "A" && field[2] != "B" && field[2] != "W")) return {};
    std::string out = fmt::format("{} {} AS{} {}", field[2], field[3], field[4], field[5]);
    if (field[2] == "W") return out;
    const std::string path = field[field[0].ends_with("_AP") ? 7 : 6];
    if (path.empty()) return field[4] == "0" ? "" : out + " AS" + field[4];
    const std::string last = path.substr(path.rfind(' ') + 1);
    return last.front() == '{' ? out : out + " AS" + last;
}

TEST(Mrt, ReadsTheDaemonsFilesAsBgpdumpDoes) {
    if (std::system("command -v bgpdump >/dev/null") != 0)
        GTEST_SKIP() << "bgpdump is not installed (tools/setup test)";
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(kMrtCorpus)) {
        // Cut off on purpose, or found by the fuzzer.
        if (!entry.path().string().contains(".mrt") || entry.path().filename() == "bird-paths.mrt") continue;
        std::vector<std::string> theirs;
        std::FILE* pipe = ::popen(("bgpdump -q -m '" + entry.path().string() + "' 2>/dev/null").c_str(), "r");
        ASSERT_NE(pipe, nullptr);
        std::array<char, 4096> line{};
        while (std::fgets(line.data(), line.size(), pipe) != nullptr)
            if (std::string route = bgpdump_route(line.data()); !route.empty()) theirs.push_back(route);
        ::pclose(pipe);
        std::vector<std::string> ours;
        ASSERT_TRUE(read_mrt_file(entry.path(), [&](const MrtRoute& route) { ours.push_back(text_of_route(route)); }));
        EXPECT_FALSE(theirs.empty()) << entry.path();
        EXPECT_THAT(ours, testing::UnorderedElementsAreArray(theirs)) << entry.path();
        ++files;
    }
    EXPECT_GE(files, 8);
}

}  // namespace
}  // namespace quipu::rpki
