#include "services/measure/service.h"

#include <array>
#include <gtest/gtest.h>
#include <poll.h>

#include "agent/test_agents.h"
#include "data/test_archive.h"
#include "events/events.h"
#include "registry/test_registry.h"
#include "services/measure/assignment.h"
#include "services/measure/codec_point.h"
#include "services/measure/codec_record.h"
#include "services/measure/evidence.h"
#include "services/measure/figures.h"
#include "services/measure/path/codec_record.h"
#include "services/measure/path_history.h"
#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

class Service : public registry::RegistryTest {
  protected:
    void SetUp() override {
        RegistryTest::SetUp();
        std::vector<data::Migration> all = kPathMigrations;
        all.insert(all.end(), kEvidenceMigrations.begin(), kEvidenceMigrations.end());
        const auto made = database_->migrate(all);
        ASSERT_TRUE(made) << made.error().text();
        must_import(registry::kSmallNetwork, "2011-07-06");
        begin();
    }
    void TearDown() override { end(); }

    void begin() {
        service_ = make_service(agents_, [this]() -> registry::Registry& { return *registry_; });
        ASSERT_TRUE(service_->parse({}, "quipu.toml"));
        ASSERT_TRUE(service_->provision(house()));
        const auto started = service_->start();
        ASSERT_TRUE(started) << started.error().text();
    }
    void end() {
        if (!service_) return;
        service_->drain();
        service_->stop();
        service_.reset();
    }
    void join(std::string site, std::string_view address) {
        agents_.join(std::move(site), to_value(PointFacts{.addresses = {*net::IpAddress::parse(address)}}));
    }
    void join_both() {
        join("santiago", "10.0.0.1");
        join("panama", "10.0.0.2");
        for (int i = 0; i < 1000 && agents_.work("santiago").is_null(); ++i)
            ::poll(nullptr, 0, 10);
    }
    /// Minute `number` from santiago to panama.
    static std::vector<std::uint8_t> minute(int number, std::uint32_t received = 90, std::int64_t delay = 20'000'000,
                                            std::int16_t ttl = 255, std::string from = "santiago") {
        MinuteRecord r{
            .from = std::move(from), .minute = first() + kMinute * number, .scheduled = 90, .received = received};
        if (received > 0) {
            r.delay_min = r.delay_p05 = r.delay_p25 = r.delay_median = r.delay_p75 = r.delay_p95 = r.delay_p99 =
                r.delay_max = delay;
            r.ttl = ttl;
            r.delays.add(delay, received);
        }
        r.clock_error = 1000;
        ByteWriter out;
        write_record(out, r);
        return out.take();
    }
    static Time first() { return registry::at_noon("2011-11-15") - 20 * kMinute; }

    Value get(std::string target) {
        net::HttpRequest request;
        request.target = target;
        if (const auto question = target.find('?'); question != std::string::npos) {
            for (std::string rest = target.substr(question + 1); !rest.empty();) {
                const auto end = std::min(rest.find('&'), rest.size());
                const auto equals = rest.find('=');
                request.query.emplace_back(rest.substr(0, equals), rest.substr(equals + 1, end - equals - 1));
                rest = end == rest.size() ? "" : rest.substr(end + 1);
            }
            target.resize(question);
        }
        request.path = target;
        auto task = api_.handle(request);
        task.await_suspend(std::noop_coroutine()).resume();
        const auto response = task.await_resume();
        status_ = response.status;
        const auto* text = std::get_if<std::string>(&response.body);
        const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&response.body);
        const auto value = parse_json(text != nullptr ? *text : shared != nullptr ? **shared : "null");
        EXPECT_TRUE(value);
        return value ? *value : Value();
    }
    static std::size_t count(const Value& list) {
        return list.find("items") == nullptr ? 0 : list.find("items")->if_array()->size();
    }
    static std::string text(const Value& object, std::string_view key) {
        return object.find(key) == nullptr ? "absent" : to_json(*object.find(key));
    }
    std::vector<std::string> events(std::string_view subjects = "pair:") {
        std::vector<std::string> out;
        const auto all = journal_->events({});
        for (const auto& event : *all)
            if (event.subject.starts_with(subjects)) out.push_back(event.type + " " + event.subject);
        return out;
    }

    agent::TestAgents agents_{"measure"};
    data::TestArchive archive_;
    platform::Api api_;
    platform::Metrics metrics_;
    net::LoopPool loops_{1};
    int status_ = 0;
    std::unique_ptr<platform::Service> service_;

  private:
    std::string data_folder_ = folder_.path();

  protected:
    // Made when first used: the database is opened in SetUp.
    platform::House& house() {
        if (!house_made_) {
            house_made_.reset(
                new platform::House{clock_, loops_, *database_, *journal_, archive_, api_, metrics_, data_folder_});
            house_made_->dns_names = std::make_shared<net::DnsNames>(clock_, [](const net::IpAddress& address) {
                return net::DnsName{"r" + std::to_string(address.octets()[3]) + ".example.net", std::chrono::hours(1)};
            });
        }
        return *house_made_;
    }
    std::unique_ptr<platform::House> house_made_;
};

TEST_F(Service, TwoPointsJoinTheMeshByThemselves) {
    EXPECT_TRUE(agents_.work("santiago").is_null());
    join_both();
    const auto work = read<Assignment>(agents_.work("santiago"));
    ASSERT_TRUE(work) << work.error().text();
    ASSERT_EQ(work->send.size(), 1U);
    EXPECT_EQ(work->send[0].site, "panama");
    EXPECT_EQ(work->send[0].per_minute, 90U);
    EXPECT_GE(agents_.invalidated, 1);
    EXPECT_EQ(count(get("/api/v1/measure/pairs")), 2U);
    // Somebody whose id is no site of the registry does not.
    join("atlantis", "10.0.0.3");
    ::poll(nullptr, 0, 1500);
    EXPECT_EQ(count(get("/api/v1/measure/pairs")), 2U);
    EXPECT_TRUE(agents_.work("atlantis").is_null());
}

TEST_F(Service, AHubThatWasAwayForLongWaitsForItsAgents) {
    end();
    join("santiago", "10.0.0.1");
    join("panama", "10.0.0.2");
    for (const char* site : {"santiago", "panama"})
        agents_.leave(site, clock_.now() - std::chrono::hours(2));
    begin();
    const auto comes_true = [&](bool is_null) {
        for (int i = 0; i < 1000 && agents_.work("santiago").is_null() != is_null; ++i)
            ::poll(nullptr, 0, 10);
        return agents_.work("santiago").is_null() == is_null;
    };
    ASSERT_TRUE(comes_true(false));
    const auto work = read<Assignment>(agents_.work("santiago"));
    ASSERT_TRUE(work) << work.error().text();
    EXPECT_EQ(work->send.size(), 1U) << "its session goes on";
    clock_.advance(std::chrono::minutes(31));
    EXPECT_TRUE(comes_true(true)) << "it did not come back";
}

TEST_F(Service, ShowsWhatWasMeasured) {
    join_both();
    std::vector<std::vector<std::uint8_t>> batch;
    for (int i = 0; i < 20; ++i)
        batch.push_back(minute(i));
    ASSERT_TRUE(agents_.deliver("panama", kMinuteStream, 1, batch));
    const Value pair = get("/api/v1/measure/pairs/santiago/panama");
    EXPECT_EQ(text(pair, "state"), "\"good\"");
    EXPECT_EQ(text(pair, "sent"), "90");
    EXPECT_EQ(text(pair, "lost"), "0");
    EXPECT_EQ(text(pair, "delay_median_us"), "20000");
    EXPECT_EQ(text(pair, "clock_error_us"), "1");
    EXPECT_EQ(text(pair, "time"), "\"2011-11-15T11:59:00Z\"");
    EXPECT_EQ(count(get("/api/v1/measure/records?from=santiago&to=panama")), 20U);
    EXPECT_EQ(count(get("/api/v1/measure/records?from=santiago&to=panama&step=600")), 2U);
    const Value page = get("/api/v1/measure/records?from=santiago&to=panama&limit=15");
    EXPECT_EQ(count(page), 15U);
    EXPECT_EQ(count(get("/api/v1/measure/records?from=santiago&to=panama&limit=15&cursor=" +
                        *page.find("next")->if_string())),
              5U);
    EXPECT_EQ(text(get("/api/v1/measure/summary"), "pairs_good"), "1");
    EXPECT_EQ(text(get("/api/v1/measure/summary"), "links_up"), "1");
    EXPECT_EQ(count(get("/api/v1/measure/pairs?as_of_time=2011-11-15T11:45:00Z")), 2U);
    EXPECT_EQ(count(get("/api/v1/measure/links")), 1U);
}

TEST_F(Service, TellsOfPairsOverALongerTime) {
    join_both();
    std::vector<std::vector<std::uint8_t>> batch;
    for (int i = 0; i < 20; ++i)
        batch.push_back(minute(i));
    ASSERT_TRUE(agents_.deliver("panama", kMinuteStream, 1, batch));
    const auto pair = [&](const std::string& query) {
        const Value page = get("/api/v1/measure/pairs?from=santiago&to=panama&" + query);
        return (*page.find("items")->if_array())[0];
    };
    const Value minute = pair("as_of_time=2011-11-15T11:50:30Z");
    EXPECT_EQ(text(minute, "sent"), "90");
    EXPECT_EQ(text(minute, "time"), "\"2011-11-15T11:49:00Z\"");
    const Value hour = pair("span=hour");
    EXPECT_EQ(text(hour, "sent"), "1800");
    EXPECT_EQ(text(hour, "step_s"), "3600");
    EXPECT_EQ(text(hour, "delay_median_us"), "20000");
    EXPECT_EQ(text(hour, "state"), "\"good\"");
    EXPECT_EQ(text(pair("span=week&as_of_time=2011-11-15T11:45:00Z"), "sent"), "450");
    EXPECT_EQ(text(pair("span=day&as_of_time=2011-11-14T11:45:00Z"), "state"), "\"unknown\"");
    get("/api/v1/measure/pairs?span=year");
    EXPECT_EQ(status_, 400);
}

TEST_F(Service, TellsFloorQualityHistogramsAndAStatement) {
    must_import(R"(
[[links]]
id = "santiago-panama"
a = "santiago"
b = "panama"
capacity = "STM-4"
length = "3000 km"
planned = 2011-01-15
activated = 2011-07-06
)",
                "2011-07-06");
    join_both();
    std::vector<std::vector<std::uint8_t>> batch;
    for (int i = 0; i < 20; ++i)
        batch.push_back(minute(i));
    ASSERT_TRUE(agents_.deliver("panama", kMinuteStream, 1, batch));
    for (int i = 0; i < 500 && text(get("/api/v1/measure/pairs/santiago/panama"), "floor_us") == "absent"; ++i)
        ::poll(nullptr, 0, 10);
    const Value pair = get("/api/v1/measure/pairs/santiago/panama");
    EXPECT_EQ(text(pair, "floor_us"), "15000");
    EXPECT_EQ(text(pair, "above_floor_us"), "5000");
    EXPECT_EQ(text(*pair.find("quality"), "bulk"), "\"good\"");
    const Value links = get("/api/v1/measure/links");
    EXPECT_EQ(text((*links.find("items")->if_array())[0], "floor_us"), "15000");
    const Value then = get("/api/v1/measure/pairs?as_of_time=2011-11-15T11:45:00Z&from=santiago");
    EXPECT_EQ(text((*then.find("items")->if_array())[0], "floor_us"), "15000");

    EXPECT_EQ(count(get("/api/v1/measure/profiles")), 3U);
    const Value heat = get("/api/v1/measure/histograms?from=santiago&to=panama&step=600");
    EXPECT_EQ(heat.find("steps")->if_array()->size(), 2U);
    get("/api/v1/measure/histograms?from=santiago&to=panama&step=60");
    EXPECT_EQ(status_, 400);

    const Value statement = get("/api/v1/measure/statement/uchile?language=en");
    EXPECT_EQ(statement.find("destinations")->if_array()->size(), 1U);
    EXPECT_EQ(statement.find("outages")->if_array()->size(), 0U);
    // One that began before the time that is told of, and is not over after it.
    ASSERT_TRUE(journal_->append("site:santiago",
                                 events::OutageBegan{{.outage = 1, .cause = "site:santiago", .severity = "major"}}));
    const Value later =
        get("/api/v1/measure/statement/uchile?language=en&since=2011-11-16T00:00:00Z"
            "&until=2011-11-17T00:00:00Z");
    ASSERT_EQ(later.find("outages")->if_array()->size(), 1U);
    EXPECT_EQ(text((*later.find("outages")->if_array())[0], "ended"), "absent");
    EXPECT_EQ(text(statement, "via"), "\"reuna\"");
    EXPECT_NE(statement.find("text")->if_string()->find("Of 1,800 packets, none was lost."), std::string::npos)
        << *statement.find("text")->if_string();
    get("/api/v1/measure/statement/nobody");
    EXPECT_EQ(status_, 404);
    get("/api/v1/measure/statement/reuna?since=2010-01-01T00:00:00Z");
    EXPECT_EQ(status_, 400);
}

TEST_F(Service, ErrorsSayWhatIsMissing) {
    get("/api/v1/measure/pairs/santiago/atlantis");
    EXPECT_EQ(status_, 404);
    get("/api/v1/measure/pairs/santiago/panama");
    EXPECT_EQ(status_, 404);
    get("/api/v1/measure/records?from=santiago");
    EXPECT_EQ(status_, 400);
    get("/api/v1/measure/records?from=santiago&to=panama&step=7");
    EXPECT_EQ(status_, 400);
    get("/api/v1/measure/records?from=santiago&to=panama&since=2012-01-01T00:00:00Z&until=2011-01-01T00:00:00Z");
    EXPECT_EQ(status_, 400);
    get("/api/v1/measure/records?from=santiago&to=panama&cursor=rubbish");
    EXPECT_EQ(status_, 400);
}

TEST_F(Service, AChangeForGoodStandsInTheJournalOnceAcrossRestarts) {
    join_both();
    std::vector<std::vector<std::uint8_t>> batch;
    for (int i = 0; i < 16; ++i)
        batch.push_back(minute(i));
    batch.push_back(minute(16, 60));
    batch.push_back(minute(17, 90, 35'000'000, 252));
    batch.push_back(minute(18, 90, 35'000'000, 252));
    ASSERT_TRUE(agents_.deliver("panama", kMinuteStream, 1, batch));
    const std::vector<std::string> expected{"LossBegan pair:santiago/panama", "DelayRose pair:santiago/panama",
                                            "LossEnded pair:santiago/panama"};
    EXPECT_EQ(events(), expected);
    EXPECT_EQ(text(get("/api/v1/measure/links"), "items").find("\"state\":\"down\"") != std::string::npos, true);
    // The minutes around it were kept with it.
    const auto rose = journal_->events({.type = "DelayRose"});
    ASSERT_EQ(rose->size(), 1U);
    const auto* id = rose->front().body.find("evidence")->if_string();
    EXPECT_EQ(text(rose->front().body, "rerouted"), "true");
    const Value evidence = get("/api/v1/measure/evidence/" + *id);
    EXPECT_EQ(text(evidence, "type"), "\"DelayRose\"");
    EXPECT_EQ(evidence.find("forward")->if_array()->size(), 19U);
    get("/api/v1/measure/evidence/none");
    EXPECT_EQ(status_, 404);
    const Value first = get("/api/v1/measure/evidence?limit=2");
    EXPECT_EQ(count(first), 2U);
    EXPECT_EQ(count(get("/api/v1/measure/evidence?limit=2&cursor=" + *first.find("next")->if_string())), 1U);
    const Value only = get("/api/v1/measure/evidence?type=DelayRose&from=santiago");
    ASSERT_EQ(count(only), 1U);
    EXPECT_EQ(text((*only.find("items")->if_array())[0], "id"), "\"" + *id + "\"");
    EXPECT_EQ(count(get("/api/v1/measure/evidence?to=santiago")), 0U);
    ASSERT_TRUE(agents_.deliver("panama", kMinuteStream, 1, batch));
    end();
    begin();
    EXPECT_EQ(events(), expected);
    join_both();
    ASSERT_TRUE(agents_.deliver("panama", kMinuteStream, 20, {minute(19, 90, 35'000'000, 252)}));
    EXPECT_EQ(events(), expected);
}

TEST_F(Service, WhatWasDecidedButNotToldIsToldAfterTheRestart) {
    // The archive has the records, the journal does not have the event: the hub was killed in between.
    end();
    for (int i = 0; i < 20; ++i) {
        const auto bytes = minute(i, 90, i < 18 ? 20'000'000 : 35'000'000);
        ByteReader in(bytes);
        const std::array record{to_archive("santiago/panama", *parse_record(in), 0)};
        ASSERT_TRUE(archive_.append(kMinuteStream, record, std::nullopt));
    }
    begin();
    EXPECT_EQ(events(), std::vector<std::string>{"DelayRose pair:santiago/panama"});
    end();
    begin();
    EXPECT_EQ(events().size(), 1U);
}

TEST_F(Service, EachMinuteTellsItsPath) {
    join_both();
    const auto traced = [](Time time, std::vector<std::string_view> hops) {
        path::TracedPath out{.to = "panama"};
        out.record.time = time;
        out.record.reached = true;
        for (const auto hop : hops)
            out.record.hops.push_back({.addresses = {*net::IpAddress::parse(hop)}, .sent = 1, .received = 1});
        ByteWriter bytes;
        path::write_path(bytes, out);
        return bytes.take();
    };
    ASSERT_TRUE(agents_.deliver("panama", kMinuteStream, 1, {minute(0), minute(1), minute(2), minute(3)}));
    ASSERT_TRUE(agents_.deliver(
        "santiago", path::kPathStream, 1,
        {traced(first() + kMinute, {"10.0.0.2"}), traced(first() + kMinute * 5 / 2, {"192.0.2.7", "10.0.0.2"})}));
    const Value paths = get("/api/v1/measure/paths?from=santiago&to=panama");
    ASSERT_EQ(count(paths), 2U);
    const auto& list = *paths.find("items")->if_array();
    const std::string latest = text(list[0], "id"), before = text(list[1], "id");
    EXPECT_EQ(text(list[0], "until"), "absent");
    EXPECT_EQ(text(list[1], "until"), text(list[0], "since"));
    const auto& hop = (*list[1].find("hops")->if_array())[0];
    EXPECT_EQ(text(hop, "site"), "\"panama\"");
    EXPECT_EQ(text(hop, "dns_name"), "\"\"");
    EXPECT_EQ(text((*list[0].find("hops")->if_array())[0], "dns_name"), "\"r7.example.net\"");
    EXPECT_EQ(text(hop, "link"), "\"santiago-panama\"");
    EXPECT_EQ(text(hop, "organisation"), "\"clara\"");
    const Value records = get("/api/v1/measure/records?from=santiago&to=panama");
    std::vector<std::string> told;
    for (const Value& record : *records.find("items")->if_array())
        told.push_back(text(record, "path"));
    EXPECT_EQ(told, (std::vector<std::string>{"absent", before, before, latest}));
    EXPECT_EQ(text(get("/api/v1/measure/pairs/santiago/panama"), "path"), latest);
    EXPECT_EQ(text(get("/api/v1/measure/pairs"), "items").find(latest) != std::string::npos, true);
    EXPECT_EQ(events(), std::vector<std::string>{"PathChanged pair:santiago/panama"});
    // A delay that changes with the way says so, though as many hops are passed as before.
    ASSERT_TRUE(agents_.deliver("panama", kMinuteStream, 5, {minute(4, 90, 35'000'000), minute(5, 90, 35'000'000)}));
    const auto rose = journal_->events({.type = "DelayRose"});
    ASSERT_EQ(rose->size(), 1U);
    EXPECT_EQ(text(rose->front().body, "rerouted"), "true");
    const Value way = get("/api/v1/measure/paths/" + latest.substr(1, 16));
    EXPECT_EQ(way.find("used")->if_array()->size(), 1U);
    get("/api/v1/measure/paths/0000000000000000");
    EXPECT_EQ(status_, 404);
    EXPECT_EQ(
        text((*get("/api/v1/measure/addresses?addresses=10.0.0.1,2001:db8::1").find("items")->if_array())[0], "site"),
        "\"santiago\"");
    EXPECT_EQ(text((*get("/api/v1/measure/addresses?addresses=192.0.2.9").find("items")->if_array())[0], "dns_name"),
              "\"r9.example.net\"");
    get("/api/v1/measure/addresses?addresses=rubbish");
    EXPECT_EQ(status_, 400);
    get("/api/v1/measure/paths?from=santiago&to=atlantis");
    EXPECT_EQ(status_, 404);
}

TEST_F(Service, AnotherTtlMakesTheSenderTrace) {
    join_both();
    const auto orders = [&] { return read<Assignment>(agents_.work("santiago"))->trace; };
    ASSERT_TRUE(agents_.deliver("panama", kMinuteStream, 1, {minute(0), minute(1)}));
    EXPECT_TRUE(orders().empty());
    const int before = agents_.invalidated;
    ASSERT_TRUE(agents_.deliver("panama", kMinuteStream, 3, {minute(2, 90, 20'000'000, 253)}));
    EXPECT_EQ(orders(), (std::vector<TraceOrder>{{"panama", 1}}));
    EXPECT_GT(agents_.invalidated, before);
}

// The clock of one of two is set: it saw that itself, delays move apart, and the network has not changed.
TEST_F(Service, AWrongClockIsNoDelay) {
    join_both();
    std::uint64_t sequence = 0;
    const auto both = [&](int number, std::int64_t ahead, std::int64_t step = 0) {
        ++sequence;
        ByteWriter self;
        write_point(self, {.minute = first() + kMinute * number,
                           .covered = kMinute.count(),
                           .clock = ClockSource::synchronised,
                           .clock_bound = 1000,
                           .clock_step = step,
                           .sent = 90,
                           .late_median = 20'000,
                           .own_drops = step != 0 ? 4 : 0,
                           .processor = 600'000'000,
                           .memory = 9'000'000});
        ASSERT_TRUE(agents_.deliver("panama", kPointStream, sequence, {self.take()}));
        ASSERT_TRUE(agents_.deliver("panama", kMinuteStream, sequence, {minute(number, 90, 20'000'000 + ahead)}));
        ASSERT_TRUE(agents_.deliver("santiago", kMinuteStream, sequence,
                                    {minute(number, 90, 20'000'000 - ahead, 255, "panama")}));
    };
    for (int i = 0; i < 10; ++i)
        both(i, 0);
    both(10, 7'000'000, 7'000'000);
    for (int i = 11; i < 16; ++i)
        both(i, 7'000'000);
    const std::string wrong = "[\"panama\"]";
    EXPECT_EQ(text(get("/api/v1/measure/pairs/santiago/panama"), "clock_fault"), wrong);
    EXPECT_EQ(text(get("/api/v1/measure/summary"), "clock_fault"), wrong);
    EXPECT_NE(text(get("/api/v1/measure/links"), "items").find("\"clock_fault\":" + wrong), std::string::npos);
    const Value point = get("/api/v1/measure/points/panama");
    EXPECT_EQ(text(point, "state"), "\"clock_wrong\"");
    EXPECT_EQ(text(point, "clock_fault_us"), "7000");
    EXPECT_EQ(text(point, "clock_fault_since"), "\"2011-11-15T11:50:00Z\"");
    EXPECT_EQ(text(point, "late_median_us"), "20");
    EXPECT_EQ(text(point, "processor"), "0.01");
    EXPECT_EQ(count(get("/api/v1/measure/points")), 2U);
    EXPECT_EQ(count(get("/api/v1/measure/points?state=clock_wrong")), 1U);
    const Value records = get("/api/v1/measure/records?from=panama&to=santiago");
    std::size_t marked = 0;
    for (const Value& record : *records.find("items")->if_array())
        marked += text(record, "clock_fault") == wrong ? 1 : 0;
    EXPECT_EQ(marked, 6U);
    EXPECT_EQ(text(records.find("items")->if_array()->back(), "own_drops"), "0");
    const Value hour = get("/api/v1/measure/pairs?span=hour&from=panama");
    EXPECT_EQ(text((*hour.find("items")->if_array())[0], "clock_fault"), wrong);
    const Value statement = get("/api/v1/measure/statement/reuna?language=en");
    const Value& there = *(*statement.find("destinations")->if_array())[0].find("there");
    EXPECT_EQ(text(there, "clock_fault"), wrong);
    EXPECT_EQ(text(there, "clock_fault_hours"), "1");
    EXPECT_EQ(text(there, "delay_median_us"), "absent");
    EXPECT_NE(statement.find("text")->if_string()->find("was wrong: the delays of those hours"), std::string::npos)
        << *statement.find("text")->if_string();
    // A restart forgets nothing and tells nothing twice.
    end();
    begin();
    join_both();
    EXPECT_EQ(text(get("/api/v1/measure/pairs/santiago/panama"), "clock_fault"), wrong);
    for (int i = 16; i < 20; ++i)
        both(i, 0);
    EXPECT_EQ(text(get("/api/v1/measure/pairs/santiago/panama"), "clock_fault"), "[]");
    EXPECT_EQ(events(), std::vector<std::string>{});
    EXPECT_EQ(events("site:"), (std::vector<std::string>{"ClockWentWrong site:panama", "ClockRightAgain site:panama"}));
    EXPECT_EQ(count(get("/api/v1/measure/points/panama/records")), 20U);
    get("/api/v1/measure/points/atlantis");
    EXPECT_EQ(status_, 404);
    EXPECT_NE(metrics_.text().find("quipu_measure_point_clock_wrong{site=\"panama\"} 0"), std::string::npos);
}

TEST_F(Service, WhatAPointDropsItselfIsNotLost) {
    join_both();
    MinuteRecord record{.from = "santiago", .minute = first(), .scheduled = 90, .received = 60, .own_drops = 30};
    record.delays.add(20'000'000, 60);
    ByteWriter out;
    write_record(out, record);
    ASSERT_TRUE(agents_.deliver("panama", kMinuteStream, 1, {out.take()}));
    const Value records = get("/api/v1/measure/records?from=santiago&to=panama");
    const Value& minute = records.find("items")->if_array()->front();
    EXPECT_EQ(text(minute, "sent"), "60");
    EXPECT_EQ(text(minute, "lost"), "0");
    EXPECT_EQ(text(minute, "own_drops"), "30");
    EXPECT_EQ(events(), std::vector<std::string>{});
}

TEST_F(Service, AFullDiskIsNoAcknowledgement) {
    join_both();
    archive_.fail_next = 1;
    const auto taken = agents_.deliver("panama", kMinuteStream, 1, {minute(0)});
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, ErrorCode::exhausted);
    EXPECT_TRUE(agents_.deliver("panama", kMinuteStream, 1, {minute(0)}));
}

}  // namespace
}  // namespace quipu::measure
