#include "platform/metrics.h"

#include <gtest/gtest.h>
#include <latch>
#include <thread>

namespace quipu::platform {
namespace {

TEST(Metrics, PrometheusText) {
    Metrics metrics;
    const auto calls = metrics.counter("quipu_calls_total", "Calls", {{"route", "/a\"b\\\n"}});
    calls->add(3);
    const auto open = metrics.gauge("quipu_open", "Open\nnow", {}, [] { return 1.5; });
    const auto read = metrics.counter_from("quipu_read_total", "Read", {}, [] { return 7.0; });
    EXPECT_EQ(metrics.text(),
              "# HELP quipu_calls_total Calls\n"
              "# TYPE quipu_calls_total counter\n"
              "quipu_calls_total{route=\"/a\\\"b\\\\\\n\"} 3\n"
              "# HELP quipu_open Open\\nnow\n"
              "# TYPE quipu_open gauge\n"
              "quipu_open 1.5\n"
              "# HELP quipu_read_total Read\n"
              "# TYPE quipu_read_total counter\n"
              "quipu_read_total 7\n");
}

TEST(Metrics, OneNameAndLabelsAreOneCounter) {
    Metrics metrics;
    const auto first = metrics.counter("quipu_calls_total", "Calls", {{"a", "1"}});
    EXPECT_EQ(first, metrics.counter("quipu_calls_total", "Calls", {{"a", "1"}}));
    EXPECT_NE(first, metrics.counter("quipu_calls_total", "Calls", {{"a", "2"}}));
    EXPECT_THROW((void)metrics.gauge("quipu_calls_total", "Calls", {}, [] { return 0.0; }), std::logic_error);
}

TEST(Metrics, LiveAsLongAsTheirHandle) {
    Metrics metrics;
    {
        const auto gauge = metrics.gauge("quipu_open", "Open", {}, [] { return 1.0; });
        EXPECT_NE(metrics.text(), "");
    }
    EXPECT_EQ(metrics.text(), "");
}

TEST(Metrics, AHandleWaitsForTheReadingThatIsUnderWay) {
    Metrics metrics;
    std::latch entered(1);
    std::latch ending(1);
    std::atomic<bool> gone = false;
    auto gauge = metrics.gauge("quipu_open", "Open", {}, [&] {
        entered.count_down();
        ending.wait();
        for (int i = 0; i < 1'000; ++i)
            std::this_thread::yield();
        return gone ? -1.0 : 1.0;
    });
    std::string text;
    std::thread reader([&] { text = metrics.text(); });
    entered.wait();
    std::thread owner([&] {
        ending.count_down();
        gauge.reset();
        gone = true;
    });
    owner.join();
    reader.join();
    EXPECT_NE(text.find("quipu_open 1\n"), std::string::npos) << text;
}

TEST(Metrics, WholeFamiliesStandBehindTheOthers) {
    Metrics metrics;
    const auto calls = metrics.counter("quipu_calls_total", "Calls");
    auto others = metrics.text_from([] { return "# TYPE other gauge\nother 1\n"; });
    EXPECT_TRUE(metrics.text().ends_with("quipu_calls_total 0\n# TYPE other gauge\nother 1\n")) << metrics.text();
    others.reset();
    EXPECT_TRUE(metrics.text().ends_with("quipu_calls_total 0\n"));
}

TEST(Metrics, TimersCountIntoCumulativeBuckets) {
    Metrics metrics;
    const auto timer = metrics.timer("quipu_seconds", "How long", {{"a", "b"}});
    timer->observe(0.001);  // le is inclusive
    timer->observe(0.02);
    timer->observe(60);
    const std::string text = metrics.text();
    for (const char* line :
         {"quipu_seconds_bucket{a=\"b\",le=\"0.001\"} 1\n", "quipu_seconds_bucket{a=\"b\",le=\"0.01\"} 1\n",
          "quipu_seconds_bucket{a=\"b\",le=\"0.025\"} 2\n", "quipu_seconds_bucket{a=\"b\",le=\"10\"} 2\n",
          "quipu_seconds_bucket{a=\"b\",le=\"+Inf\"} 3\n", "quipu_seconds_count{a=\"b\"} 3\n"})
        EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

}  // namespace
}  // namespace quipu::platform
