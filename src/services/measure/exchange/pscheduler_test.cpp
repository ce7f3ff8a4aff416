#include "services/measure/exchange/pscheduler.h"

#include <gtest/gtest.h>

#include "services/measure/exchange/rows.h"
#include "services/measure/exchange/test_schema.h"

namespace quipu::exchange {
namespace {

using namespace std::chrono_literals;

const Run kRun{
    .start = *parse_time("2011-11-21T12:00:00Z"), .duration = 1min, .source = "santiago", .destination = "panama"};

template <class... R>
Value written(const R&... result) {
    std::string text;
    JsonWriter out(text);
    write(out, kRun, result...);
    auto value = parse_json(text);
    EXPECT_TRUE(value) << text;
    return value ? *value : Value();
}

std::string member(const Value& value, std::string_view a, std::string_view b) {
    const Value* outer = value.find(a);
    const Value* inner = outer != nullptr ? outer->find(b) : nullptr;
    return inner != nullptr ? to_json(*inner) : "";
}

TEST(Pscheduler, LatencyResultsFitTheirSchema) {
    LatencyResult result{.sent = 90, .received = 88, .lost = 2, .duplicated = 1, .clock_error_ns = 12'300};
    result.delays.add(152'004'000, 80);
    result.delays.add(127, 5);
    result.delays.add(0, 3);
    result.ttl = 249;
    for (const LatencyTest test : {LatencyTest::latencybg, LatencyTest::latency}) {
        const Value value = written(test, result);
        EXPECT_EQ(faults_of(*value.find("result"), schema("latency")), "");
        EXPECT_EQ(member(value, "test", "type"), test == LatencyTest::latency ? "\"latency\"" : "\"latencybg\"");
        EXPECT_EQ(member(value, "schedule", "start"), "\"2011-11-21T12:00:00Z\"");
        EXPECT_EQ(member(value, "schedule", "duration"), "\"PT60S\"");
        EXPECT_EQ(member(value, "result", "max-clock-error"), "0.02") << "a bound is rounded up";
        EXPECT_EQ(member(value, "result", "histogram-ttl"), R"({"249":88})");
        EXPECT_EQ(member(value, "result", "histogram-latency"), R"({"0.00":8,"152.04":80})");
    }
    EXPECT_EQ(faults_of(*written(LatencyTest::latency, LatencyResult{}).find("result"), schema("latency")), "");
}

TEST(Pscheduler, TracesFitTheirSchema) {
    TraceResult trace;
    trace.hops.push_back({.ip = "192.0.2.1", .hostname = "gw.example.net", .rtt = 1234us, .as_number = 27750});
    trace.hops.emplace_back();
    trace.hops.push_back({.ip = "2001:db8::9", .rtt = 20ms, .error = icmp_error_of("!X"), .mtu = 1400});
    const Value value = written(trace);
    EXPECT_EQ(faults_of(*value.find("result"), schema("trace")), "");
    EXPECT_EQ(
        member(value, "result", "paths"),
        R"([[{"ip":"192.0.2.1","hostname":"gw.example.net","rtt":"PT0.001234S","as":{"number":27750}},{},)"
        R"({"ip":"2001:db8::9","rtt":"PT0.02S","error":"communication-administratively-prohibited","mtu":1400}]])");
    EXPECT_EQ(faults_of(*written(TraceResult{.hops = {}, .error = "no answer"}).find("result"), schema("trace")), "");
}

TEST(Pscheduler, ThroughputFitsItsSchema) {
    ThroughputResult result{.streams = 2, .mss = 1448};
    for (int second = 0; second < 2; ++second) {
        ThroughputInterval interval;
        for (int stream = 0; stream < 2; ++stream)
            interval.streams.push_back(
                {.start = second * 1s, .end = second * 1s + 1s, .bits_per_second = 4e8, .stream = stream});
        interval.summary = {.start = second * 1s, .end = second * 1s + 1s, .bits_per_second = 8e8, .retransmits = 3};
        result.intervals.push_back(interval);
    }
    result.whole.summary = {
        .start = 0s, .end = 2s, .bits_per_second = 8e8, .received_bits_per_second = 7.9e8, .rtt = 20ms};
    const Value value = written(result);
    EXPECT_EQ(faults_of(*value.find("result"), schema("throughput")), "");
    const ThroughputResult failed{.udp = true, .error = "the server did not answer"};
    EXPECT_EQ(faults_of(*written(failed).find("result"), schema("throughput")), "");
}

TEST(Pscheduler, TheSchemaFindsWhatIsWrong) {
    EXPECT_NE(faults_of(*parse_json(R"({"succeeded":true,"histogram-latency":{"a":1}})"), schema("latency")), "");
    EXPECT_NE(faults_of(*parse_json(R"({"succeeded":true,"packets-lost":-1})"), schema("latency")), "");
    EXPECT_NE(faults_of(*parse_json(R"({"succeeded":true})"), schema("trace")), "");
    EXPECT_NE(faults_of(*parse_json(R"({"succeeded":true,"paths":[],"color":1})"), schema("trace")), "");
}

TEST(Rows, OneMinuteInEachFormat) {
    measure::MinuteRecord minute{.from = "a", .minute = kRun.start, .scheduled = 90, .received = 89};
    minute.delay_min = minute.delay_median = minute.delay_p95 = minute.delay_max = 20'000'000;
    minute.ttl = 250;
    minute.delays.add(20'000'000, 89);
    const auto record = measure::to_archive("a/b", minute, 0);
    auto figures = measure::figures_of(record, 1min);
    std::string text;
    const RowsOf csv(Format::csv, LatencyTest::latencybg);
    csv.begin(text);
    csv.add(text, "a/b", record, figures);
    EXPECT_TRUE(text.starts_with("from,to,time,step_s,sent,received,lost,")) << text;
    EXPECT_NE(text.find("\r\na,b,2011-11-21T12:00:00Z,60,90,89,1,0,0,0.0111"), std::string::npos) << text;
    text.clear();
    const RowsOf lines(Format::jsonl, LatencyTest::latencybg);
    lines.begin(text);
    lines.add(text, "a/b", record, figures);
    lines.add(text, "a/b", record, figures);
    const auto line = parse_json(text.substr(0, text.find('\n')));
    ASSERT_TRUE(line) << text;
    EXPECT_EQ(*line->find("from")->if_string(), "a");
    EXPECT_EQ(*line->find("delay_median_us")->if_integer(), 20'000);
    text.clear();
    RowsOf(Format::pscheduler, LatencyTest::latency).add(text, "a/b", record, figures);
    const auto result = parse_json(text);
    ASSERT_TRUE(result) << text;
    EXPECT_EQ(faults_of(*result->find("result"), schema("latency")), "");
    EXPECT_EQ(*result->find("result")->find("packets-lost")->if_integer(), 1);
    EXPECT_EQ(result->find("result")->find("diags"), nullptr);
    text.clear();
    figures.clock_fault = {"a"};
    RowsOf(Format::pscheduler, LatencyTest::latency).add(text, "a/b", record, figures);
    const auto marked = parse_json(text);
    EXPECT_EQ(faults_of(*marked->find("result"), schema("latency")), "");
    EXPECT_NE(marked->find("result")->find("diags"), nullptr) << "a wrong clock is told in every form";
}

}  // namespace
}  // namespace quipu::exchange
