// A ClickHouse that is killed, cut off in the middle of a batch, or has no room: nothing acknowledged is lost or
// double.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "base/random.h"
#include "data/clickhouse_rows.h"
#include "data/test_archive_place.h"

namespace quipu::data {
namespace {

using namespace archive_test;
using testing::HasSubstr;

TEST(ClickhouseUrl, IsReadAndRefused) {
    const auto address =
        parse_clickhouse_url("clickhouse://db.example.net:8124/quipu?user=hub&password_file=/etc/q%20p");
    ASSERT_TRUE(address) << address.error().text();
    EXPECT_EQ(address->server, "db.example.net:8124");
    EXPECT_EQ(address->database, "quipu");
    EXPECT_EQ(address->user, "hub");
    EXPECT_EQ(address->password_file, "/etc/q p");
    EXPECT_EQ(parse_clickhouse_url("clickhouse://[::1]:8123/q")->server, "[::1]:8123");
    EXPECT_EQ(parse_clickhouse_url("clickhouse://db/q")->server, "db:8123");
    for (const char* wrong : {"clickhouse://", "clickhouse://db:8123", "clickhouse://db/", "clickhouse:///q",
                              "clickhouse://db/a;b", "clickhouse://u:secret@db/q", "clickhouse://db/q?color=red", "x"})
        EXPECT_FALSE(parse_clickhouse_url(wrong)) << wrong;
    EXPECT_THAT(Archive::open("clickhouse://db/q?password_file=/nowhere", kSchemas, SystemClock()).error().text(),
                HasSubstr("/nowhere"));
}

TEST(ClickhouseRows, CutShortIsAnErrorWherever) {
    RowWriter writer;
    Histogram histogram;
    histogram.add(5, 2);
    histogram.add(70'000);
    writer.text("a/b");
    writer.i64(-3);
    writer.histogram(histogram);
    const std::string octets = writer.take();
    for (std::size_t size = 0; size <= octets.size(); ++size) {
        RowReader in(std::string_view(octets).substr(0, size));
        const std::string key(in.text());
        const std::int64_t value = in.i64();
        const Histogram back = in.histogram();
        ASSERT_EQ(in.finish().has_value(), size == octets.size()) << size;
        if (size < octets.size()) continue;
        EXPECT_EQ(key, "a/b");
        EXPECT_EQ(value, -3);
        EXPECT_EQ(back, histogram);
    }
    EXPECT_EQ(sql_text(std::string("a'b\\c\0d", 7)), "'a\\'b\\\\c\\0d'");
}

TEST(ClickhouseErrors, SayWhatToDo) {
    const auto of = [](std::string_view body) { return clickhouse_error(500, body, "db:8123"); };
    EXPECT_EQ(of("Code: 243, e.displayText() = DB::Exception: Not enough space").code, ErrorCode::exhausted);
    EXPECT_EQ(
        of("Code: 75, e.displayText() = DB::ErrnoException: Cannot write, errno: 28, strerror: No space left").code,
        ErrorCode::exhausted);
    EXPECT_EQ(of("Code: 193, e.displayText() = DB::Exception: Wrong password").code, ErrorCode::forbidden);
    EXPECT_EQ(of("nonsense").code, ErrorCode::io);
}

class ClickhouseArchiveTest : public ArchiveIn {
  protected:
    static constexpr std::int64_t kBatch = 7;  // records an append
    /// Record `number`, ten minutes after the one before.
    static ArchiveRecord numbered(std::int64_t number) {
        return record(number % 2 == 0 ? "even" : "odd", kNovember + number * 10min, number);
    }
    static std::vector<ArchiveRecord> batch_from(std::int64_t first) {
        std::vector<ArchiveRecord> out;
        for (std::int64_t i = 0; i < kBatch; ++i)
            out.push_back(numbered(first + i));
        return out;
    }
    /// All of 1…mark once, nothing above it.
    void expect_whole(std::int64_t mark) {
        std::vector<ArchiveRecord> odd, even;
        for (std::int64_t number = 1; number <= mark; ++number)
            (number % 2 == 0 ? even : odd).push_back(numbered(number));
        EXPECT_TRUE(same(all("odd"), odd));
        EXPECT_TRUE(same(all("even"), even));
    }
};
INSTANTIATE_TEST_SUITE_P(Places, ClickhouseArchiveTest, testing::Values(Place::clickhouse), ArchiveIn::name);

/// The server is killed at random moments while an agent sends; afterwards everything that was acknowledged is there,
/// once, and whole batches only.
TEST_P(ClickhouseArchiveTest, KilledDuringIngestLosesAndDoublesNothing) {
    Rng rng = Rng::from_system();
    std::int64_t acknowledged = 0;
    for (int round = 0; round < 6; ++round) {
        std::atomic<std::int64_t> last = acknowledged;
        std::atomic<bool> away = false;
        std::thread agent([&] {
            // As an agent does: from what was acknowledged on, the same again after an error.
            while (!away)
                if (archive_->append("minute", batch_from(last + 1),
                                     Source{"agent", static_cast<std::uint64_t>(last + 1)}))
                    last += kBatch;
        });
        const std::int64_t wanted = last + kBatch * static_cast<std::int64_t>(1 + rng.below(12));
        while (last < wanted)
            std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::microseconds(rng.below(20'000)));
        server_->kill();
        away = true;
        agent.join();
        acknowledged = last;
        EXPECT_EQ(archive_
                      ->append("minute", batch_from(acknowledged + 1),
                               Source{"agent", static_cast<std::uint64_t>(acknowledged + 1)})
                      .error()
                      .code,
                  ErrorCode::unavailable);
        const auto ran = server_->run();
        ASSERT_TRUE(ran) << ran.error().text();
        const auto kept = static_cast<std::int64_t>(mark("agent"));
        EXPECT_GE(kept, acknowledged);
        EXPECT_EQ(kept % kBatch, 0);
        expect_whole(kept);
        if (round % 2 == 0) reopen();
        // It is sent again from what was acknowledged, though more may have been kept.
        append(batch_from(acknowledged + 1), Source{"agent", static_cast<std::uint64_t>(acknowledged + 1)});
        acknowledged += kBatch;
        expect_whole(std::max(acknowledged, kept));
        acknowledged = std::max(acknowledged, kept);
    }
    ASSERT_TRUE(archive_->compact());
    expect_whole(acknowledged);
}

/// A hub that dies in the middle of sending: ClickHouse may keep the rows that came, but never a mark without them.
TEST_P(ClickhouseArchiveTest, ABatchCutShortLeavesNoMark) {
    append(batch_from(1), Source{"agent", 1});
    for (std::int64_t next = 1 + kBatch; next < 200; next += kBatch) {
        // Rows as the archive sends them; what stands here at the end is cut off, at a row's end or within it.
        RowWriter rows;
        for (const ArchiveRecord& one : batch_from(next)) {
            rows.text(one.key);
            rows.i64(one.time.time_since_epoch().count());
            rows.u64(1);
            rows.u16(15'000);
            rows.u64(0);
            rows.i64(one.integers[0]);
            rows.i64(one.integers[1]);
            rows.histogram(one.histograms[0]);
        }
        const std::string octets = rows.take();
        const std::string head =
            fmt::format("POST /?database={}&query={} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
                        place_.substr(place_.rfind('/') + 1),
                        "INSERT%20INTO%20minute%20(key,time,version,kept,mark,sent,received,delay.index,delay.count)%20"
                        "FORMAT%20RowBinary",
                        octets.size() + 60);
        const int line = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        where.sin_port = htons(server_->port());
        ASSERT_EQ(connect(line, reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
        const std::string sent = head + octets.substr(0, next % 2 == 0 ? octets.size() : octets.size() / 2);
        ASSERT_EQ(::send(line, sent.data(), sent.size(), MSG_NOSIGNAL), static_cast<ssize_t>(sent.size()));
        shutdown(line, SHUT_WR);
        char answer[4096];
        while (::recv(line, answer, sizeof answer, 0) > 0) {
        }
        close(line);
        EXPECT_EQ(mark("agent"), static_cast<std::uint64_t>(next - 1));
        append(batch_from(next), Source{"agent", static_cast<std::uint64_t>(next)});
        expect_whole(next - 1 + kBatch);
    }
}

TEST_P(ClickhouseArchiveTest, AFullDiskIsAnErrorAndTheSourceKeepsItsRecords) {
    append(batch_from(1), Source{"agent", 1});
    server_->limit_files(20);
    const auto refused = archive_->append("minute", batch_from(1 + kBatch), Source{"agent", 1 + kBatch});
    server_->limit_files(RLIM_INFINITY);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::exhausted) << refused.error().text();
    EXPECT_EQ(mark("agent"), static_cast<std::uint64_t>(kBatch));
    expect_whole(kBatch);
    append(batch_from(1 + kBatch), Source{"agent", 1 + kBatch});
    expect_whole(2 * kBatch);
}

/// What is given up takes no mark with it, and lowers none that an append raises at the same time.
TEST_P(ClickhouseArchiveTest, ForgettingLowersNoMark) {
    for (int month = 0; month < 4; ++month) {
        std::atomic<bool> over = false;
        std::int64_t last = static_cast<std::int64_t>(mark("agent"));
        std::thread agent([&] {
            while (!over)
                if (archive_->append("minute", batch_from(last + 1),
                                     Source{"agent", static_cast<std::uint64_t>(last + 1)}))
                    last += kBatch;
        });
        const auto forgotten = archive_->forget("minute", kNovember + 20 * 24h);
        over = true;
        agent.join();
        ASSERT_TRUE(forgotten) << forgotten.error().text();
        reopen();  // marks are asked for anew
        EXPECT_EQ(mark("agent"), static_cast<std::uint64_t>(last));
        ASSERT_TRUE(archive_->compact());
        EXPECT_EQ(mark("agent"), static_cast<std::uint64_t>(last)) << "and merged";
        clock_.advance(31 * 24h);
    }
}

TEST_P(ClickhouseArchiveTest, OpensWhileTheServerIsAwayAndWorksOnceItIsBack) {
    append(batch_from(1), Source{"agent", 1});
    archive_.reset();
    server_->kill();
    reopen();
    EXPECT_EQ(archive_->read("minute", "odd", kNever, kForever, 9).error().code, ErrorCode::unavailable);
    EXPECT_EQ(archive_->high_water("minute", "agent").error().code, ErrorCode::unavailable);
    const auto ran = server_->run();
    ASSERT_TRUE(ran) << ran.error().text();
    expect_whole(kBatch);
    EXPECT_EQ(mark("agent"), static_cast<std::uint64_t>(kBatch));
    append({record("odd", kNovember + 10min, 99)});
    EXPECT_TRUE(same(all("odd").front(), record("odd", kNovember + 10min, 99))) << "what is sent later counts";
}

TEST_P(ClickhouseArchiveTest, AColumnOfAnotherTypeIsNamed) {
    archive_.reset();
    const auto server = std::move(ClickhouseServer::create(place_).value());
    ASSERT_TRUE(server->ask("DROP TABLE other"));
    ASSERT_TRUE(server->ask("CREATE TABLE other (value String) ENGINE = Memory"));
    const auto opened = Archive::open(place_, kSchemas, clock_);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().text(), HasSubstr("other.value"));
}

}  // namespace
}  // namespace quipu::data
