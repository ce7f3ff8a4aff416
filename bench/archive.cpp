// The archive with minute records as the mesh makes them: rate of durable ingest, octets a record on disk, and a pair's
// month of hourly percentiles. Demanded: at least 50,000 records/s, at most 150 octets, less than 50 ms out of 10
// million records.
//
//     bench_archive [--pairs N] [--days N] [--batch N] [--writers N] [--folder DIR | --clickhouse 1]
//
// With --clickhouse 1 the same on a ClickHouse of its own (Debian's package).
// The default takes some seconds; the demand's case is --pairs 240 --days 29 (10 million records).

#include "data/archive.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <sys/resource.h>
#include <thread>

#include "base/random.h"
#include "data/test_clickhouse.h"
#include "data/test_folder.h"

namespace {

using namespace quipu;
using namespace std::chrono_literals;

constexpr Time kStart = std::chrono::sys_days(std::chrono::year(2011) / 11 / 1);
constexpr std::string_view kStream = "measure.minute";
constexpr int kPackets = 90;  // a minute, as HADES

// The columns of the mesh's minute record, delays in nanoseconds.
const std::vector<data::StreamSchema> kSchemas = {{std::string(kStream),
                                                   {{"scheduled"},
                                                    {"received"},
                                                    {"duplicated"},
                                                    {"reordered"},
                                                    {"negative"},
                                                    {"delay_min"},
                                                    {"delay_p05"},
                                                    {"delay_p25"},
                                                    {"delay_median"},
                                                    {"delay_p75"},
                                                    {"delay_p95"},
                                                    {"delay_p99"},
                                                    {"delay_max"},
                                                    {"ipdv_sum"},
                                                    {"ipdv_count"},
                                                    {"ttl"},
                                                    {"clock_error"},
                                                    {"delays", data::ColumnType::histogram}}}};

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto of = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return of(used.ru_utime) + of(used.ru_stime);
}

std::string key_of(int pair) {
    return fmt::format("pop-{}/pop-{}", pair / 15, pair % 15);
}

/// Delays near the path's base (1 to 90 ms) with an exponential jitter of some 80 us and now and then a queue; 0.1 %
/// lost.
data::ArchiveRecord minute_of(Rng& rng, int pair, std::int64_t minute) {
    const std::int64_t base = 1'000'000 + std::int64_t{pair} * 380'000;
    data::ArchiveRecord record{key_of(pair), kStart + minute * 1min, {}, {Histogram()}};
    std::vector<std::int64_t> delays;
    for (int i = 0; i < kPackets; ++i) {
        if (rng.below(1000) == 0) continue;
        const double queue = rng.below(50) == 0 ? rng.exponential() * 1'500'000 : 0;
        delays.push_back(base + static_cast<std::int64_t>(rng.exponential() * 80'000 + queue));
    }
    std::int64_t ipdv = 0;
    for (std::size_t i = 0; i < delays.size(); ++i) {
        record.histograms[0].add(delays[i]);
        if (i > 0) ipdv += std::abs(delays[i] - delays[i - 1]);
    }
    std::ranges::sort(delays);
    const auto at = [&](double q) {
        return delays[static_cast<std::size_t>(q * static_cast<double>(delays.size() - 1))];
    };
    const auto received = static_cast<std::int64_t>(delays.size());
    record.integers = {kPackets,
                       received,
                       0,
                       0,
                       0,
                       at(0),
                       at(0.05),
                       at(0.25),
                       at(0.5),
                       at(0.75),
                       at(0.95),
                       at(0.99),
                       at(1),
                       ipdv,
                       received - 1,
                       250 - pair % 8,
                       45'000 + static_cast<std::int64_t>(rng.below(2'000))};
    return record;
}

struct Options {
    int pairs = 60;
    std::int64_t days = 2;
    std::int64_t batch = 600;  // records an append: an agent's spool after ten minutes without the hub
    int writers = 2;
    std::string folder;
    bool clickhouse = false;
};

Options options_of(int argc, char** argv) {
    Options out;
    const std::map<std::string_view, std::function<void(const char*)>> known = {
        {"--pairs", [&](const char* v) { out.pairs = std::atoi(v); }},
        {"--days", [&](const char* v) { out.days = std::atoll(v); }},
        {"--batch", [&](const char* v) { out.batch = std::atoll(v); }},
        {"--writers", [&](const char* v) { out.writers = std::atoi(v); }},
        {"--folder", [&](const char* v) { out.folder = v; }},
        {"--clickhouse", [&](const char* v) { out.clickhouse = std::atoi(v) != 0; }},
    };
    for (int i = 1; i + 1 < argc; i += 2) {
        const auto option = known.find(argv[i]);
        if (option == known.end()) {
            fmt::print(stderr, "unknown option {}\n", argv[i]);
            std::exit(2);
        }
        option->second(argv[i + 1]);
    }
    return out;
}

/// A day at a time is made beforehand, so that making it is not measured.
double ingest(data::Archive& archive, const Options& options) {
    double seconds = 0;
    std::vector<std::uint64_t> sequences(static_cast<std::size_t>(options.writers), 1);
    for (std::int64_t day = 0; day < options.days; ++day) {
        std::vector<std::vector<data::ArchiveRecord>> parts(static_cast<std::size_t>(options.writers));
        std::vector<std::thread> makers;
        for (int writer = 0; writer < options.writers; ++writer)
            makers.emplace_back([&, writer] {
                Rng rng(static_cast<std::uint64_t>(day * 1000 + writer));
                for (std::int64_t minute = day * 1440; minute < day * 1440 + 1440; ++minute)
                    for (int pair = writer; pair < options.pairs; pair += options.writers)
                        parts[static_cast<std::size_t>(writer)].push_back(minute_of(rng, pair, minute));
            });
        for (auto& maker : makers)
            maker.join();
        const auto start = std::chrono::steady_clock::now();
        std::vector<std::thread> writers;
        for (std::size_t writer = 0; writer < parts.size(); ++writer)
            writers.emplace_back([&, writer] {
                std::span<const data::ArchiveRecord> rest = parts[writer];
                std::uint64_t& sequence = sequences[writer];
                while (!rest.empty()) {
                    const auto count = std::min(rest.size(), static_cast<std::size_t>(options.batch));
                    const auto done = archive.append(kStream, rest.first(count),
                                                     data::Source{fmt::format("agent-{}", writer), sequence});
                    if (!done) {
                        fmt::print(stderr, "{}\n", done.error().text());
                        std::exit(1);
                    }
                    sequence += count;
                    rest = rest.subspan(count);
                }
            });
        for (auto& writer : writers)
            writer.join();
        seconds += seconds_since(start);
    }
    return seconds;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options = options_of(argc, argv);
    const data::TestFolder temporary;
    std::string folder = options.folder.empty() ? temporary.path() : options.folder;
    std::unique_ptr<data::TestClickhouse> server;
    if (options.clickhouse) {
        auto started = data::TestClickhouse::start();
        if (!started) {
            fmt::print(stderr, "{}\n", started.error().text());
            return 1;
        }
        server = std::move(*started);
        folder = server->fresh_url();
    }
    const SystemClock clock;
    auto opened = data::Archive::open(folder, kSchemas, clock);
    if (!opened) {
        fmt::print(stderr, "{}\n", opened.error().text());
        return 1;
    }
    auto archive = std::move(*opened);
    const double ingesting = ingest(*archive, options);
    const auto records = archive->counters().records;
    fmt::print("ingest    {} records in {:.2f} s, batches of {}, {} writers: {:.0f} records/s, durable\n", records,
               ingesting, options.batch, options.writers, static_cast<double>(records) / ingesting);
    const auto compacting = std::chrono::steady_clock::now();
    if (const auto done = archive->compact(); !done) fmt::print(stderr, "{}\n", done.error().text());
    fmt::print("compact   the last {:.2f} s; {} blocks\n", seconds_since(compacting), archive->counters().blocks);
    const auto reopening = std::chrono::steady_clock::now();
    archive.reset();
    archive = std::move(data::Archive::open(folder, kSchemas, clock).value());
    fmt::print("reopen    {:.0f} ms\n", 1e3 * seconds_since(reopening));
    if (options.clickhouse)
        if (const auto done = archive->compact(); !done) fmt::print(stderr, "{}\n", done.error().text());
    const auto octets = archive->counters().octets;
    fmt::print("disk      {} octets, {:.1f} a record\n", octets,
               static_cast<double>(octets) / static_cast<double>(records));

    std::vector<double> times;
    Rng rng(5);
    std::size_t hours = 0;
    for (int i = 0; i < 9; ++i) {
        const std::string key = key_of(static_cast<int>(rng.below(static_cast<std::uint64_t>(options.pairs))));
        const auto asking = std::chrono::steady_clock::now();
        const auto summary = archive->summarise(kStream, key, kStart, kStart + 31 * 24h, 1h);
        std::int64_t sink = 0;
        for (const auto& hour : *summary)
            for (const double q : {0.05, 0.5, 0.95, 0.99})
                sink += hour.histograms[0].quantile(q);
        times.push_back(1e3 * seconds_since(asking));
        hours = summary->size();
        if (sink == 0) return 1;
    }
    std::ranges::sort(times);
    fmt::print("summarise a pair's {} hours of percentiles: median {:.1f} ms, worst {:.1f} ms of {} records\n", hours,
               times[4], times.back(), records);
    for (const auto step : {1h, 24h}) {
        const auto all = std::chrono::steady_clock::now();
        const auto steps = archive->summarise(kStream, key_of(0), kStart, kStart + options.days * 24h, step);
        fmt::print("summarise a pair's {} minutes into {} steps of {} h: {:.0f} ms\n", options.days * 1440,
                   steps ? steps->size() : 0, step.count(), 1e3 * seconds_since(all));
    }
    const auto asking = std::chrono::steady_clock::now();
    const auto latest = archive->latest(kStream, kStart);
    fmt::print("latest    of {} pairs: {:.1f} ms\n", latest->size(), 1e3 * seconds_since(asking));
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    fmt::print("process   {:.1f} CPU seconds (making the records included), {} MB at most\n", cpu_seconds(),
               used.ru_maxrss / 1024);
    return 0;
}
