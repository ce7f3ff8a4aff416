#include "services/rpki/transport/codec_rrdp.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "services/rpki/transport/gzip.h"
#include "services/rpki/transport/origin.h"
#include "services/rpki/transport/test_server.h"

namespace quipu::rpki {
namespace {

constexpr std::string_view kSession = "9df4b597-af9e-4dca-bdda-719cce2c4e28";
constexpr std::string_view kAddress = "https://rrdp.example.net/notification.xml";
constexpr std::string_view kHash = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

std::string notification_text(std::string_view inside, std::string_view attributes = "") {
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"US-ASCII\"?>\n<!-- a > comment's text -->\n"
        "<notification xmlns=\"http://www.ripe.net/rpki/rrdp\" version=\"1\" session_id=\"{}\" "
        "serial=\"3\"{}>{}</notification>",
        kSession, attributes, inside);
}

std::string snapshot_element(std::string_view uri = "https://rrdp.example.net/3/snapshot.xml") {
    return fmt::format("<snapshot uri=\"{}\" hash=\"{}\"/>", uri, kHash);
}

std::string delta_element(int serial) {
    return fmt::format("<delta serial='{0}' uri='https://rrdp.example.net/{0}/delta.xml' hash='{1}' />", serial, kHash);
}

std::string fault_of(std::string_view xml) {
    const auto parsed = parse_notification(as_bytes(xml), kAddress);
    return parsed ? "none" : parsed.error().text();
}

TEST(Rrdp, ReadsANotification) {
    const auto parsed = parse_notification(
        as_bytes(notification_text(snapshot_element() + delta_element(3) + "\n" + delta_element(2))), kAddress);
    ASSERT_TRUE(parsed) << parsed.error().text();
    EXPECT_EQ(parsed->session, kSession);
    EXPECT_EQ(parsed->serial, 3U);
    ASSERT_EQ(parsed->deltas.size(), 2U);
    EXPECT_EQ(parsed->deltas[0].serial, 2U);
    EXPECT_EQ(parsed->snapshot_hash[1], 0x11);
    const auto again = parse_notification(as_bytes(write_notification(*parsed)), kAddress);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->deltas[1].uri, parsed->deltas[1].uri);
}

TEST(Rrdp, RefusesWhatIsNoNotification) {
    EXPECT_EQ(fault_of(notification_text(snapshot_element())), "none");
    EXPECT_THAT(fault_of(notification_text("")), testing::HasSubstr("no snapshot"));
    EXPECT_THAT(fault_of(notification_text(snapshot_element() + snapshot_element())),
                testing::HasSubstr("two snapshots"));
    EXPECT_THAT(fault_of(notification_text(snapshot_element() + delta_element(2))),
                testing::HasSubstr("do not end at the file's serial"));
    EXPECT_THAT(fault_of(notification_text(snapshot_element() + delta_element(1) + delta_element(3))),
                testing::HasSubstr("after delta 1 comes 3"));
    EXPECT_THAT(fault_of(notification_text(snapshot_element("https://other.example.net/3/snapshot.xml"))),
                testing::HasSubstr("another origin"));
    EXPECT_THAT(fault_of(notification_text(snapshot_element("https://rrdp.example.net:8443/3/snapshot.xml"))),
                testing::HasSubstr("another origin"));
    EXPECT_THAT(fault_of(notification_text(snapshot_element("http://rrdp.example.net/3/snapshot.xml"))),
                testing::HasSubstr("not an https address"));
    EXPECT_THAT(fault_of("<!DOCTYPE x>" + std::string("<notification/>")), testing::HasSubstr("document type"));
    EXPECT_THAT(fault_of(notification_text(snapshot_element("https://rrdp.example.net/&a;"))),
                testing::HasSubstr("entity"));
    EXPECT_THAT(fault_of(notification_text("<![CDATA[x]]>")), testing::HasSubstr("CDATA"));
    EXPECT_THAT(fault_of(notification_text(snapshot_element()) + "<a/>"), testing::HasSubstr("second root"));
    EXPECT_THAT(fault_of(notification_text("<a><b><c><d/></c></b></a>")), testing::Not("none"));
    EXPECT_THAT(fault_of(notification_text(snapshot_element()).substr(0, 200)), testing::HasSubstr("ends before"));
    EXPECT_THAT(fault_of(notification_text(snapshot_element(), " serial=\"4\"")), testing::HasSubstr("repeated"));
    EXPECT_THAT(fault_of("<notification xmlns=\"urn:x\"/>"), testing::HasSubstr("namespace"));
}

TEST(Rrdp, ResolvesTheFiveEntitiesAndPrefixes) {
    const std::string xml = fmt::format(
        "<r:notification xmlns:r=\"http://www.ripe.net/rpki/rrdp\" version=\"1\" session_id=\"{}\" "
        "serial=\"3\"><r:snapshot uri=\"https://RRDP.example.net:443/&#x61;?b&amp;c\" hash=\"{}\"/>"
        "</r:notification>",
        kSession, kHash);
    const auto parsed = parse_notification(as_bytes(xml), kAddress);
    ASSERT_TRUE(parsed) << parsed.error().text();
    EXPECT_EQ(parsed->snapshot, "https://RRDP.example.net:443/a?b&c");
}

/// What a reader reports, one line for each object.
Result<std::string> read_all(RrdpFile kind, std::string_view xml, std::size_t step, RrdpReader::Limits limits = {}) {
    std::string out;
    RrdpReader reader(kind, std::string(kSession), 3, limits, [&](const RrdpObject& object) -> Result<void> {
        out += fmt::format("{} {} {} {}{}\n", object.withdraw ? "-" : "+", object.uri, object.object.size(),
                           object.hash ? "replaces" : "", object.too_large ? "too large" : "");
        return {};
    });
    for (; !xml.empty(); xml.remove_prefix(std::min(step, xml.size())))
        TRY(reader.feed(as_bytes(xml.substr(0, step))));
    TRY(reader.finish());
    return out;
}

TEST(Rrdp, ReadsFilesInPiecesOfAnySize) {
    const std::vector<std::uint8_t> object(1000, 7);
    const Sha256 hash = sha256(object);
    RrdpWriter writer(RrdpFile::delta, kSession, 3);
    writer.publish("rsync://a.example.net/repo/a.roa", object);
    writer.publish("rsync://a.example.net/repo/b.roa", ByteSpan(object).first(1), &hash);
    writer.withdraw("rsync://a.example.net/repo/c.roa", hash);
    const std::string xml = "<?xml version='1.0'?><!---->\n<!-- a > b -->" + writer.take() + "\n<!-- end -->\n";
    const std::string expected =
        "+ rsync://a.example.net/repo/a.roa 1000 \n+ rsync://a.example.net/repo/b.roa 1 "
        "replaces\n- rsync://a.example.net/repo/c.roa 0 replaces\n";
    for (const std::size_t step : {1U, 2U, 3U, 7U, 64U, 100'000U}) {
        const auto read = read_all(RrdpFile::delta, xml, step);
        ASSERT_TRUE(read) << step << ": " << read.error().text();
        EXPECT_EQ(*read, expected) << step;
    }
    EXPECT_FALSE(read_all(RrdpFile::snapshot, xml, 64));
}

TEST(Rrdp, HoldsNoObjectOverTheLimit) {
    const std::vector<std::uint8_t> object(300'000, 7);
    RrdpWriter writer(RrdpFile::snapshot, kSession, 3);
    writer.publish("rsync://a.example.net/repo/a.roa", object);
    writer.publish("rsync://a.example.net/repo/b.roa", ByteSpan(object).first(10));
    const std::string xml = writer.take();
    const auto read = read_all(RrdpFile::snapshot, xml, 1000, {.object_octets = 1000, .objects = 10});
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(*read, "+ rsync://a.example.net/repo/a.roa 32 too large\n+ rsync://a.example.net/repo/b.roa 10 \n");
    const auto many = read_all(RrdpFile::snapshot, xml, 1000, {.object_octets = 1000, .objects = 1});
    ASSERT_FALSE(many);
    EXPECT_EQ(many.error().code, ErrorCode::too_large);
}

TEST(Rrdp, RefusesBrokenBase64AndForeignSessions) {
    const auto with = [](std::string_view inside, std::string_view session = kSession, int serial = 3) {
        return fmt::format(
            "<snapshot xmlns=\"http://www.ripe.net/rpki/rrdp\" version=\"1\" session_id=\"{}\" "
            "serial=\"{}\"><publish uri=\"rsync://a/b/c\">{}</publish></snapshot>",
            session, serial, inside);
    };
    EXPECT_TRUE(read_all(RrdpFile::snapshot, with(" QUJ\nD QQ==\t"), 5));
    EXPECT_TRUE(read_all(RrdpFile::snapshot, with(""), 5));
    for (const std::string_view bad : {"QUJ", "QUJD=", "QQ=", "QQ==QQ==", "Q===", "QR==", "QUJ*", "<a/>"})
        EXPECT_FALSE(read_all(RrdpFile::snapshot, with(bad), 5)) << bad;
    EXPECT_FALSE(read_all(RrdpFile::snapshot, with("QQ==", "9df4b597-af9e-4dca-bdda-719cce2c4e29"), 5));
    EXPECT_FALSE(read_all(RrdpFile::snapshot, with("QQ==", kSession, 4), 5));
}

TEST(Base64, IsTheSameBothWaysInPieces) {
    Rng rng(3);
    for (std::size_t size = 0; size < 200; ++size) {
        std::vector<std::uint8_t> octets(size);
        rng.fill(octets);
        std::string text;
        append_base64(octets, text);
        Base64Decoder decoder;
        std::vector<std::uint8_t> back;
        for (std::string_view rest = text; !rest.empty();) {
            const std::size_t step = std::min<std::size_t>(rest.size(), 1 + rng.below(9));
            ASSERT_TRUE(decoder.feed(rest.substr(0, step), back));
            rest.remove_prefix(step);
        }
        EXPECT_TRUE(decoder.finish());
        EXPECT_EQ(back, octets);
    }
}

TEST(Gzip, IsBounded) {
    const std::string bomb = gzip_of(std::string(50'000'000, 'a'));
    std::size_t got = 0;
    const OctetSink count = [&](ByteSpan octets) -> Result<void> {
        got += octets.size();
        return {};
    };
    GzipReader by_ratio({.octets = 1'000'000'000, .inflation = 100}, count);
    const auto refused = by_ratio.feed(as_bytes(bomb));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::too_large);
    EXPECT_LT(got, 10'000'000U);
    GzipReader by_size({.octets = 5'000'000, .inflation = 10'000}, count);
    EXPECT_FALSE(by_size.feed(as_bytes(bomb)));
    got = 0;
    GzipReader good({.octets = 100'000'000, .inflation = 10'000}, count);
    ASSERT_TRUE(good.feed(as_bytes(bomb)));
    EXPECT_TRUE(good.finish());
    EXPECT_EQ(got, 50'000'000U);
    EXPECT_FALSE(good.feed(as_bytes("more")));
    GzipReader cut({.octets = 100'000'000, .inflation = 10'000}, count);
    ASSERT_TRUE(cut.feed(as_bytes(bomb).first(bomb.size() - 1)));
    EXPECT_FALSE(cut.finish());
}

TEST(Origin, TellsDubiousHosts) {
    for (const char* uri : {"https://localhost/a", "https://10.0.0.1/a", "https://[::1]/a", "https://a.example:8443/a",
                            "rsync://hub/a/", "https://x.LOCAL./a", "rsync://user@a.example/a/"})
        EXPECT_TRUE(is_dubious(uri)) << uri;
    for (const char* uri : {"https://rrdp.example.net/a", "rsync://rpki.example/a/"})
        EXPECT_FALSE(is_dubious(uri)) << uri;
}

TEST(Origin, TakesAddressesApart) {
    EXPECT_TRUE(is_same_origin("https://a.example/x", "https://A.example:443/y"));
    EXPECT_FALSE(is_same_origin("https://a.example/x", "https://a.example.net/x"));
    EXPECT_EQ(host_of("rsync://a.example:8873/repo/x"), "a.example:8873");
    EXPECT_EQ(module_of("rsync://a.example/repo/x/y/"), "rsync://a.example/repo/");
    EXPECT_EQ(module_of("rsync://a.example/repo/"), "rsync://a.example/repo/");
    EXPECT_EQ(folder_of("rsync://a.example/repo/x/y.roa"), "rsync://a.example/repo/x/");
}

}  // namespace
}  // namespace quipu::rpki
