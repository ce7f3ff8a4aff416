#include "services/measure/rollup.h"

#include <array>
#include <gtest/gtest.h>

#include "base/random.h"
#include "data/test_archive.h"
#include "data/test_folder.h"
#include "services/measure/figures.h"
#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

using namespace std::chrono_literals;

constexpr Time kRollStart = std::chrono::sys_days(std::chrono::year(2011) / 9 / 20);

class RollupTest : public testing::Test {
  protected:
    void SetUp() override {
        const std::vector schemas = {minute_schema(), hour_schema(), day_schema()};
        archive_ = std::move(data::Archive::open(folder_.path(), schemas, clock_).value());
    }
    /// Minutes of `hours` from `start`, some of them missing.
    void fill(Time start, int hours) {
        std::vector<data::ArchiveRecord> out;
        for (int i = 0; i < hours * 60; ++i) {
            if (rng_.below(20) == 0) continue;
            MinuteRecord minute{.from = "a", .minute = start + i * 1min, .scheduled = 3};
            for (int packet = 0; packet < 3; ++packet)
                if (rng_.below(30) != 0) {
                    ++minute.received;
                    minute.delays.add(static_cast<std::int64_t>(20'000'000 + rng_.below(3'000'000)));
                }
            minute.delay_median = minute.delays.quantile(0.5);
            out.push_back(to_archive("a/b", minute, 0));
        }
        ASSERT_TRUE(archive_->append(kMinuteStream, out, std::nullopt));
    }
    std::vector<data::ArchiveRecord> all(std::string_view stream) {
        return archive_->read(stream, "a/b", kRollStart - 24h, kRollStart + 20'000h, 100'000).value();
    }
    static void expect_same(const std::vector<data::ArchiveRecord>& a, const std::vector<data::ArchiveRecord>& b) {
        ASSERT_EQ(a.size(), b.size());
        for (std::size_t i = 0; i < a.size(); ++i) {
            EXPECT_EQ(a[i].time, b[i].time);
            EXPECT_EQ(a[i].integers, b[i].integers);
            EXPECT_EQ(a[i].histograms, b[i].histograms);
        }
    }

    data::TestFolder folder_;
    ManualClock clock_{kRollStart};
    Rng rng_{7};
    std::unique_ptr<data::Archive> archive_;
};

/// Made bit by bit, hours and days say what all minutes at once say; and they say it still when the minutes have gone.
TEST_F(RollupTest, HoursAndDaysSayWhatTheirMinutesSaid) {
    Rollup rollup(*archive_, clock_, {.minutes = std::chrono::days(32)});
    for (int day = 0; day < 4; ++day) {
        fill(kRollStart + day * 24h, 24);
        clock_.advance(24h);
        ASSERT_TRUE(rollup.sweep());
    }
    const Time end = kRollStart + 96h;
    const auto hours = archive_->summarise(kMinuteStream, "a/b", kRollStart, end, 1h).value();
    const auto days = archive_->summarise(kMinuteStream, "a/b", kRollStart, end, 24h).value();
    const auto fives = archive_->summarise(kMinuteStream, "a/b", kRollStart, end, 5h).value();
    expect_same(all(kHourStream), hours);
    expect_same(all(kDayStream), days);
    // A minute that comes late is in its hour after the next sweep.
    fill(kRollStart + 95h, 1);
    rollup.touched("a/b", kRollStart + 95h);
    clock_.advance(1h);
    ASSERT_TRUE(rollup.sweep());
    const auto again = archive_->summarise(kMinuteStream, "a/b", kRollStart, end, 1h).value();
    expect_same(all(kHourStream), again);

    ASSERT_TRUE(archive_->compact());
    clock_.advance(60 * 24h);
    ASSERT_TRUE(rollup.sweep());
    EXPECT_TRUE(all(kMinuteStream).empty());
    expect_same(rollup.steps("a/b", kRollStart, end, 1h).value(), again);
    EXPECT_EQ(rollup.steps("a/b", kRollStart, end, 24h)->size(), days.size());
    EXPECT_EQ(rollup.steps("a/b", kRollStart, end, 5h)->size(), fives.size());
}

TEST(Rollup, WritesOnlyWhatChanged) {
    data::TestArchive archive;
    ManualClock clock(kRollStart);
    const auto write = [&](Rollup& rollup, const std::string& key, Time time, std::uint32_t scheduled) {
        const std::array one{to_archive(key, {.from = "a", .minute = time, .scheduled = scheduled}, 0)};
        ASSERT_TRUE(archive.append(kMinuteStream, one, std::nullopt));
        rollup.touched(key, time);
    };
    const auto appends = [&](Rollup& rollup) {
        const std::uint64_t before = archive.appends;
        EXPECT_TRUE(rollup.sweep());
        return archive.appends - before;
    };
    const auto scheduled = [&](std::string_view stream, Time time) {
        const auto found = archive.read(stream, "a/b", time, time + 1min, 1).value();
        return found.empty() ? -1 : columns_of(found.front()).scheduled;
    };
    Rollup rollup(archive, clock);
    for (int hour = 0; hour < 72; ++hour)
        for (const char* const key : {"a/b", "a/c"})
            write(rollup, key, kRollStart + hour * 1h, 10);
    clock.advance(72h);
    EXPECT_EQ(appends(rollup), 4U) << "hours and days of two pairs";
    EXPECT_EQ(appends(rollup), 0U) << "nothing has changed";
    write(rollup, "a/b", kRollStart + 30h + 5min, 7);
    EXPECT_EQ(appends(rollup), 2U) << "an hour and a day of one pair";
    EXPECT_EQ(scheduled(kHourStream, kRollStart + 30h), 17);
    EXPECT_EQ(scheduled(kDayStream, kRollStart + 24h), 247);
    // After a start it is not known what was written: what differs is found.
    const std::array late{to_archive("a/b", {.from = "a", .minute = kRollStart + 40h + 1min, .scheduled = 5}, 0)};
    ASSERT_TRUE(archive.append(kMinuteStream, late, std::nullopt));
    Rollup again(archive, clock);
    EXPECT_EQ(appends(again), 2U);
    EXPECT_EQ(scheduled(kHourStream, kRollStart + 40h), 15);
    // What comes when its neighbours may be gone makes no hour of itself alone.
    clock.advance(20 * 24h);
    write(again, "a/b", clock.now() - 90min, 10);
    EXPECT_EQ(appends(again), 2U);
    write(again, "a/b", kRollStart + 50h + 1min, 3);
    EXPECT_EQ(appends(again), 0U);
    // What could not be written is made with the next sweep.
    write(again, "a/b", clock.now() - 80min, 4);
    archive.fail_next = 1;
    EXPECT_FALSE(again.sweep());
    EXPECT_EQ(appends(again), 2U);
}

TEST_F(RollupTest, AStepAcrossTheBorderIsOne) {
    fill(kRollStart, 20 * 24);  // to the 10th of October
    const Time end = kRollStart + 20 * 24h;
    const auto wanted = archive_->summarise(kMinuteStream, "a/b", kRollStart, end, 7h).value();
    Rollup rollup(*archive_, clock_, {.minutes = kLeastKept});
    clock_.advance(51 * 24h);  // November the 10th
    ASSERT_TRUE(archive_->compact());
    ASSERT_TRUE(rollup.sweep());
    EXPECT_GE(all(kMinuteStream).front().time, Time(std::chrono::sys_days(std::chrono::year(2011) / 10 / 1)));
    expect_same(rollup.steps("a/b", kRollStart, end, 7h).value(), wanted);
    EXPECT_EQ(rollup.steps("a/b", kRollStart, end, 48h)->size(), 10U);
    // By minutes and from odd beginnings there is no other source than the minutes.
    expect_same(rollup.steps("a/b", kRollStart + 1min, end, 7h).value(),
                archive_->summarise(kMinuteStream, "a/b", kRollStart + 1min, end, 7h).value());
}

/// Whatever hours are made by then, the whole says what its minutes say.
TEST_F(RollupTest, TotalsAreThoseOfTheMinutes) {
    Rollup rollup(*archive_, clock_, {});
    fill(kRollStart, 30);
    for (const int hours : {5, 20, 30}) {
        const Time until = kRollStart + 29h + 17min;
        const auto expected = archive_->totals(kMinuteStream, until - 24h, until).value();
        expect_same(rollup.totals(until - 24h, until).value(), expected);
        clock_.advance(kRollStart + hours * 1h + 1min - clock_.now());
        ASSERT_TRUE(rollup.sweep());
        expect_same(rollup.totals(until - 24h, until).value(), expected);
    }
}

}  // namespace
}  // namespace quipu::measure
