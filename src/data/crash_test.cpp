// The program is killed (-9) while it appends, again and again, on the same files; afterwards everything that was
// acknowledged is there, once, and whole batches only.

#include <csignal>
#include <functional>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "base/random.h"
#include "data/archive.h"
#include "data/journal.h"
#include "data/test_folder.h"

namespace quipu::data {
namespace {

constexpr int kRounds = 8;

/// Runs `work` in a process of its own; it acknowledges numbers, and is killed at random after some of them. Answers
/// the last number that was acknowledged, or `before` if none.
std::int64_t until_killed(Rng& rng, std::int64_t before,
                          const std::function<void(const std::function<void(std::int64_t)>& acknowledge)>& work) {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        work([&](std::int64_t number) {
            if (::write(ends[1], &number, sizeof number) != sizeof number) _exit(2);
        });
        _exit(1);  // the work is to go on until it is killed
    }
    close(ends[1]);
    const std::uint64_t wanted = 1 + rng.below(40);
    std::int64_t last = before;
    std::uint64_t got = 0;
    std::int64_t number = 0;
    while (got < wanted && ::read(ends[0], &number, sizeof number) == sizeof number) {
        last = number;
        ++got;
    }
    // Somewhere in the middle of what follows.
    for (std::uint64_t spin = rng.below(2'000'000); spin > 0; --spin)
        asm volatile("");
    kill(child, SIGKILL);
    while (::read(ends[0], &number, sizeof number) == sizeof number)
        last = number;
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
    EXPECT_GE(got, 1U);
    return last;
}

const std::vector<StreamSchema> kMinuteSchemas = {{"minute", {{"number"}, {"delay", ColumnType::histogram}}}};
constexpr Time kStart = std::chrono::sys_days(std::chrono::year(2011) / 11 / 30) + std::chrono::hours(20);
constexpr std::int64_t kBatch = 7;  // records an append

/// Record `number`, each ten minutes after the one before; the first rounds cross the end of the month.
ArchiveRecord numbered_record(std::int64_t number) {
    Histogram histogram;
    histogram.add(number);
    return {number % 2 == 0 ? "even" : "odd", kStart + std::chrono::minutes(10 * number), {number}, {histogram}};
}

TEST(Crash, TheArchiveKeepsWhatItAcknowledgedOnce) {
    const TestFolder folder;
    const SystemClock clock;
    Rng rng = Rng::from_system();
    std::int64_t acknowledged = 0;
    for (int round = 0; round < kRounds; ++round) {
        acknowledged = until_killed(rng, acknowledged, [&](const auto& acknowledge) {
            auto archive = Archive::open(folder.path(), kMinuteSchemas, clock);
            if (!archive) _exit(3);
            std::thread([&] {
                while ((*archive)->compact())
                    std::this_thread::yield();
            }).detach();
            // As an agent does: on from what the hub says that it has.
            auto next = static_cast<std::int64_t>((*archive)->high_water("minute", "agent").value()) + 1;
            for (;; next += kBatch) {
                std::vector<ArchiveRecord> batch;
                for (std::int64_t i = 0; i < kBatch; ++i)
                    batch.push_back(numbered_record(next + i));
                if (!(*archive)->append("minute", batch, Source{"agent", static_cast<std::uint64_t>(next)})) _exit(4);
                acknowledge(next + kBatch - 1);
            }
        });
        const auto archive = std::move(Archive::open(folder.path(), kMinuteSchemas, clock).value());
        const auto mark = static_cast<std::int64_t>(archive->high_water("minute", "agent").value());
        EXPECT_GE(mark, acknowledged);
        EXPECT_EQ(mark % kBatch, 0);
        std::vector<bool> there(static_cast<std::size_t>(mark) + 1 + kBatch);
        for (const char* key : {"even", "odd"}) {
            const auto records = archive->read("minute", key, kStart, kStart + std::chrono::hours(200'000), SIZE_MAX);
            ASSERT_TRUE(records) << records.error().text();
            for (const ArchiveRecord& one : *records) {
                const std::int64_t number = one.integers[0];
                ASSERT_LT(static_cast<std::size_t>(number), there.size());
                EXPECT_FALSE(there[static_cast<std::size_t>(number)]) << number << " is there twice";
                there[static_cast<std::size_t>(number)] = true;
                EXPECT_EQ(one.histograms, numbered_record(number).histograms);
                EXPECT_EQ(one.time, numbered_record(number).time);
            }
        }
        for (std::int64_t number = 1; number <= mark; ++number)
            EXPECT_TRUE(there[static_cast<std::size_t>(number)]) << number << " was lost";
    }
}

struct Counted {
    static constexpr std::string_view kType = "Counted";
    std::int64_t number = 0;
    static constexpr auto describe() { return fields(field<&Counted::number>("number", "The number")); }
};

TEST(Crash, TheDatabaseAndItsJournalKeepWhatTheyAcknowledgedOnce) {
    const TestFolder folder;
    const SystemClock clock;
    const std::string url = "sqlite:" + (folder / "house.db");
    const std::array migrations = {kJournalMigrations[0],
                                   Migration{"test.001.numbers", "CREATE TABLE numbers (number BIGINT PRIMARY KEY)"}};
    Rng rng = Rng::from_system();
    std::int64_t acknowledged = 0;
    for (int round = 0; round < kRounds; ++round) {
        acknowledged = until_killed(rng, acknowledged, [&](const auto& acknowledge) {
            auto database = Database::open(url);
            if (!database || !(*database)->migrate(migrations)) _exit(3);
            Journal journal(**database, clock);
            const auto last = (*database)->query("SELECT coalesce(max(number), 0) FROM numbers");
            for (std::int64_t number = last->integer(0, 0) + 1;; ++number) {
                const auto done = (*database)->write([&](Transaction& transaction) -> Result<void> {
                    TRY(transaction.run("INSERT INTO numbers (number) VALUES (?)", number));
                    return journal.append(transaction, "number:x", Counted{number});
                });
                if (!done) _exit(4);
                acknowledge(number);
            }
        });
        const auto database = std::move(Database::open(url).value());
        const Journal journal(*database, clock);
        const auto counted = database->query("SELECT count(*), max(number) FROM numbers");
        EXPECT_GE(counted->integer(0, 1), acknowledged);
        EXPECT_EQ(counted->integer(0, 0), counted->integer(0, 1));
        // The event is there if and only if the change is.
        const auto events = journal.events({.limit = 1'000'000});
        ASSERT_TRUE(events);
        ASSERT_EQ(static_cast<std::int64_t>(events->size()), counted->integer(0, 0));
        for (std::size_t i = 0; i < events->size(); ++i) {
            EXPECT_EQ((*events)[i].id, static_cast<std::int64_t>(i) + 1);
            EXPECT_EQ(to_json((*events)[i].body), R"({"number":)" + std::to_string(i + 1) + "}");
        }
    }
}

}  // namespace
}  // namespace quipu::data
