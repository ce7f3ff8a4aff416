#include "services/measure/exchange/service.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/file_body.h"
#include "registry/test_registry.h"
#include "services/measure/exchange/lookup.h"
#include "services/measure/figures.h"
#include "services/measure/path/codec_record.h"
#include "services/measure/path_history.h"
#include "services/measure/rollup.h"
#include "services/measure/schedule.h"
#include "services/measure/store_points.h"
#include "services/measure/store_raw.h"
#include "services/measure/throughput/store.h"

namespace quipu::exchange {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ExchangeTest : public registry::RegistryTest {
  protected:
    void SetUp() override {
        RegistryTest::SetUp();
        must_import(registry::kSmallNetwork, "2011-07-06");
        const std::vector schemas = {measure::minute_schema(), measure::hour_schema(), measure::day_schema(),
                                     measure::point_schema()};
        ASSERT_TRUE(database_->migrate(measure::kPathMigrations));
        ASSERT_TRUE(database_->migrate(throughput::kThroughputMigrations));
        archive_ = std::move(data::Archive::open(folder_ / "archive", schemas, clock_).value());
        house_.reset(
            new platform::House{clock_, loops_, *database_, *journal_, *archive_, api_, metrics_, folder_.path()});
        house_->url = [] { return std::string("https://quipu.example.net"); };
        house_->network = "RedCLARA";
        service_ = make_service([this]() -> registry::Registry& { return *registry_; });
        ASSERT_TRUE(service_->parse(*parse_toml(R"(communities = ["GRID"])", "q"), "q"));
        ASSERT_TRUE(service_->provision(*house_));
        std::vector<data::ArchiveRecord> records;
        for (int i = 0; i < 2'500; ++i) {
            measure::MinuteRecord minute{
                .from = "santiago", .minute = first() + i * 1min, .scheduled = 90, .received = 89};
            minute.delay_min = minute.delay_median = minute.delay_max = 20'000'000 + i;
            minute.delays.add(20'000'000, 89);
            minute.ttl = 250;
            records.push_back(measure::to_archive("santiago/panama", minute, 0));
        }
        ASSERT_TRUE(archive_->append(measure::kMinuteStream, records, std::nullopt));
    }
    static Time first() { return registry::at_noon("2011-11-13"); }

    std::string ask(net::Method method, std::string path, std::vector<std::pair<std::string, std::string>> query,
                    std::string body = {}) {
        net::HttpRequest request;
        request.method = method;
        request.path = request.target = std::move(path);
        request.query = std::move(query);
        request.body = std::move(body);
        auto task = api_.handle(request);
        task.await_suspend(std::noop_coroutine()).resume();
        const auto response = task.await_resume();
        status_ = response.status;
        if (const auto* file = std::get_if<net::FileBody>(&response.body)) {
            std::string out(file->file->size, '\0');
            EXPECT_EQ(::pread(file->file->fd.get(), out.data(), out.size(), 0), static_cast<ssize_t>(out.size()));
            return out;
        }
        const auto* text = std::get_if<std::string>(&response.body);
        return text != nullptr ? *text : "";
    }
    std::string exported(std::vector<std::pair<std::string, std::string>> query) {
        return ask(net::Method::get, "/api/v1/measure/export", std::move(query));
    }

    std::string soap(std::string_view type, std::string_view more) {
        return ask(
            net::Method::post, "/services/MA/HADES", {},
            fmt::format(R"(<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><n:message )"
                        R"(xmlns:n="http://ggf.org/ns/nmwg/base/2.0/" type="{}"><n:metadata id="m">)"
                        R"(<n:eventType>http://ggf.org/ns/nmwg/tools/hades/</n:eventType><n:parameters id="p">{})"
                        R"(</n:parameters></n:metadata><n:data id="d" metadataIdRef="m"/></n:message></e:Body>)"
                        R"(</e:Envelope>)",
                        type, more));
    }

    platform::Api api_;
    platform::Metrics metrics_;
    net::LoopPool loops_{1};
    std::unique_ptr<data::Archive> archive_;
    std::unique_ptr<platform::House> house_;
    std::unique_ptr<platform::Service> service_;
    int status_ = 0;
};

TEST_F(ExchangeTest, ExportsAllMinutesOnceInOrder) {
    const std::string csv = exported({{"since", format_time(first())}, {"until", format_time(first() + 3'000min)}});
    EXPECT_EQ(status_, 200);
    EXPECT_EQ(std::ranges::count(csv, '\n'), 2'501);
    EXPECT_TRUE(csv.starts_with("from,to,time,"));
    EXPECT_TRUE(csv.ends_with("\r\n"));
    const std::string lines = exported({{"format", "jsonl"},
                                        {"from", "santiago"},
                                        {"to", "panama"},
                                        {"since", format_time(first())},
                                        {"until", format_time(first() + 3'000min)}});
    EXPECT_EQ(std::ranges::count(lines, '\n'), 2'500);
    const std::string hours = exported({{"format", "jsonl"},
                                        {"since", format_time(first())},
                                        {"until", format_time(first() + 3'000min)},
                                        {"step", "3600"}});
    EXPECT_EQ(std::ranges::count(hours, '\n'), 42);
    const std::string results =
        exported({{"format", "pscheduler"}, {"since", format_time(first())}, {"until", format_time(first() + 2min)}});
    EXPECT_EQ(std::ranges::count(results, '\n'), 2);
    EXPECT_THAT(results, HasSubstr(R"("type":"latencybg")"));
    EXPECT_EQ(std::ranges::count(exported({{"from", "panama"}}), '\n'), 1) << "nothing was measured from there";
}

TEST_F(ExchangeTest, WaysAndTestsOfThroughputAreResultsOfPscheduler) {
    measure::PathHistory history(*database_, *journal_);
    path::TracedPath traced{.to = "panama"};
    traced.record.time = first();
    traced.record.reached = true;
    traced.record.hops.push_back({.ttl = 1, .sent = 3});
    traced.record.hops.push_back({.ttl = 2,
                                  .addresses = {*net::IpAddress::parse("10.0.2.1")},
                                  .sent = 3,
                                  .received = 3,
                                  .rtt_median_us = 20'500});
    ByteWriter bytes;
    path::write_path(bytes, traced);
    const auto payload = bytes.take();
    agent::StreamBatch batch{
        .agent = "santiago", .spool = "s", .stream = "measure.path", .first_sequence = 1, .payloads = {}};
    batch.payloads.emplace_back(payload);
    ASSERT_TRUE(history.take(batch, clock_.now()));
    const throughput::ThroughputResult result{.test = 1,
                                              .from = "santiago",
                                              .to = "panama",
                                              .start = first() + 1h,
                                              .streams = 4,
                                              .duration_us = 2'000'000,
                                              .ok = true,
                                              .sent_bps = 500'000'000,
                                              .received_bps = 490'000'000,
                                              .intervals = {{0, 490'000'000, 3, 40'000}, {1, 510'000'000, 0, 41'000}}};
    ASSERT_TRUE(
        database_->write([&](data::Transaction& transaction) { return throughput::Store::keep(transaction, result); }));

    // A stay that goes on belongs to every day of it.
    const std::string traces =
        exported({{"format", "pscheduler"}, {"test", "trace"}, {"since", format_time(first() + 24h)}});
    EXPECT_EQ(status_, 200);
    EXPECT_EQ(std::ranges::count(traces, '\n'), 1);
    EXPECT_THAT(traces, HasSubstr(R"("type":"trace")"));
    EXPECT_THAT(traces, HasSubstr(R"("paths":[[{},{"ip":"10.0.2.1","rtt":"PT0.0205S")"));
    const std::string tests = exported(
        {{"format", "pscheduler"}, {"test", "throughput"}, {"from", "santiago"}, {"since", format_time(first())}});
    EXPECT_EQ(std::ranges::count(tests, '\n'), 1);
    EXPECT_THAT(tests, HasSubstr(R"("parallel":4)"));
    EXPECT_THAT(tests, HasSubstr(R"("receiver-throughput-bits":4.9e+08)"));
    EXPECT_EQ(exported({{"format", "pscheduler"}, {"test", "throughput"}, {"from", "panama"}}), "");
    exported({{"test", "trace"}});
    EXPECT_EQ(status_, 400) << "as CSV there is no form for it";
    exported({{"format", "pscheduler"}, {"test", "throughput"}, {"step", "3600"}});
    EXPECT_EQ(status_, 400);
}

TEST_F(ExchangeTest, WhatCannotBeExportedIsRefused) {
    exported({{"from", "atlantis"}});
    EXPECT_EQ(status_, 404);
    exported({{"since", "2009-01-01"}, {"until", "2011-01-01"}});
    EXPECT_EQ(status_, 413);
    exported({{"format", "xls"}});
    EXPECT_EQ(status_, 400);
}

TEST_F(ExchangeTest, AnswersMdmClients) {
    EXPECT_THAT(soap("EchoRequest", ""), HasSubstr("success.echo"));
    EXPECT_THAT(soap("MetadataKeyRequest", ""), HasSubstr(R"(name="receiver" value="panama")"));
    const std::string data =
        soap("SetupDataRequest",
             fmt::format(R"(<n:parameter name="sender" value="santiago"/><n:parameter name="receiver" value="panama"/>)"
                         R"(<n:parameter name="startTime" value="{}"/><n:parameter name="endTime" value="{}"/>)",
                         unix_seconds(first()), unix_seconds(first() + 3min)));
    EXPECT_THAT(data, HasSubstr(R"(time="1321185600" min_delay="0.02" med_delay="0.02")"));
    EXPECT_THAT(data, HasSubstr(R"(loss="1" duplicates="0" out_of_order="0" sync="yes")"));
    EXPECT_THAT(soap("SetupDataRequest", ""), HasSubstr("error.ma.parameters"));
    EXPECT_THAT(soap("LSRegisterRequest", ""), HasSubstr("error.common.action_not_supported"));
    EXPECT_EQ(status_, 200) << "clients look into the message";
}

TEST_F(ExchangeTest, AWrongClockAndTheWayAreToldInEveryForm) {
    measure::PointStore points(*archive_);
    measure::JudgedMinute judged{.minute = first() + 1min, .wrong = {}};
    judged.wrong["santiago"] = {.since = first(), .cause = measure::ClockCause::step, .by = 7'000'000};
    ASSERT_TRUE(points.mark(judged));
    ASSERT_TRUE(database_->write([](data::Transaction& transaction) -> Result<void> {
        TRY(
            transaction.run("INSERT INTO measure_paths (from_site, to_site, since_ns, last_ns, way) VALUES "
                            "('santiago', 'panama', 0, 0, '0123456789abcdef')"));
        return {};
    }));
    const auto minutes = [&](std::string format, std::string step) {
        std::vector<std::pair<std::string, std::string>> query = {
            {"format", std::move(format)}, {"since", format_time(first())}, {"until", format_time(first() + 2min)}};
        if (!step.empty()) query.emplace_back("step", std::move(step));
        return exported(std::move(query));
    };
    for (const char* const step : {"", "60"}) {
        EXPECT_THAT(minutes("csv", step), HasSubstr(",0,0,santiago,0123456789abcdef\r\n"));
        EXPECT_THAT(minutes("csv", step), HasSubstr(",0,0,,0123456789abcdef\r\n")) << "of the minute before";
        EXPECT_THAT(minutes("jsonl", step), HasSubstr(R"("clock_fault":["santiago"],"path":"0123456789abcdef")"));
        EXPECT_THAT(minutes("pscheduler", step), HasSubstr("the clock was wrong at santiago"));
    }
    const std::string hades =
        soap("SetupDataRequest",
             fmt::format(R"(<n:parameter name="sender" value="santiago"/><n:parameter name="receiver" value="panama"/>)"
                         R"(<n:parameter name="startTime" value="{}"/><n:parameter name="endTime" value="{}"/>)",
                         unix_seconds(first()), unix_seconds(first() + 2min)));
    EXPECT_THAT(hades, HasSubstr(R"(sync="yes" routeref="0123456789abcdef")"));
    EXPECT_THAT(hades, HasSubstr(R"(sync="no" routeref="0123456789abcdef")"));
}

TEST_F(ExchangeTest, RawRecordsAreGivenInThreeForms) {
    const auto raw = [&](std::string format) {
        return ask(net::Method::get, "/api/v1/measure/raw",
                   {{"format", std::move(format)},
                    {"from", "santiago"},
                    {"to", "panama"},
                    {"since", format_time(first())},
                    {"until", format_time(first() + 5min)}});
    };
    EXPECT_EQ(std::ranges::count(raw("csv"), '\n'), 1) << "nothing is kept";
    measure::RawMinute minute{.from = "santiago", .minute = first(), .part = 0, .packets = {}};
    minute.packets.push_back({.sequence = 7,
                              .sent = first() + 1s,
                              .received = first() + 1s + 20'000'123ns,
                              .sent_error = {.synchronised = true, .scale = 22, .multiplier = 4},
                              .received_error = {.synchronised = true, .scale = 22, .multiplier = 4},
                              .ttl = 250});
    minute.packets.push_back({.sequence = 8, .sent = first() + 2s, .received = {}});
    ByteWriter payload;
    write_raw(payload, minute);
    const auto store =
        std::move(measure::RawStore::open(measure::raw_folder(folder_.path()), measure::RawLimits(), clock_).value());
    ASSERT_TRUE(store->take({.agent = "panama",
                             .spool = "s",
                             .stream = std::string(measure::kRawStream),
                             .first_sequence = 1,
                             .payloads = {payload.span()}}));
    EXPECT_THAT(raw("csv"), HasSubstr("\r\nsantiago,panama,7,2011-11-13T12:00:01Z,2011-11-13T12:00:01.020000123Z,"
                                      "20000123,7812500,250,\r\nsantiago,panama,8,2011-11-13T12:00:02Z,,,,,\r\n"));
    EXPECT_THAT(raw("jsonl"), HasSubstr(R"("delay_ns":20000123,"clock_error_ns":7812500,"ttl":250})"));
    // 2011-11-13T12:00:01Z is 3530174401 seconds after 1900; 4 × 2^(22 − 32) s are 3.90625 ms.
    EXPECT_THAT(raw("owamp"), HasSubstr("7 15161983601471389696 "));
    EXPECT_THAT(raw("owamp"), HasSubstr(" 1 0.00390625 "));
    EXPECT_THAT(raw("owamp"), HasSubstr(" 250\n8 "));
    EXPECT_THAT(raw("owamp"), HasSubstr(" 0 0 1e-09 255\n"));
    measure::JudgedMinute judged{.minute = first(), .wrong = {}};
    judged.wrong["panama"] = {.since = first(), .cause = measure::ClockCause::step, .by = 7'000'000};
    ASSERT_TRUE(measure::PointStore(*archive_).mark(judged));
    EXPECT_THAT(raw("csv"), HasSubstr(",250,panama\r\n"));
    EXPECT_THAT(raw("jsonl"), HasSubstr(R"("clock_fault":"panama")"));
    EXPECT_THAT(raw("owamp"), HasSubstr(" 0 0.00390625 "));
}

TEST_F(ExchangeTest, TheLookupRecordTellsWhatIsPublic) {
    const auto records = parse_json(ask(net::Method::get, "/api/v1/measure/lookup-record", {}));
    ASSERT_TRUE(records) << records.error().text();
    const auto& all = *records->if_array();
    ASSERT_GE(all.size(), 3U);
    EXPECT_EQ(to_json(*all[0].find("type")), R"(["service"])");
    EXPECT_EQ(to_json(*all[0].find("service-type")), R"(["ma"])");
    EXPECT_THAT(to_json(*all[0].find("service-locator")), HasSubstr("https://quipu.example.net/services/MA/HADES"));
    EXPECT_EQ(to_json(*all[0].find("group-communities")), R"(["GRID"])");
    EXPECT_EQ(to_json(*all[1].find("type")), R"(["host"])");
    for (const Value& record : all)
        for (const auto& [key, value] : *record.if_object())
            ASSERT_NE(value.if_array(), nullptr) << key;
}

}  // namespace
}  // namespace quipu::exchange
