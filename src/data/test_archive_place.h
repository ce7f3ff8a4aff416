#pragma once
// What the tests of an archive share: streams, records, and the one suite's fixture, which is given each place in turn.

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "data/archive.h"
#include "data/test_clickhouse.h"
#include "data/test_folder.h"

namespace quipu::data::archive_test {

using namespace std::chrono_literals;

inline const std::vector<StreamSchema> kSchemas = {
    {"minute", {{"sent"}, {"delay", ColumnType::histogram}, {"received"}}},
    {"other", {{"value"}}},
};
inline constexpr Time kNovember = std::chrono::sys_days(std::chrono::year(2011) / 11 / 1);
inline constexpr Time kDecember = std::chrono::sys_days(std::chrono::year(2011) / 12 / 1);
inline constexpr Time kForever = std::chrono::sys_days(std::chrono::year(2200) / 1 / 1);
inline constexpr Time kNever = std::chrono::sys_days(std::chrono::year(1700) / 1 / 1);

inline ArchiveRecord record(std::string key, Time time, std::int64_t value) {
    Histogram histogram;
    for (std::int64_t i = 0; i < 3 + value % 3; ++i)
        histogram.add(1'000'000 + value * i * 1000);
    return {std::move(key), time, {value, -value}, {histogram}};
}

inline bool same(const ArchiveRecord& a, const ArchiveRecord& b) {
    return a.key == b.key && a.time == b.time && a.integers == b.integers && a.histograms == b.histograms;
}
inline bool same(const std::vector<ArchiveRecord>& a, const std::vector<ArchiveRecord>& b) {
    return std::ranges::equal(a, b, [](const auto& x, const auto& y) { return same(x, y); });
}

enum class Place : std::uint8_t { sqlite, clickhouse };

class ArchiveIn : public testing::TestWithParam<Place> {
  public:
    [[nodiscard]] static std::string name(const testing::TestParamInfo<Place>& given) {
        return given.param == Place::sqlite ? "sqlite" : "clickhouse";
    }

  protected:
    void SetUp() override {
        if (GetParam() == Place::clickhouse) {
            if (!server_) {
                auto started = TestClickhouse::start();
                if (!started && started.error().code == ErrorCode::not_found) GTEST_SKIP() << started.error().text();
                ASSERT_TRUE(started) << started.error().text();
                server_ = std::move(*started);
            }
        }
        place_ = fresh_place();
        reopen();
    }
    static void TearDownTestSuite() { server_.reset(); }

    /// An empty archive's.
    [[nodiscard]] std::string fresh_place() {
        if (GetParam() == Place::clickhouse) return server_->fresh_url();
        return folder_ / std::to_string(++places_);
    }
    void reopen() {
        archive_.reset();
        auto opened = Archive::open(place_, kSchemas, clock_);
        ASSERT_TRUE(opened) << opened.error().text();
        archive_ = std::move(*opened);
    }
    void append(const std::vector<ArchiveRecord>& records, const std::optional<Source>& source = std::nullopt) {
        const auto done = archive_->append("minute", records, source);
        ASSERT_TRUE(done) << done.error().text();
    }
    [[nodiscard]] std::vector<ArchiveRecord> all(const std::string& key) const {
        auto read = archive_->read("minute", key, kNever, kForever, 1'000'000);
        EXPECT_TRUE(read) << read.error().text();
        return read ? *read : std::vector<ArchiveRecord>();
    }
    [[nodiscard]] std::uint64_t mark(std::string_view source) const {
        return archive_->high_water("minute", source).value();
    }

    TestFolder folder_;
    int places_ = 0;
    std::string place_;
    ManualClock clock_{kNovember};
    std::unique_ptr<Archive> archive_;
    inline static std::unique_ptr<TestClickhouse> server_;  // one for all tests of a program
};

}  // namespace quipu::data::archive_test
