// Tables, appends and marks. Reading is in clickhouse_archive_read.cpp.

#include "data/clickhouse_archive.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/log.h"
#include "data/clickhouse_rows.h"

namespace quipu::data {
namespace {

constexpr LogEvent kAway{LogLevel::warning, "ARCHIVE_SERVER_AWAY",
                         "The archive's ClickHouse does not answer; agents keep their records meanwhile.",
                         "Start it, or see archive= in the section [hub]."};

/// Below max_insert_block_size (1,048,576): a larger INSERT would be cut into several parts, each kept for itself.
constexpr std::size_t kMostRows = 500'000;
constexpr std::int64_t kSizeEvery = 30;  // seconds
constexpr std::array<std::string_view, 6> kOwnColumns = {"key", "time", "version", "kept", "mark", "at"};

/// Rows that are no records have keys that no record can have: they begin with a zero octet.
std::string mark_key(std::string_view source) {
    std::string out(1, '\0');
    return out.append(source);
}
const std::string kVersionKey(1, '\0');

struct Row {
    std::string_view key;
    Time time{};
    std::uint64_t version = 0;
    std::uint64_t mark = 0;
};
void begin(RowWriter& out, const Row& row, std::uint16_t today) {
    out.text(row.key);
    out.i64(row.time.time_since_epoch().count());
    out.u64(row.version);
    out.u16(today);
    out.u64(row.mark);
}

std::string joined(std::string out, std::string_view next) {
    if (!out.empty()) out += ", ";
    return out.append(next);
}

}  // namespace

ClickhouseArchive::ClickhouseArchive(std::unique_ptr<ClickhouseServer> server, std::span<const StreamSchema> schemas,
                                     const Clock& clock)
    : server_(std::move(server)), clock_(clock), shapes_(schemas) {
    for (const StreamSchema& schema : schemas) {
        Table& table = tables_[schema.stream];
        table.name = schema.stream;
        std::ranges::replace(table.name, '.', '_');
        table.shape = *shapes_.of(schema.stream);
        RowWriter nothing;
        for (const ColumnType type : {ColumnType::integer, ColumnType::histogram})
            for (const Column& column : schema.columns) {
                if (column.type != type) continue;
                const std::string name = sql_name(column.name);
                if (type == ColumnType::integer) {
                    table.columns.emplace_back(column.name, "Int64");
                    table.select = joined(table.select, name);
                    table.sums = joined(table.sums, fmt::format("sum({})", name));
                    nothing.i64(0);
                    continue;
                }
                const std::string index = sql_name(column.name + ".index");
                const std::string count = sql_name(column.name + ".count");
                table.columns.emplace_back(column.name + ".index", "Array(UInt32)");
                table.columns.emplace_back(column.name + ".count", "Array(UInt64)");
                table.select = joined(table.select, index + ", " + count);
                table.sums = joined(table.sums, fmt::format("sumMap({}, {})", index, count));
                nothing.histogram({});
            }
        table.nothing = nothing.take();
    }
}

Result<void> ClickhouseArchive::start() {
    for (const auto& [stream, table] : tables_)
        for (const auto& [name, type] : table.columns)
            if (std::ranges::find(kOwnColumns, name) != kOwnColumns.end())
                return fail(ErrorCode::invalid,
                            fmt::format("a column can't be named {}: the archive has its own", name), stream);
    const auto done = prepare();
    if (done || done.error().code != ErrorCode::unavailable) return done;
    log(kAway, {{"error", done.error().text()}});
    return {};
}

Result<void> ClickhouseArchive::prepare() const {
    if (prepared_) return {};
    const std::scoped_lock lock(preparing_);
    if (prepared_) return {};
    TRY(server_->ask_server("CREATE DATABASE IF NOT EXISTS " + server_->address().database));
    for (const auto& [stream, table] : tables_)
        TRY(prepare_table(table));
    std::uint64_t version = static_cast<std::uint64_t>(clock_.now().time_since_epoch().count());
    for (const auto& [stream, table] : tables_) {
        const std::string answer = TRY(server_->ask(fmt::format(
            "SELECT max(version) FROM {} WHERE key = {} FORMAT RowBinary", table.name, sql_text(kVersionKey))));
        RowReader in(answer);
        version = std::max(version, in.u64());
        TRY(in.finish());
    }
    version_ = std::max<std::uint64_t>(version_, version);
    prepared_ = true;
    return {};
}

Result<void> ClickhouseArchive::prepare_table(const Table& table) const {
    TRY(server_->ask(
        fmt::format("CREATE TABLE IF NOT EXISTS {} (key String, time Int64, version UInt64, kept Date, mark "
                    "UInt64, at DateTime ALIAS toDateTime(intDiv(time, 1000000000))) ENGINE = "
                    "ReplacingMergeTree(version) PARTITION BY toYYYYMM(kept) ORDER BY (key, time)",
                    table.name)));
    const std::string answer = TRY(server_->ask(
        fmt::format("SELECT name, type FROM system.columns WHERE database = {} AND table = {} FORMAT RowBinary",
                    sql_text(server_->address().database), sql_text(table.name))));
    std::map<std::string, std::string> there;
    RowReader in(answer);
    while (in.more()) {
        const std::string name(in.text());
        there[name] = in.text();
    }
    TRY(in.finish());
    for (const auto& [name, type] : table.columns) {
        const auto known = there.find(name);
        if (known == there.end())
            TRY(server_->ask(fmt::format("ALTER TABLE {} ADD COLUMN {} {}", table.name, sql_name(name), type)));
        else if (known->second != type)
            return fail(ErrorCode::conflict, fmt::format("is {} where {} is wanted", known->second, type),
                        table.name + "." + name, "give the archive a database of its own");
    }
    return {};
}

// ---- appending

Result<void> ClickhouseArchive::append(std::string_view stream, std::span<const ArchiveRecord> records,
                                       const std::optional<Source>& source) {
    TRY(shapes_.check(stream, records, source));
    if (records.empty()) return {};
    if (records.size() > kMostRows)
        return fail(ErrorCode::too_large, fmt::format("an append has at most {} records", kMostRows),
                    std::string(stream));
    PendingAppend pending{.stream = stream, .records = records, .source = source};
    appends_.pass(pending, [this](std::span<PendingAppend* const> group) { commit(group); });
    look_at_size();  // those who wait have their answers
    if (pending.result) repeats_ += pending.repeats;
    return pending.result;
}

/// One INSERT for each stream, and no larger than ClickHouse keeps whole.
void ClickhouseArchive::commit(std::span<PendingAppend* const> group) {
    std::map<std::string_view, std::vector<PendingAppend*>> streams;
    for (PendingAppend* pending : group)
        streams[pending->stream].push_back(pending);
    for (const auto& [stream, waiting] : streams)
        for (std::size_t begin = 0, end = 0; begin < waiting.size(); begin = end) {
            std::size_t rows = 0;
            while (end < waiting.size() && (end == begin || rows + waiting[end]->records.size() <= kMostRows))
                rows += waiting[end++]->records.size();
            const std::span<PendingAppend* const> together(waiting.data() + begin, end - begin);
            const auto result = commit(stream, together);
            for (PendingAppend* each : together)
                each->result = result;
        }
}

Result<void> ClickhouseArchive::commit(std::string_view stream, std::span<PendingAppend* const> group) {
    TRY(prepare());
    const Table& table = tables_.find(stream)->second;
    std::map<SourceKey, std::uint64_t> marks;
    RowWriter rows;
    std::size_t kept = 0;
    const std::uint16_t day = today();
    for (PendingAppend* pending : group) {
        const std::optional<Source>& source = pending->source;
        std::uint64_t* mark = nullptr;
        if (source) {
            const SourceKey name{std::string(stream), source->name};
            if (!marks.contains(name)) marks[name] = TRY(mark_of(table, name));
            mark = &marks[name];
        }
        for (std::size_t i = 0; i < pending->records.size(); ++i) {
            if (source) {
                if (source->first_sequence + i <= *mark) {
                    ++pending->repeats;
                    continue;
                }
                *mark = source->first_sequence + i;
            }
            const ArchiveRecord& record = pending->records[i];
            begin(rows, {.key = record.key, .time = record.time, .version = ++version_}, day);
            for (const std::int64_t integer : record.integers)
                rows.i64(integer);
            for (const Histogram& histogram : record.histograms)
                rows.histogram(histogram);
            ++kept;
        }
    }
    if (kept == 0) return {};
    const auto no_record = [&](std::string_view key, std::uint64_t mark) {
        begin(rows, {.key = key, .version = ++version_, .mark = mark}, day);
        rows.raw(table.nothing);
    };
    no_record(kVersionKey, 0);
    for (const auto& [source, mark] : marks)
        no_record(mark_key(source.second), mark);
    const auto done = insert(table, rows.take());
    const std::scoped_lock lock(marks_mutex_);
    for (const auto& [source, mark] : marks) {
        if (done)
            marks_[source] = mark;
        else
            marks_.erase(source);  // kept or not: only the server knows
    }
    if (done) records_ += kept;
    return done;
}

Result<void> ClickhouseArchive::insert(const Table& table, std::string rows) {
    auto done = server_->insert(
        fmt::format("INSERT INTO {} (key, time, version, kept, mark, {}) FORMAT RowBinary", table.name, table.select),
        std::move(rows));
    if (!done && done.error().code == ErrorCode::not_found) prepared_ = false;
    return done;
}

Result<std::uint64_t> ClickhouseArchive::mark_of(const Table& table, const SourceKey& source) const {
    {
        const std::scoped_lock lock(marks_mutex_);
        if (const auto known = marks_.find(source); known != marks_.end()) return known->second;
    }
    const std::string answer = TRY(ask(fmt::format("SELECT max(mark) FROM {} WHERE key = {} FORMAT RowBinary",
                                                   table.name, sql_text(mark_key(source.second)))));
    RowReader in(answer);
    const std::uint64_t mark = in.u64();
    TRY(in.finish());
    return mark;
}

Result<std::uint64_t> ClickhouseArchive::high_water(std::string_view stream, std::string_view source) const {
    return mark_of(*TRY(table_of(stream)), {std::string(stream), std::string(source)});
}

std::uint16_t ClickhouseArchive::today() const {
    const auto days = std::chrono::floor<std::chrono::days>(clock_.now()).time_since_epoch().count();
    return static_cast<std::uint16_t>(std::clamp<std::int64_t>(days, 0, UINT16_MAX));
}

// ---- keeping house

Result<void> ClickhouseArchive::compact() {
    for (const auto& [stream, table] : tables_)
        TRY(ask(fmt::format("OPTIMIZE TABLE {} FINAL", table.name)));
    looked_ = -1;
    look_at_size();
    return {};
}

/// Alone: a mark that an append raised between the asking and the sending would be lowered by what is sent.
Result<void> ClickhouseArchive::forget(std::string_view stream, Time before) {
    return appends_.alone([&] { return drop_months(stream, before); });
}

/// Whole partitions go. The marks are sent once more first, into the month that is under way.
Result<void> ClickhouseArchive::drop_months(std::string_view stream, Time before) {
    const Table& table = *TRY(table_of(stream));
    const std::string answer =
        TRY(ask(fmt::format("SELECT toYYYYMM(kept) AS _month, max(time) AS _last FROM {} WHERE key >= '\\x01' GROUP BY "
                            "_month HAVING _last < "
                            "{} AND _month < toYYYYMM(toDate({})) ORDER BY _month FORMAT RowBinary",
                            table.name, before.time_since_epoch().count(), today())));
    std::vector<std::uint32_t> months;
    RowReader in(answer);
    while (in.more()) {
        months.push_back(in.u32());
        static_cast<void>(in.i64());
    }
    TRY(in.finish());
    if (months.empty()) return {};
    const std::string marks = TRY(ask(
        fmt::format("SELECT key, max(mark) FROM {} WHERE key < '\\x01' GROUP BY key FORMAT RowBinary", table.name)));
    RowReader kept(marks);
    RowWriter rows;
    while (kept.more()) {
        const std::string_view key = kept.text();
        begin(rows, {.key = key, .version = ++version_, .mark = kept.u64()}, today());
        rows.raw(table.nothing);
    }
    TRY(kept.finish());
    TRY(insert(table, rows.take()));
    for (const std::uint32_t month : months)
        TRY(ask(fmt::format("ALTER TABLE {} DROP PARTITION {}", table.name, month)));
    return {};
}

/// For the metrics, which may not wait.
void ClickhouseArchive::look_at_size() const {
    const std::int64_t now = unix_seconds(clock_.now());
    std::int64_t before = looked_;
    if (before >= 0 && now - before < kSizeEvery) return;
    if (!looked_.compare_exchange_strong(before, now)) return;  // another does it
    const auto answer = server_->ask(fmt::format(
        "SELECT count(), sum(bytes_on_disk) FROM system.parts WHERE active AND database = {} FORMAT RowBinary",
        sql_text(server_->address().database)));
    if (!answer) return;
    RowReader in(*answer);
    parts_ = in.u64();
    octets_ = in.u64();
}

Archive::Counters ClickhouseArchive::counters() const {
    return {records_, repeats_, parts_, octets_};
}

Result<std::unique_ptr<Archive>> open_clickhouse(const std::string& url, std::span<const StreamSchema> schemas,
                                                 const Clock& clock) {
    auto archive = std::make_unique<ClickhouseArchive>(TRY(ClickhouseServer::create(url)), schemas, clock);
    TRY(archive->start());
    return archive;
}

}  // namespace quipu::data
