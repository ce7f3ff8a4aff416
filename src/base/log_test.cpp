#include "base/log.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "base/time.h"
#include "base/value.h"

namespace quipu {
namespace {

constexpr LogEvent kDiskFull{LogLevel::error, "DATA_DISK_FULL", "The disk is full.", "free some space"};
constexpr LogEvent kStarted{LogLevel::info, "APP_STARTED", "Started."};
constexpr LogEvent kDetail{LogLevel::debug, "APP_DETAIL", "A detail."};

class Log : public testing::Test {
  protected:
    void TearDown() override { configure_log(LogLevel::info, LogFormat::text); }

    static std::string written(const LogEvent& event, std::initializer_list<LogField> fields) {
        testing::internal::CaptureStderr();
        log(event, fields);
        return testing::internal::GetCapturedStderr();
    }
};

TEST_F(Log, TextIsOneLine) {
    configure_log(LogLevel::info, LogFormat::text);
    const std::string line =
        written(kDiskFull, {{"path", "/var/a b"}, {"free", 12}, {"why", "no\nspace\x1b[31m"}, {"none", ""}});
    // 2026-01-01T00:00:00.000Z error   ...
    ASSERT_GT(line.size(), 25U);
    EXPECT_TRUE(parse_time(line.substr(0, 24)));
    EXPECT_EQ(
        line.substr(25),
        "error   DATA_DISK_FULL The disk is full. path=\"/var/a b\" free=12 why=\"no\\nspace\\u001b[31m\" none=\"\" "
        "(free some space)\n");
}

TEST_F(Log, JsonLinesAreJson) {
    configure_log(LogLevel::debug, LogFormat::json);
    const std::string line = written(kDiskFull, {{"path", "a\"b\n"}, {"time", 7}, {"octets", "\xff"}});
    const auto value = parse_json(line);
    ASSERT_TRUE(value) << line;
    EXPECT_EQ(std::ranges::count(line, '\n'), 1);
    EXPECT_TRUE(parse_time(*value->find("time")->if_string()));
    EXPECT_EQ(*value->find("level")->if_string(), "error");
    EXPECT_EQ(*value->find("id")->if_string(), "DATA_DISK_FULL");
    EXPECT_EQ(*value->find("advice")->if_string(), "free some space");
    EXPECT_EQ(to_json(*value->find("fields")), "{\"path\":\"a\\\"b\\n\",\"time\":\"7\",\"octets\":\"\xef\xbf\xbd\"}");
}

TEST_F(Log, ThresholdIsKept) {
    configure_log(LogLevel::warning, LogFormat::text);
    EXPECT_EQ(written(kStarted, {}), "");
    configure_log(LogLevel::info, LogFormat::text);
    EXPECT_NE(written(kStarted, {}), "");
    EXPECT_EQ(written(kDetail, {}), "");
}

TEST_F(Log, BracesAreNoFormat) {
    configure_log(LogLevel::info, LogFormat::text);
    EXPECT_NE(written(kStarted, {{"x", "{}%v{0}"}}).find("x={}%v{0}"), std::string::npos);
}

}  // namespace
}  // namespace quipu
