#include "services/measure/throughput/service.h"

#include <atomic>
#include <gtest/gtest.h>
#include <poll.h>

#include "agent/test_agents.h"
#include "base/guarded.h"
#include "data/test_archive.h"
#include "registry/test_registry.h"
#include "services/measure/throughput/codec_iperf.h"
#include "services/measure/throughput/outcome.h"
#include "services/measure/throughput/store.h"

namespace quipu::throughput {
namespace {

class ThroughputService : public registry::RegistryTest {
  protected:
    void SetUp() override {
        RegistryTest::SetUp();
        must_import(registry::kSmallNetwork, "2011-07-06");
        const auto made = database_->migrate(kThroughputMigrations);
        ASSERT_TRUE(made) << made.error().text();
        join("santiago", "10.0.0.1");
        join("panama", "10.0.0.2");
    }
    void TearDown() override { end(); }

    void begin(std::string_view settings = "enabled = false") {
        service_ = make_throughput_service(
            agents_, [this]() -> registry::Registry& { return *registry_; },
            {.sites = [this](auto, auto) { return traced_.with([](const auto& sites) { return sites; }); },
             .revision = [this] { return traced_revision_.load(); }});
        ASSERT_TRUE(service_->parse(*parse_toml(settings, "quipu.toml"), "quipu.toml"));
        ASSERT_TRUE(service_->provision(house()));
        const auto started = service_->start();
        ASSERT_TRUE(started) << started.error().text();
        // Until the watch has seen who can test.
        for (int i = 0; i < 1000 && items("/api/v1/measure/calendar/points").size() < 2; ++i)
            ::poll(nullptr, 0, 10);
    }
    void end() {
        if (!service_) return;
        service_->drain();
        service_->stop();
        service_.reset();
    }

    void join(std::string site, std::string_view address, std::string iperf3 = "3.12") {
        agents_.join(std::move(site),
                     to_value(PointFacts{
                         .addresses = {*net::IpAddress::parse(address)}, .iperf3 = std::move(iperf3), .problem = {}}));
    }
    Assignment work(const std::string& site) const {
        const Value work = agents_.work(site);
        if (work.is_null()) return {};
        const auto out = read<Assignment>(work);
        EXPECT_TRUE(out) << out.error().text();
        return out.value_or(Assignment{});
    }
    Result<void> deliver(const std::string& agent, std::uint64_t first, const std::vector<EndRecord>& records) {
        std::vector<std::string> texts;
        for (const EndRecord& record : records)
            texts.push_back(write_end_record(record));
        return deliver_texts(agent, first, texts);
    }
    Result<void> deliver_texts(const std::string& agent, std::uint64_t first, const std::vector<std::string>& texts) {
        std::vector<std::vector<std::uint8_t>> payloads;
        for (const std::string& text : texts)
            payloads.emplace_back(text.begin(), text.end());
        return agents_.deliver(agent, kThroughputStream, first, payloads);
    }

    Value ask(net::Method method, std::string target, std::string body = {}) {
        net::HttpRequest request;
        request.method = method;
        request.target = target;
        request.path = target.substr(0, target.find('?'));
        for (std::string_view rest = std::string_view(target).substr(std::min(request.path.size() + 1, target.size()));
             !rest.empty();) {
            const std::string_view pair = rest.substr(0, rest.find('&'));
            rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
            const auto equals = pair.find('=');
            request.query.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
        }
        if (!body.empty()) request.headers.add("Content-Type", "application/json");
        request.body = std::move(body);
        auto task = api_.handle(request);
        task.await_suspend(std::noop_coroutine()).resume();
        const auto response = task.await_resume();
        status_ = response.status;
        const auto* text = std::get_if<std::string>(&response.body);
        const auto value = parse_json(text == nullptr ? "null" : *text);
        return value ? *value : Value();
    }
    Value get(const std::string& target) { return ask(net::Method::get, target); }
    Value::Array items(const std::string& target) {
        const Value list = get(target);
        const Value* all = list.find("items");
        return all == nullptr || all->if_array() == nullptr ? Value::Array{} : *all->if_array();
    }
    static std::string text(const Value& object, std::string_view key) {
        const Value* value = object.find(key);
        if (value == nullptr) return "absent";
        return value->if_string() != nullptr ? *value->if_string() : to_json(*value);
    }
    Value wanted(std::string more = "") {
        return ask(net::Method::post, "/api/v1/measure/tests",
                   R"({"from": "santiago", "to": "panama", "duration": "2s")" + more + "}");
    }
    static EndRecord told(std::int64_t test, End end, std::string error = "") {
        EndRecord record{
            .test = test, .end = end, .began = Time{}, .ended = Time{}, .error = std::move(error), .report = {}};
        if (record.error.empty())
            record.report = IperfReport{.version = "iperf 3.12",
                                        .peer = "10.0.0.2",
                                        .sent_bps = 500'000'000,
                                        .received_bps = 490'000'000,
                                        .sent_octets = 125'000'000,
                                        .received_octets = 122'500'000,
                                        .congestion = {},
                                        .error = {},
                                        .intervals = {{0, 490'000'000, 3, 40'000}}};
        return record;
    }
    std::vector<std::string> events() {
        std::vector<std::string> out;
        const auto all = journal_->events({});
        for (const auto& event : *all)
            if (event.type.starts_with("Throughput")) out.push_back(event.type + " " + event.subject);
        return out;
    }

    agent::TestAgents agents_{"throughput"};
    Guarded<std::optional<std::vector<std::string>>> traced_;  ///< from anywhere to anywhere
    std::atomic<std::uint64_t> traced_revision_ = 0;
    data::TestArchive archive_;
    platform::Api api_;
    platform::Metrics metrics_;
    net::LoopPool loops_{1};
    int status_ = 0;
    std::unique_ptr<platform::Service> service_;

  private:
    std::string data_folder_ = folder_.path();

  protected:
    platform::House& house() {
        if (!house_made_)
            house_made_.reset(
                new platform::House{clock_, loops_, *database_, *journal_, archive_, api_, metrics_, data_folder_});
        return *house_made_;
    }
    std::unique_ptr<platform::House> house_made_;
};

TEST_F(ThroughputService, ATestThatIsAskedForGoesToBothEndsAndItsResultIsShown) {
    begin();
    const Value test = wanted();
    ASSERT_EQ(status_, 201) << to_json(test);
    EXPECT_EQ(text(test, "start"), "2011-11-15T12:00:03Z");
    EXPECT_EQ(text(test, "links"), R"(["santiago-panama"])");
    const auto sender = work("santiago").tests, receiver = work("panama").tests;
    ASSERT_EQ(sender.size(), 1U);
    ASSERT_EQ(receiver.size(), 1U);
    EXPECT_EQ(sender[0].end, End::sender);
    EXPECT_EQ(sender[0].peer.text(), "10.0.0.2");
    EXPECT_EQ(sender[0].port, kIperfPort);
    EXPECT_EQ(receiver[0].end, End::receiver);
    EXPECT_EQ(receiver[0].peer.text(), "10.0.0.1");
    EXPECT_GT(agents_.invalidated, 0);

    ASSERT_TRUE(deliver("panama", 1, {told(1, End::receiver)}));
    EXPECT_EQ(text(*get("/api/v1/measure/tests/1").find("test"), "state"), "planned") << "the sender has not spoken";
    ASSERT_TRUE(deliver("santiago", 1, {told(1, End::sender)}));
    EXPECT_EQ(text(*get("/api/v1/measure/tests/1").find("test"), "state"), "done");
    // The same again changes nothing; nor does the word of somebody else.
    ASSERT_TRUE(deliver("santiago", 1, {told(1, End::sender, "no")}));
    ASSERT_TRUE(deliver("panama", 2, {told(1, End::sender, "no")}));
    const auto results = items("/api/v1/measure/throughput?from=santiago&to=panama");
    ASSERT_EQ(results.size(), 1U);
    EXPECT_EQ(text(results[0], "received_bps"), "490000000");
    EXPECT_EQ(text(results[0], "ok"), "true");
    EXPECT_EQ(text(get("/api/v1/measure/calendar/proof"), "kept"), "true");
    EXPECT_TRUE(events().empty());
    // Both ends are quiet: their place is free before its time.
    EXPECT_EQ(text(*get("/api/v1/measure/calendar/check?from=panama&to=santiago").find("test"), "start"),
              "2011-11-15T12:00:03Z");
    const std::string metrics = metrics_.text();
    EXPECT_NE(metrics.find("quipu_throughput_tests_total{outcome=\"done\"} 1"), std::string::npos);
    EXPECT_NE(metrics.find("quipu_throughput_repeats_total 1"), std::string::npos);
    EXPECT_NE(metrics.find("quipu_throughput_malformed_total 1"), std::string::npos);
}

TEST_F(ThroughputService, ATestTakesTheLinksOfItsTracedPath) {
    must_import(R"(
[[sites]]
id = "lima"
name = "Lima"
[[links]]
id = "santiago-lima"
a = "santiago"
b = "lima"
capacity = "10 Gb/s"
activated = 2011-07-06
[[links]]
id = "lima-panama"
a = "lima"
b = "panama"
capacity = "10 Gb/s"
activated = 2011-07-06
)",
                "2011-07-07");
    begin();
    const std::string at = R"(, "at": "2011-11-15T18:00:00Z")";
    EXPECT_EQ(text(wanted(at), "links"), R"(["santiago-panama"])");
    traced_.with([](auto& sites) { sites = std::vector<std::string>{"lima"}; });
    ++traced_revision_;
    // The watch looks once a second.
    Value test;
    for (int i = 0; i < 1000 && text(test, "traced") != "true"; ++i) {
        test = *get("/api/v1/measure/tests/1").find("test");
        ::poll(nullptr, 0, 10);
    }
    EXPECT_EQ(text(test, "links"), R"(["santiago-lima","lima-panama"])");
}

TEST_F(ThroughputService, ARefusalExplainsItself) {
    begin();
    wanted();
    const Value refused = wanted(R"(, "at": "2011-11-15T12:00:06Z")");
    EXPECT_EQ(status_, 409);
    EXPECT_EQ(text(refused, "detail"),
              "the test from santiago to panama at 2011-11-15T12:00:06Z finds no place: santiago is in use by test 1 "
              "(santiago to panama) from 2011-11-15T12:00:01Z to 2011-11-15T12:00:13Z");
    EXPECT_EQ(text(refused, "hint"), "the next free start is 2011-11-15T12:00:15Z");
    EXPECT_EQ(items("/api/v1/measure/calendar/refusals").size(), 1U);
    EXPECT_EQ(events(), std::vector<std::string>{"ThroughputTestRefused pair:santiago/panama"});
    const Value answer = get("/api/v1/measure/calendar/check?from=panama&to=santiago&at=2011-11-15T12:00:06Z");
    EXPECT_EQ(text(answer, "free"), "false");
    EXPECT_EQ(text(*answer.find("refusal"), "reason"), "end-busy");
    EXPECT_EQ(items("/api/v1/measure/calendar/refusals").size(), 1U) << "a question is no refusal";
    EXPECT_EQ(text(get("/api/v1/measure/calendar/check?from=panama&to=santiago"), "free"), "true");
    ask(net::Method::delete_, "/api/v1/measure/tests/1");
    EXPECT_EQ(status_, 204);
    EXPECT_TRUE(work("santiago").tests.empty());
    ask(net::Method::delete_, "/api/v1/measure/tests/1");
    EXPECT_EQ(status_, 409);
    ask(net::Method::delete_, "/api/v1/measure/tests/7");
    EXPECT_EQ(status_, 404);
}

TEST_F(ThroughputService, WhatCanNotBeIsSaid) {
    join("atlantis", "10.0.0.3");
    begin();
    const auto refused = [&](std::string body) {
        const Value answer = ask(net::Method::post, "/api/v1/measure/tests", std::move(body));
        return std::to_string(status_) + " " + text(answer, "detail");
    };
    EXPECT_EQ(refused(R"({"from": "santiago", "to": "nowhere"})"), R"(400 there is no site "nowhere")");
    EXPECT_EQ(refused(R"({"from": "santiago", "to": "santiago"})"), "400 is where it comes from");
    EXPECT_EQ(refused(R"({"from": "santiago", "to": "panama", "protocol": "udp"})"), "400 udp needs a rate");
    EXPECT_TRUE(refused(R"({"from": "santiago", "to": "panama", "duration": "10min"})").starts_with("400"));
    EXPECT_TRUE(refused(R"({"from": "santiago", "to": "panama", "duration": "1500ms"})").starts_with("400"));
    get("/api/v1/measure/throughput?cursor=rubbish");
    EXPECT_EQ(status_, 400);
    EXPECT_EQ(service_->parse(*parse_toml("interval = \"1s\"", "q"), "q").error().code, ErrorCode::invalid);
    EXPECT_EQ(service_->parse(*parse_toml("protocol = \"udp\"", "q"), "q").error().code, ErrorCode::invalid);
    EXPECT_EQ(service_->parse(*parse_toml("pairs = [\"a\"]", "q"), "q").error().code, ErrorCode::invalid);
}

TEST_F(ThroughputService, APointWithoutIperfTakesNoPart) {
    ASSERT_TRUE(import(R"(
[[sites]]
id = "lima"
name = "Lima"
)"));
    join("lima", "10.0.0.3", "");
    begin();
    for (int i = 0; i < 1000 && items("/api/v1/measure/calendar/points").size() < 3; ++i)
        ::poll(nullptr, 0, 10);
    const Value answer = ask(net::Method::post, "/api/v1/measure/tests", R"({"from": "santiago", "to": "lima"})");
    EXPECT_EQ(status_, 409);
    EXPECT_EQ(text(answer, "detail"), "lima can't test now: it has no iperf3");
}

TEST_F(ThroughputService, AFailureSaysWhatBothEndsTold) {
    begin();
    wanted();
    ASSERT_TRUE(deliver("panama", 1, {told(1, End::receiver, "port 5201 is taken")}));
    EXPECT_EQ(text(*get("/api/v1/measure/tests/1").find("test"), "state"), "failed");
    ASSERT_TRUE(deliver("santiago", 1, {told(1, End::sender, "nobody listens")}));
    const Value result = *get("/api/v1/measure/tests/1").find("result");
    EXPECT_EQ(text(result, "error"), "santiago: nobody listens; panama: port 5201 is taken");
    EXPECT_EQ(events(), std::vector<std::string>{"ThroughputTestFailed pair:santiago/panama"});
    ASSERT_TRUE(deliver_texts("santiago", 2, {"rubbish"}));
}

TEST_F(ThroughputService, APairThatCarriesLessIsToldOnce) {
    const Time noon = *parse_time("2011-11-15T12:00:00Z");
    ASSERT_TRUE(database_->write([&](data::Transaction& transaction) -> Result<void> {
        for (int i = 1; i <= 63; ++i) {
            ThroughputTest test;
            test.id = i;
            test.from = "santiago";
            test.to = "panama";
            test.start = test.begins = test.until = noon - std::chrono::hours(6 * (63 - i));
            test.handed_out = true;
            TRY(Store::keep(transaction, test));
            if (i > 60) continue;
            ThroughputResult result = empty_result(test);
            result.ok = true;
            result.received_bps = 900'000'000 + 10'000'000 * (i % 3);
            TRY(Store::keep(transaction, result));
        }
        return {};
    }));
    begin();
    ASSERT_TRUE(deliver("santiago", 1, {told(61, End::sender), told(62, End::sender)}));
    EXPECT_EQ(events(), std::vector<std::string>{}) << "two slow tests are no news";
    ASSERT_TRUE(deliver("santiago", 3, {told(63, End::sender)}));
    ASSERT_TRUE(deliver("santiago", 3, {told(63, End::sender)}));
    EXPECT_EQ(events(), std::vector<std::string>{"ThroughputFell pair:santiago/panama"});
    const auto fell = journal_->events({.type = "ThroughputFell"});
    ASSERT_EQ(fell->size(), 1U);
    EXPECT_EQ(text(fell->front().body, "after_bps"), "490000000");
    EXPECT_EQ(text(fell->front().body, "since"), "2011-11-15T00:00:00Z");
    EXPECT_EQ(text(fell->front().body, "test"), "63");
}

TEST_F(ThroughputService, RegularTestsFillTheDayAndStayAfterARestart) {
    begin("interval = \"1h\"");
    const auto in_a_day = [&] {
        std::string out;
        for (const Value& test : items("/api/v1/measure/calendar?since=2011-11-15T12:00:00Z"))
            out += text(test, "id") + " " + text(test, "start") + " " + text(test, "origin") + "\n";
        return out;
    };
    for (int i = 0; i < 1000 && in_a_day().empty(); ++i)
        ::poll(nullptr, 0, 10);
    const std::string before = in_a_day();
    const auto count = std::ranges::count(before, '\n');
    EXPECT_GE(count, 46);
    EXPECT_LE(count, 48);
    EXPECT_EQ(text(get("/api/v1/measure/calendar/proof"), "kept"), "true");
    end();
    begin("interval = \"1h\"");
    ::poll(nullptr, 0, 1200);
    EXPECT_TRUE(in_a_day().find(before.substr(0, before.find('\n'))) != std::string::npos);
    EXPECT_LE(std::ranges::count(in_a_day(), '\n'), 48);
    end();
    begin("enabled = false");
    EXPECT_LE(std::ranges::count(in_a_day(), '\n'), 4) << "what was handed out alone stays";
}

}  // namespace
}  // namespace quipu::throughput
