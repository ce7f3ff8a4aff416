#include "services/measure/exchange/api.h"

#include <fmt/format.h>

#include "platform/off_loop.h"
#include "services/measure/exchange/rows.h"
#include "services/measure/exchange/runs.h"
#include "services/measure/exchange/spool_file.h"
#include "services/measure/pages.h"
#include "services/measure/schedule.h"

namespace quipu::exchange {
namespace {

using platform::Call;
using platform::Document;
using platform::Permission;

constexpr Nanoseconds kLongestExport = std::chrono::days(400);
constexpr std::size_t kRowsAtOnce = 1'000;  // of the archive, between two looks at who else wants it

/// The tests of pScheduler as whose results something can be exported.
enum class ExportTest : std::uint8_t { latencybg, latency, trace, throughput };
constexpr auto describe_enum(ExportTest) {
    return names<ExportTest>({{ExportTest::latencybg, "latencybg"},
                              {ExportTest::latency, "latency"},
                              {ExportTest::trace, "trace"},
                              {ExportTest::throughput, "throughput"}});
}

struct ExportQuery {
    Format format = Format::csv;
    ExportTest test = ExportTest::latencybg;
    [[nodiscard]] bool of_runs() const { return test == ExportTest::trace || test == ExportTest::throughput; }
    std::string from, to;
    std::optional<Time> since, until;
    std::optional<std::int64_t> step;
    static constexpr auto describe() {
        using T = ExportQuery;
        return fields(
            field<&T::format>("format", "csv, jsonl, or pscheduler: a result of perfSONAR's scheduler a line"),
            field<&T::test>("test",
                            "With pscheduler: as which test's result: of delay latencybg or latency, of the "
                            "ways trace, of throughput throughput"),
            field<&T::from>("from", "Only from this site"), field<&T::to>("to", "Only to this site"),
            field<&T::since>("since", "Not before this time; a day before `until` if left out"),
            field<&T::until>("until", "Before this time; now if left out"),
            field<&T::step>("step", "Seconds to be put together into one record; each minute by itself if left out")
                .between(60, 366.0 * 86400));
    }
};

/// What an export goes through: the keys of its pairs, each from its beginning to its end.
struct Walk {
    std::vector<std::string> keys;
    Time since{}, until{};
    Nanoseconds step = measure::kMinute;
    bool summed = false;
    std::size_t pair = 0;
    Time at{};
};

Result<Walk> walk_of(const Rooms& rooms, const ExportQuery& query) {
    Walk out;
    if (query.of_runs() && query.format != Format::pscheduler)
        return fail(ErrorCode::invalid, "goes with format=pscheduler only", "test",
                    "see /api/v1/measure/paths and /api/v1/measure/throughput");
    if (query.of_runs() && query.step)
        return fail(ErrorCode::invalid, "is for delays: a trace or a test of throughput is one result", "step");
    out.until = query.until.value_or(rooms.clock.now());
    out.since = query.since.value_or(out.until - std::chrono::days(1));
    if (out.since > out.until) return fail(ErrorCode::invalid, "is later than `until`", "since");
    if (out.until - out.since > kLongestExport)
        return fail(ErrorCode::too_large, "an export covers at most 400 days", "since", "ask for one year at a time");
    for (const auto& [site, where] : {std::pair(query.from, "from"), std::pair(query.to, "to")})
        if (!site.empty()) TRY(measure::known_site(rooms.registry, site, where));
    if (query.step) {
        out.summed = true;
        out.step = std::chrono::seconds(*query.step);
        // Steps stand on whole multiples since 1970, as those of /measure/records do.
        out.since = Time((out.since.time_since_epoch() / out.step) * out.step);
    }
    out.at = out.since;
    if (query.of_runs()) return out;
    for (std::string& key : TRY(rooms.archive.keys(measure::kMinuteStream))) {
        const auto [from, to] = measure::ends_of(key);
        if ((query.from.empty() || query.from == from) && (query.to.empty() || query.to == to))
            out.keys.push_back(std::move(key));
    }
    return out;
}

/// Ways that packets took in the time, each as it was traced first.
Result<void> write_traces(const Rooms& rooms, const ExportQuery& query, const Walk& walk, SpoolFile& file) {
    const measure::PathNames names(rooms.registry.now(), std::make_shared<const measure::SitesByAddress>());
    std::optional<measure::PathSpan> after;
    for (;;) {
        const auto stays = TRY(rooms.paths.all_spans(query.from, query.to, walk.since, walk.until, after, kRowsAtOnce));
        std::string text;
        for (const auto& stay : stays)
            add_trace(text, stay, names);
        TRY(file.write(text));
        if (stays.size() < kRowsAtOnce) return {};
        after = stays.back();
    }
}

Result<void> write_throughput(const Rooms& rooms, const ExportQuery& query, const Walk& walk, SpoolFile& file) {
    throughput::ResultFilter filter{.from = query.from,
                                    .to = query.to,
                                    .since = walk.since,
                                    .until = walk.until,
                                    .before_start = {},
                                    .limit = static_cast<std::int64_t>(kRowsAtOnce)};
    for (;;) {
        const auto results = TRY(rooms.throughput.results(filter));
        std::string text;
        for (const auto& result : results)
            add_throughput(text, result);
        TRY(file.write(text));
        if (results.size() < kRowsAtOnce) return {};
        filter.before_start = results.back().start;
        filter.before_test = results.back().test;
    }
}

/// Writes some more; answers whether there is more to come.
Result<bool> go_on(const Rooms& rooms, Walk& walk, const RowsOf& rows, SpoolFile& file) {
    if (walk.pair == walk.keys.size()) return false;
    const std::string& key = walk.keys[walk.pair];
    std::string text;
    std::vector<data::ArchiveRecord> records;
    Time next = walk.until;
    if (walk.summed) {
        const Nanoseconds most = std::chrono::days(7);
        const Nanoseconds stride = std::max<Nanoseconds>(walk.step, most / walk.step * walk.step);
        next = std::min(walk.until, walk.at + stride);
        records = TRY(measure::Rollup(rooms.archive, rooms.clock).steps(key, walk.at, next, walk.step));
    } else {
        records = TRY(rooms.archive.read(measure::kMinuteStream, key, walk.at, walk.until, kRowsAtOnce));
        if (records.size() == kRowsAtOnce) next = records.back().time + Nanoseconds(1);
    }
    const auto figures = TRY(figures_of(rooms, key, records, walk.step));
    for (std::size_t i = 0; i < records.size(); ++i)
        rows.add(text, key, records[i], figures[i]);
    TRY(file.write(text));
    walk.at = next;
    if (walk.at >= walk.until) {
        ++walk.pair;
        walk.at = walk.since;
    }
    return walk.pair < walk.keys.size();
}

Task<Result<Document>> export_rows(const Rooms& rooms, ExportQuery query) {
    const auto turn = CO_TRY(Turn::take(rooms.exports));
    const RowsOf rows(query.format, query.test == ExportTest::latency ? LatencyTest::latency : LatencyTest::latencybg);
    Walk walk = CO_TRY(co_await platform::off_loop([&] { return walk_of(rooms, query); }));
    SpoolFile file = CO_TRY(SpoolFile::create(rooms.spool_folder));
    std::string head;
    rows.begin(head);
    CO_TRY(file.write(head));
    if (query.of_runs())
        CO_TRY(co_await platform::off_loop([&] {
            return query.test == ExportTest::trace ? write_traces(rooms, query, walk, file)
                                                   : write_throughput(rooms, query, walk, file);
        }));
    while (CO_TRY(co_await platform::off_loop([&] { return go_on(rooms, walk, rows, file); }))) {
    }
    const std::string pair = query.from.empty() || query.to.empty() ? "pairs" : query.from + "-" + query.to;
    co_return Document{.text = {},
                       .media_type = std::string(rows.media_type()),
                       .file_name = fmt::format("{}-{}.{}", pair, format_date(date_of(walk.since)), rows.suffix()),
                       .file = std::move(file).finish(rooms.clock.now())};
}

}  // namespace

Result<std::shared_ptr<Turn>> Turn::take(const std::shared_ptr<std::atomic<int>>& running) {
    if (running->fetch_add(1) < kMostExports) return std::make_shared<Turn>(running);
    running->fetch_sub(1);
    Error busy{ErrorCode::limited, fmt::format("{} exports are under way", kMostExports)};
    busy.retry_after = std::chrono::seconds(5);
    return std::unexpected(std::move(busy));
}

Result<std::vector<measure::Figures>> figures_of(const Rooms& rooms, std::string_view key,
                                                 const std::vector<data::ArchiveRecord>& records, Nanoseconds step) {
    std::vector<measure::Figures> out;
    if (records.empty()) return out;
    const auto [from, to] = measure::ends_of(key);
    const auto ways = TRY(rooms.paths.times(from, to, records.front().time, records.back().time + step));
    out.reserve(records.size());
    for (const auto& record : records) {
        auto& figures = out.emplace_back(measure::figures_of(record, step));
        if (std::string way = ways.at(record.time); !way.empty()) figures.path = std::move(way);
    }
    TRY(measure::mark_clock_faults(rooms.points, from, to, step, out));
    return out;
}

void add_export_route(platform::Api& api, const Rooms& rooms) {
    api.get<ExportQuery, Document>(
        {.path = "/api/v1/measure/export",
         .summary = "Minutes or steps of pairs, as CSV, JSON lines or pScheduler's results; ways "
                    "and tests of throughput as the latter",
         .tag = "measure",
         .permission = Permission::see_public,
         .media_type = "text/csv",
         .command = "quipu measure export"},
        [rooms](const Call&, ExportQuery query) -> Task<Result<Document>> {
            return export_rows(rooms, std::move(query));
        });
}

}  // namespace quipu::exchange
