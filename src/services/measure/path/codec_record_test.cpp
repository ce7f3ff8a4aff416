#include "services/measure/path/codec_record.h"

#include <gtest/gtest.h>

#include "services/measure/path/ways.h"

namespace quipu::path {
namespace {

net::IpAddress address(std::string_view text) {
    return *net::IpAddress::parse(text);
}

/// "10.0.0.1 * 10.0.2.1|10.0.2.2": hops; reached unless "…" ends it.
PathRecord way(const std::string& text) {
    PathRecord out{.time = *parse_time("2011-11-21T12:00:00Z"),
                   .source = address("192.0.2.1"),
                   .target = address("203.0.113.9"),
                   .source_port = 8760,
                   .target_port = 8760,
                   .reached = true};
    std::istringstream in(text);
    for (std::string word; in >> word;) {
        if (word == "…") {
            out.reached = false;
            break;
        }
        Hop hop{.ttl = static_cast<std::int64_t>(out.hops.size() + 1), .sent = 1};
        std::istringstream parts(word);
        for (std::string part; word != "*" && std::getline(parts, part, '|');)
            hop.addresses.push_back(address(part));
        hop.received = hop.silent() ? 0 : 1;
        out.hops.push_back(std::move(hop));
    }
    out.id = id_of(out.hops);
    return out;
}

TEST(PathRecordCodec, RoundTrips) {
    TracedPath path{.to = "panama", .record = way("10.0.0.1 * 10.0.2.1|10.0.2.2 203.0.113.9")};
    path.record.hops[0].rtt_min_us = 0;
    path.record.hops[0].rtt_median_us = 12'345;
    path.record.hops[0].reply_ttl = 255;
    path.record.hops[0].mtu = 1400;
    path.record.hops[0].labels = {{.value = 1'048'575, .traffic_class = 7, .bottom = true, .ttl = 255}};
    path.record.hops[2].refused = "!X";
    path.record.mtu = 1400;
    ByteWriter out;
    write_path(out, path);
    EXPECT_LE(out.size(), 100U);
    ByteReader in(out.span());
    const auto read = parse_path(in);
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(*read, path);
    for (std::size_t size = 0; size < out.size(); ++size) {
        ByteReader cut(out.span().first(size));
        EXPECT_FALSE(parse_path(cut)) << size;
    }
}

struct Comparison {
    std::string known, seen;
    bool fits;
};

TEST(Ways, ASilentHopMakesNoOtherWay) {
    const std::vector<Comparison> all{
        {"10.0.0.1 10.0.1.1 10.0.2.1", "10.0.0.1 10.0.1.1 10.0.2.1", true},
        {"10.0.0.1 10.0.1.1 10.0.2.1", "10.0.0.1 * 10.0.2.1", true},
        {"10.0.0.1 * 10.0.2.1", "* 10.0.1.1 10.0.2.1", true},
        {"10.0.0.1 10.0.1.1 10.0.2.1", "10.0.0.1 10.0.9.1 10.0.2.1", false},
        {"10.0.0.1 10.0.1.1|10.0.1.2 10.0.2.1", "10.0.0.1 10.0.1.2 10.0.2.1", true},
        {"10.0.0.1 10.0.1.1 10.0.2.1", "10.0.0.1 10.0.2.1", false},
        {"10.0.0.1 10.0.1.1 10.0.2.1", "10.0.0.1 …", true},
        {"10.0.0.1 10.0.1.1 10.0.2.1", "10.0.9.1 …", false},
        {"10.0.0.1 10.0.1.1", "10.0.0.1 10.0.1.1 10.0.3.1 …", false},
        {"10.0.0.1 …", "10.0.0.1 10.0.1.1 10.0.2.1", false},
        {"10.0.0.1 …", "10.0.0.1 10.0.1.1 …", true},
    };
    for (const auto& one : all)
        EXPECT_EQ(fits(way(one.known), way(one.seen)), one.fits) << one.known << " : " << one.seen;
}

TEST(Ways, AKnownWayLearnsAndKeepsItsName) {
    PathRecord known = way("10.0.0.1 * 10.0.2.1");
    const std::string id = known.id;
    EXPECT_FALSE(learn(known, way("10.0.0.1 * 10.0.2.1")));
    EXPECT_TRUE(learn(known, way("* 10.0.1.1 10.0.2.1")));
    EXPECT_EQ(addresses_of(known.hops), (std::vector<std::string>{"10.0.0.1", "10.0.1.1", "10.0.2.1"}));
    EXPECT_EQ(known.id, id);
    EXPECT_FALSE(tells(way("* * …")));
}

}  // namespace
}  // namespace quipu::path
