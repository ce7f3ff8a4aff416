// Routinator's paths, asked over HTTP as its users' scripts ask.
#include "services/rpki/service/routinator.h"

#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "base/value.h"
#include "data/database.h"
#include "data/test_folder.h"
#include "net/http_client.h"
#include "services/rpki/rtr/store.h"

namespace quipu::rpki {
namespace {

using testing::HasSubstr;

const Time kBegan = *parse_time("2024-05-01T00:00:00Z");

Vrp vrp(std::string_view prefix, Asn as, int max_length) {
    return vrp_of(*net::Prefix::parse(prefix), as, max_length);
}

class RoutinatorPaths : public testing::Test {
  protected:
    RoutinatorPaths() {
        EXPECT_TRUE(database_->migrate(kRtrMigrations));
        rtr_ = *RtrServer::start({}, std::nullopt, *database_, clock_);
        server_ = *RoutinatorServer::listen(
            loops_, {*net::Endpoint::parse("127.0.0.1:0")},
            {.publisher = &publisher_, .rtr = rtr_.get(), .clock = &clock_, .version = "quipu/1"});
    }
    ~RoutinatorPaths() override { publisher_.close(); }

    /// Seconds after kBegan a validation finds these, under the trust anchor "lacnic".
    void publish(std::vector<Vrp> vrps, int after, std::vector<Aspa> aspas = {}) {
        std::ranges::sort(vrps);
        const auto payloads = std::make_shared<AnchoredPayloads>();
        payloads->vrp_anchors.assign(vrps.size(), 0);
        payloads->aspa_anchors.assign(aspas.size(), 0);
        payloads->set.vrps = std::move(vrps);
        payloads->set.aspas = std::move(aspas);
        payloads->anchor_names = {"lacnic"};
        ASSERT_TRUE(rtr_->publish(payloads->set));
        publisher_.publish(Published::create(
            {.began = kBegan + std::chrono::seconds(after),
             .took = std::chrono::milliseconds(1500),
             .payloads = payloads,
             .found = std::make_shared<const Outcomes>(std::vector<Outcomes::Point>(), std::vector<Verdict>(),
                                                       std::vector<std::string>{"lacnic"}),
             .validity = std::make_shared<const ValidityIndex>(payloads->set.vrps),
             .snapshot = rtr_->snapshot(),
             .repositories = {}},
            publisher_.now().get()));
    }

    net::ClientResponse ask(const std::string& target, net::Headers headers = {}, net::Method method = net::Method::get,
                            std::string body = {}) {
        auto response =
            net::fetch("http://" + server_->listening().front().text(),
                       {.method = method, .target = target, .headers = std::move(headers), .body = std::move(body)});
        EXPECT_TRUE(response) << (response ? "" : response.error().text());
        return response ? std::move(*response) : net::ClientResponse{};
    }
    Value json(const std::string& target) {
        const auto response = ask(target);
        EXPECT_EQ(response.status, 200) << target << ": " << response.body;
        auto parsed = parse_json(response.body);
        EXPECT_TRUE(parsed) << target << ": " << response.body;
        return parsed ? *parsed : Value();
    }

    SystemClock clock_;
    data::TestFolder folder_;
    std::unique_ptr<data::Database> database_ = *data::Database::open("sqlite:" + folder_.path() + "/rtr.db");
    Publisher publisher_;
    net::LoopPool loops_{2};
    std::unique_ptr<RtrServer> rtr_;
    std::unique_ptr<RoutinatorServer> server_;
};

TEST_F(RoutinatorPaths, AskForPatienceBeforeTheFirstValidation) {
    for (const char* path : {"/csv", "/json", "/json-delta", "/json-delta/notify", "/status", "/api/v1/status",
                             "/metrics", "/validity?asn=1&prefix=10.0.0.0/8", "/api/v1/validity/1/10.0.0.0/8"}) {
        const auto response = ask(path);
        EXPECT_EQ(response.status, 503) << path;
        EXPECT_THAT(response.body, HasSubstr("Initial validation ongoing. Please wait.")) << path;
    }
    EXPECT_EQ(ask("/version").body, "quipu/1");
    EXPECT_EQ(ask("/colours").status, 404);
}

TEST_F(RoutinatorPaths, GiveEachOutputUnderItsName) {
    publish({vrp("192.0.2.0/24", 64496, 26), vrp("192.0.0.0/16", 64497, 16), vrp("2001:db8::/32", 64496, 48)}, 0);
    const auto csv = ask("/csv");
    EXPECT_EQ(csv.body,
              "ASN,IP Prefix,Max Length,Trust Anchor\nAS64497,192.0.0.0/16,16,lacnic\nAS64496,192.0.2.0/24,26,lacnic\n"
              "AS64496,2001:db8::/32,48,lacnic\n");
    EXPECT_EQ(csv.headers.get("Content-Type"), "text/csv;charset=utf-8;header=present");
    EXPECT_EQ(csv.headers.get("Last-Modified"), "Wed, 01 May 2024 00:00:00 GMT");
    EXPECT_EQ(csv.headers.get("Access-Control-Allow-Origin"), "*");
    for (const auto& [name, format] : formats()) {
        const auto response = ask("/" + std::string(name));
        EXPECT_EQ(response.status, 200) << name;
        EXPECT_FALSE(response.body.empty()) << name;
    }
    EXPECT_EQ(json("/json").find("roas")->if_array()->size(), 3U);
    EXPECT_EQ(json("/json?select-asn=AS64496").find("roas")->if_array()->size(), 2U);
    EXPECT_EQ(json("/json?filter-asn=64496&select-prefix=192.0.0.0/16").find("roas")->if_array()->size(), 3U);
    EXPECT_EQ(json("/json?select-prefix=192.0.0.0/8").find("roas")->if_array()->size(), 0U);
    EXPECT_EQ(json("/json?filter-prefix=192.0.0.0/8&include=more-specifics").find("roas")->if_array()->size(), 2U);
    EXPECT_EQ(json("/json?exclude=routeOrigins,aspas").find("roas"), nullptr);
    for (const char* wrong : {"/json?select-asn=x", "/csv?colour=red", "/csv?select-prefix=10.0.0.1/33"})
        EXPECT_EQ(ask(wrong).status, 400) << wrong;
}

TEST_F(RoutinatorPaths, SendNothingTwice) {
    const std::vector<Vrp> vrps = {vrp("192.0.2.0/24", 64496, 26)};
    publish(vrps, 0);
    const std::string tag(ask("/json").headers.get("ETag"));
    const auto again = [&](const std::string& path, const std::string& name, const std::string& value) {
        net::Headers headers;
        headers.add(name, value);
        return ask(path, headers).status;
    };
    EXPECT_EQ(again("/json", "If-None-Match", tag), 304);
    EXPECT_EQ(again("/json", "If-None-Match", "\"other\""), 200);
    EXPECT_EQ(again("/json", "If-Modified-Since", "Wed, 01 May 2024 00:00:00 GMT"), 304);
    EXPECT_EQ(again("/json", "If-Modified-Since", "Tue, 30 Apr 2024 23:59:59 GMT"), 200);
    const std::string objects(ask("/jsonext").headers.get("ETag"));
    // The same payloads, found again: only what tells of their objects may be different.
    const auto text = publisher_.now()->text(Format::csv);
    publish(vrps, 600);
    EXPECT_EQ(publisher_.now()->text(Format::csv), text);
    EXPECT_EQ(again("/json", "If-None-Match", tag), 304);
    EXPECT_EQ(again("/jsonext", "If-None-Match", objects), 200);
    publish({vrp("192.0.2.0/24", 64496, 27)}, 1200);
    EXPECT_EQ(again("/json", "If-None-Match", tag), 200);
    EXPECT_NE(publisher_.now()->text(Format::csv), text);
}

TEST_F(RoutinatorPaths, TellWhatChanged) {
    publish({vrp("192.0.2.0/24", 64496, 26)}, 0, {{.customer = 1, .providers = {2}}});
    const Value first = json("/json-delta");
    EXPECT_TRUE(*first.find("reset")->if_bool());
    EXPECT_EQ(first.find("announced")->if_array()->size(), 2U);
    EXPECT_EQ(first.find("withdrawn"), nullptr);
    const std::string session = *first.find("session")->if_string();
    const std::string known = fmt::format("?session={}&serial={}", session, *first.find("serial")->if_integer());
    const Value nothing = json("/json-delta" + known);
    EXPECT_FALSE(*nothing.find("reset")->if_bool());
    EXPECT_TRUE(nothing.find("announced")->if_array()->empty());

    publish({vrp("198.51.100.0/24", 64497, 24)}, 600, {{.customer = 1, .providers = {2, 3}}});
    const Value delta = json("/json-delta" + known);
    EXPECT_FALSE(*delta.find("reset")->if_bool());
    EXPECT_EQ(*delta.find("session")->if_string(), session);
    EXPECT_EQ(*delta.find("fromSerial")->if_integer() + 1, *delta.find("serial")->if_integer());
    EXPECT_EQ(*delta.find("generatedTime")->if_string(), "2024-05-01T00:10:00Z");
    const auto& announced = *delta.find("announced")->if_array();
    ASSERT_EQ(announced.size(), 2U);
    EXPECT_EQ(*announced[0].find("prefix")->if_string(), "198.51.100.0/24");
    EXPECT_EQ(announced[1].find("providerAsns")->if_array()->size(), 2U);
    const auto& withdrawn = *delta.find("withdrawn")->if_array();
    ASSERT_EQ(withdrawn.size(), 1U);
    EXPECT_EQ(*withdrawn[0].find("prefix")->if_string(), "192.0.2.0/24");

    EXPECT_TRUE(*json("/json-delta?session=1&serial=1").find("reset")->if_bool());
    EXPECT_TRUE(*json(fmt::format("/json-delta?session={}&serial=77", session)).find("reset")->if_bool());
    for (const char* wrong : {"?session=1", "?serial=1", "?session=x&serial=1", "?session=1&serial=1&serial=2", "?a=b"})
        EXPECT_EQ(ask("/json-delta" + std::string(wrong)).status, 400) << wrong;
}

TEST_F(RoutinatorPaths, NotifyWaitsForWhatIsNew) {
    publish({vrp("192.0.2.0/24", 64496, 26)}, 0);
    const Value now = json("/json-delta/notify");
    const std::string known = fmt::format("/json-delta/notify?session={}&serial={}", *now.find("session")->if_integer(),
                                          *now.find("serial")->if_integer());
    auto waiting = std::async(std::launch::async, [&] { return json(known); });
    // Most likely it waits once two are connected; if not, the answer is the same.
    while (ask("/metrics").body.contains("routinator_http_current_connections 1\n"))
        std::this_thread::yield();
    publish({vrp("192.0.2.0/24", 64496, 25)}, 600);
    EXPECT_EQ(*waiting.get().find("serial")->if_integer(), *now.find("serial")->if_integer() + 1);
    EXPECT_EQ(*json(known).find("serial")->if_integer(), *now.find("serial")->if_integer() + 1);

    auto left = std::async(std::launch::async, [&] {
        return ask(fmt::format("/json-delta/notify?session={}&serial={}", *now.find("session")->if_integer(),
                               *now.find("serial")->if_integer() + 1));
    });
    publisher_.close();
    EXPECT_EQ(left.get().status, 503);
}

TEST_F(RoutinatorPaths, SayWhetherARouteIsValid) {
    publish({vrp("192.0.2.0/24", 64496, 26)}, 0);
    const auto state_of = [](const Value& route) { return *route.find("validity")->find("state")->if_string(); };
    EXPECT_EQ(state_of(*json("/api/v1/validity/AS64496/192.0.2.0/25").find("validated_route")), "valid");
    EXPECT_EQ(state_of(*json("/api/v1/validity/64496/192.0.2.77/25").find("validated_route")), "valid");
    EXPECT_EQ(state_of(*json("/validity?asn=64497&prefix=192.0.2.0/24").find("validated_route")), "invalid");
    EXPECT_EQ(state_of(*json("/validity?asn=AS1&prefix=10.0.0.0%2F8").find("validated_route")), "not-found");
    net::Headers headers;
    headers.add("Content-Type", "application/json");
    const auto many =
        ask("/validity", headers, net::Method::post,
            R"({"routes": [{"asn": "AS64496", "prefix": "192.0.2.0/24"}, {"asn": "AS1", "prefix": "192.0.2.0/24"}]})");
    ASSERT_EQ(many.status, 200) << many.body;
    const auto parsed = parse_json(many.body);
    ASSERT_TRUE(parsed) << many.body;
    const auto& routes = *parsed->find("validated_routes")->if_array();
    ASSERT_EQ(routes.size(), 2U);
    EXPECT_EQ(state_of(routes[1]), "invalid");
    EXPECT_EQ(ask("/validity", headers, net::Method::post, "{}").status, 400);
    for (const char* wrong : {"/validity?asn=1", "/validity?asn=x&prefix=10.0.0.0/8", "/api/v1/validity/1/10.0.0.0/33"})
        EXPECT_EQ(ask(wrong).status, 400) << wrong;
}

TEST_F(RoutinatorPaths, SayHowItStands) {
    publish({vrp("192.0.2.0/24", 64496, 26)}, 0);
    const Value status = json("/api/v1/status");
    EXPECT_EQ(*status.find("lastUpdateDone")->if_string(), "2024-05-01T00:00:01.5Z");
    EXPECT_EQ(*status.find("serial")->if_integer(), rtr_->state().serial);
    EXPECT_THAT(ask("/status").body, HasSubstr("last-update-duration:  1.500s\n"));
    const auto metrics = ask("/metrics");
    EXPECT_EQ(metrics.headers.get("Content-Type"), "text/plain; version=0.0.4");
    EXPECT_THAT(metrics.body, HasSubstr(fmt::format("\nroutinator_serial {}\n", rtr_->state().serial)));
    net::Headers none;
    EXPECT_EQ(ask("/metrics", none, net::Method::post, "x").status, 405);
}

}  // namespace
}  // namespace quipu::rpki
