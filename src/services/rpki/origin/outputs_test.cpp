// Delta and metrics: the shapes that Routinator's users know.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/value.h"
#include "services/rpki/origin/delta.h"
#include "services/rpki/origin/metrics.h"
#include "services/rpki/origin/slurm.h"
#include "services/rpki/origin/validity.h"

namespace quipu::rpki {
namespace {

PayloadSet some_payloads() {
    RouterKey key;
    key.as = {64500, 64501};
    key.key_id.fill(0xAB);
    key.key_info = {0x30, 0x01, 0x02, 0x03};
    PayloadSet out;
    out.vrps = {vrp_of(*net::Prefix::parse("192.0.2.0/24"), 64496, 26)};
    out.aspas = {{.customer = 64496, .providers = {64497, 64498}}};
    out.router_keys = {key};
    return out;
}

TEST(JsonDelta, HasRoutinatorsShape) {
    std::string text;
    const Sink sink = [&](std::string_view part) { text += part; };
    PayloadSet one;
    one.vrps = some_payloads().vrps;
    const Time generated = *parse_time("2024-05-01T00:00:00Z");
    write_json_delta({18446744073709551615U, 5, generated}, 3, one, {}, sink);
    EXPECT_EQ(text, R"({
  "reset": false,
  "session": "18446744073709551615",
  "serial": 5,
  "fromSerial": 3,
  "generated": 1714521600,
  "generatedTime": "2024-05-01T00:00:00Z",
  "announced": [
    {
        "type": "routeOrigin",
        "asn": "AS64496",
        "prefix": "192.0.2.0/24",
        "maxLength": 26
    }
  ],
  "withdrawn": [
  ]
}
)");
    text.clear();
    write_json_reset({7, 1, generated}, some_payloads(), sink);
    const auto parsed = parse_json(text);
    ASSERT_TRUE(parsed) << parsed.error().text();
    EXPECT_TRUE(*parsed->find("reset")->if_bool());
    const auto& announced = *parsed->find("announced")->if_array();
    ASSERT_EQ(announced.size(), 4U);  // a key of two AS numbers is two
    EXPECT_EQ(*announced[1].find("keyInfo")->if_string(), "MAECAw==");
    EXPECT_EQ(*announced[2].find("asn")->if_string(), "AS64501");
    EXPECT_EQ(*announced[3].find("customerAsn")->if_string(), "AS64496");
    EXPECT_EQ(announced[3].find("providerAsns")->if_array()->size(), 2U);
}

RpkiMetrics some_metrics() {
    RpkiMetrics metrics;
    metrics.version = "quipu/1";
    metrics.now = *parse_time("2024-05-01T00:10:00Z");
    metrics.update_began = *parse_time("2024-05-01T00:00:00Z");
    metrics.serial = 12;
    const auto counts = std::make_shared<PublicationCounts>();
    counts->anchors.push_back({.name = "lacnic",
                               .points_valid = 5,
                               .roas_valid = 40,
                               .vrps_v4 = {.valid = 60, .filtered = 0, .duplicate = 3, .contributed = 57},
                               .vrps_v6 = {.valid = 20, .filtered = 0, .duplicate = 0, .contributed = 20}});
    counts->repositories.push_back({.name = "rsync://rpki.example.net/repo/", .points_rejected = 2});
    metrics.counts = counts;
    metrics.repositories.push_back({.uri = "https://rrdp.lacnic.net/notification.xml",
                                    .rrdp = true,
                                    .status = 200,
                                    .duration = std::chrono::milliseconds(1234),
                                    .serial = 99});
    return metrics;
}

TEST(RpkiMetrics, HaveRoutinatorsNames) {
    const std::string text = metrics_text(some_metrics());
    for (
        const std::string_view line : {
            "# TYPE routinator_last_update_start gauge",
            "routinator_last_update_start 600",
            "routinator_last_update_duration NaN",
            "routinator_serial 12",
            R"(routinator_ta_publication_points_total{name="lacnic", state="valid"} 5)",
            R"(routinator_ta_objects_total{name="lacnic", type="roa", state="valid"} 40)",
            R"(routinator_ta_contributed_vrps_total{name="lacnic"} 77)",
            R"(routinator_ta_duplicate_vrps_total{name="lacnic"} 3)",
            R"(routinator_repository_publication_points_total{uri="rsync://rpki.example.net/repo/", state="rejected"} 2)",
            R"(routinator_valid_roas{tal="lacnic"} 40)",
            R"(routinator_rrdp_status{uri="https://rrdp.lacnic.net/notification.xml"} 200)",
            R"(routinator_rrdp_notification_status{uri="https://rrdp.lacnic.net/notification.xml"} 200)",
            R"(routinator_rrdp_duration{uri="https://rrdp.lacnic.net/notification.xml"} 1.234)",
            R"(routinator_rrdp_serial_info{uri="https://rrdp.lacnic.net/notification.xml"} 99)",
            "# TYPE routinator_rtr_bytes_written counter",
            "routinator_http_requests 0",
        })
        EXPECT_THAT(text, testing::HasSubstr(std::string(line) + "\n"));
}

TEST(RpkiStatus, HasRoutinatorsMembers) {
    const auto parsed = parse_json(status_json(some_metrics()));
    ASSERT_TRUE(parsed) << parsed.error().text() << status_json(some_metrics());
    EXPECT_EQ(*parsed->find("version")->if_string(), "quipu/1");
    EXPECT_EQ(*parsed->find("serial")->if_integer(), 12);
    EXPECT_EQ(*parsed->find("lastUpdateStart")->if_string(), "2024-05-01T00:00:00Z");
    EXPECT_TRUE(parsed->find("lastUpdateDone")->is_null());
    const Value* anchor = parsed->find("tals")->find("lacnic");
    ASSERT_NE(anchor, nullptr);
    EXPECT_EQ(*anchor->find("vrpsTotal")->if_integer(), 80);
    EXPECT_EQ(*anchor->find("vrpsFinal")->if_integer(), 77);
    EXPECT_EQ(*anchor->find("payload")->find("routeOriginsIPv6")->find("final")->if_integer(), 20);
    EXPECT_EQ(*anchor->find("validROAs")->if_integer(), 40);
    const Value* repository = parsed->find("repositories")->find("rsync://rpki.example.net/repo/");
    ASSERT_NE(repository, nullptr);
    EXPECT_EQ(*repository->find("type")->if_string(), "rsync");
    EXPECT_EQ(*repository->find("rejectedPublicationPoints")->if_integer(), 2);
    const Value* rrdp = parsed->find("rrdp")->find("https://rrdp.lacnic.net/notification.xml");
    ASSERT_NE(rrdp, nullptr);
    EXPECT_EQ(*rrdp->find("serial")->if_integer(), 99);
    EXPECT_TRUE(*rrdp->find("delta")->if_bool());
    EXPECT_TRUE(rrdp->find("session")->is_null());
    EXPECT_EQ(*parsed->find("rtr")->find("currentConnections")->if_integer(), 0);

    const std::string text = status_text(some_metrics());
    for (const std::string_view line : {"version: quipu/1", "serial: 12", "last-update-start-ago: 600.000s",
                                        "valid-roas-per-tal: lacnic=40 ", "final-vrps-per-tal: lacnic=77 "})
        EXPECT_THAT(text, testing::HasSubstr(std::string(line) + "\n"));
}

TEST(Selection, FollowsRoutinatorsQuery) {
    const Vrp vrp = some_payloads().vrps[0];
    const auto selected = [&](std::initializer_list<std::pair<std::string_view, std::string_view>> query) {
        Selection selection;
        for (const auto& [name, value] : query) {
            const auto taken = selection.take(name, value);
            EXPECT_TRUE(taken && *taken) << name;
        }
        return selection.includes(vrp);
    };
    EXPECT_TRUE(selected({}));
    EXPECT_TRUE(selected({{"select-asn", "AS64496"}}));
    EXPECT_FALSE(selected({{"select-asn", "64497"}}));
    EXPECT_TRUE(selected({{"filter-asn", "64497"}, {"select-prefix", "192.0.2.0/25"}}));
    EXPECT_FALSE(selected({{"select-prefix", "192.0.0.0/16"}}));
    EXPECT_TRUE(selected({{"select-prefix", "192.0.0.0/16"}, {"include", "more-specifics"}}));
    EXPECT_FALSE(selected({{"exclude", "aspas,routeOrigins"}}));
    Selection selection;
    EXPECT_FALSE(*selection.take("colour", "red"));
    EXPECT_FALSE(selection.take("select-asn", "x"));
    EXPECT_FALSE(selection.take("select-prefix", "10.0.0.1/8"));
    selection.as_numbers = {64501};
    EXPECT_TRUE(selection.includes(some_payloads().router_keys[0]));
    EXPECT_FALSE(selection.includes(some_payloads().aspas[0]));
}

TEST(Outputs, KnowWhatLocalExceptionsAdded) {
    AnchoredPayloads payloads;
    payloads.set = some_payloads();
    payloads.vrp_anchors = {0};
    payloads.aspa_anchors = {0};
    payloads.key_anchors = {0};
    payloads.anchor_names = {"lacnic"};
    const auto file = parse_slurm(
        R"({"slurmVersion": 1, "validationOutputFilters": {"prefixFilters": [], "bgpsecFilters": []},
            "locallyAddedAssertions": {"prefixAssertions": [{"asn": 1, "prefix": "10.0.0.0/8"}], "bgpsecAssertions": []}})",
        "a");
    ASSERT_TRUE(file) << file.error().text();
    apply_slurm(std::span(&*file, 1), payloads);
    const auto text = [&](Format format, const Selection& selection = {}) {
        std::string out;
        write_payloads(payloads, nullptr, 0, format, selection, [&](std::string_view part) { out += part; });
        return out;
    };
    EXPECT_EQ(text(Format::csv),
              "ASN,IP Prefix,Max Length,Trust Anchor\nAS1,10.0.0.0/8,8,N/A\nAS64496,192.0.2.0/24,26,lacnic\n");
    EXPECT_EQ(text(Format::csv, {.as_numbers = {1}, .prefixes = {}}),
              "ASN,IP Prefix,Max Length,Trust Anchor\nAS1,10.0.0.0/8,8,N/A\n");
    EXPECT_THAT(text(Format::jsonext), testing::HasSubstr(R"("source": [{ "type": "exception", "path": null }])"));
    EXPECT_THAT(text(Format::csvext), testing::HasSubstr("N/A,AS1,10.0.0.0/8,8,N/A,N/A\n"));
    for (const Format format : {Format::json, Format::jsonext, Format::slurm, Format::slurm2})
        ASSERT_TRUE(parse_json(text(format))) << text(format);
    EXPECT_FALSE(parse_json(text(Format::json, {.as_numbers = {}, .prefixes = {}, .vrps = false}))->find("roas"));
    // What is written as SLURM is read as SLURM, and gives the same set.
    for (const Format format : {Format::slurm, Format::slurm2}) {
        const auto again = parse_slurm(text(format), "again");
        ASSERT_TRUE(again) << again.error().text();
        PayloadSet set;
        apply_slurm(std::span(&*again, 1), set);
        EXPECT_EQ(set.vrps, payloads.set.vrps);
        EXPECT_EQ(set.router_keys.size(), 2U);
        EXPECT_EQ(set.aspas.size(), format == Format::slurm2 ? 1U : 0U);
    }
}

}  // namespace
}  // namespace quipu::rpki
