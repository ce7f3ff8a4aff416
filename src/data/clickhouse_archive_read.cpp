// What is read of a ClickHouse, always with FINAL: of several records with one key and time, the latest.

#include <algorithm>
#include <fmt/format.h>

#include "data/clickhouse_archive.h"
#include "data/clickhouse_rows.h"

namespace quipu::data {
namespace {

constexpr std::string_view kRecords = "key >= '\\x01'";  // and neither marks nor versions
constexpr Time kNoEarlier = std::chrono::sys_days(std::chrono::year(1678) / 1 / 1);
constexpr std::size_t kNoLimit = 1'000'000'000'000;

std::int64_t bound_of(Time time) {
    return std::max(time, kNoEarlier).time_since_epoch().count();
}

/// The columns of a record, after key and time.
void read_columns(RowReader& in, const Shape& shape, ArchiveRecord& out) {
    for (std::size_t i = 0; i < shape.integers; ++i)
        out.integers.push_back(in.i64());
    for (std::size_t i = 0; i < shape.histograms; ++i)
        out.histograms.push_back(in.histogram());
}

std::string within(std::string_view key, Time since, Time until) {
    return fmt::format("key = {} AND time >= {} AND time < {}", sql_text(key), bound_of(since), bound_of(until));
}

}  // namespace

Result<const ClickhouseArchive::Table*> ClickhouseArchive::table_of(std::string_view stream) const {
    TRY(shapes_.of(stream));
    return &tables_.find(stream)->second;
}

Result<std::string> ClickhouseArchive::ask(const std::string& statement) const {
    TRY(prepare());
    auto answer = server_->ask(statement);
    if (!answer && answer.error().code == ErrorCode::not_found) prepared_ = false;
    return answer;
}

Result<std::vector<ArchiveRecord>> ClickhouseArchive::read(std::string_view stream, std::string_view key, Time since,
                                                           Time until, std::size_t limit) const {
    const Table& table = *TRY(table_of(stream));
    std::vector<ArchiveRecord> out;
    if (limit == 0 || since >= until) return out;
    const std::string answer =
        TRY(ask(fmt::format("SELECT time, {} FROM {} FINAL WHERE {} ORDER BY time LIMIT {} FORMAT RowBinary",
                            table.select, table.name, within(key, since, until), std::min(limit, kNoLimit))));
    RowReader in(answer);
    while (in.more()) {
        ArchiveRecord& record = out.emplace_back();
        record.key = key;
        record.time = Time(Nanoseconds(in.i64()));
        read_columns(in, table.shape, record);
    }
    TRY(in.finish());
    return out;
}

Result<std::vector<ArchiveRecord>> ClickhouseArchive::latest(std::string_view stream, Time since) const {
    const Table& table = *TRY(table_of(stream));
    const std::string answer =
        TRY(ask(fmt::format("SELECT key, time, {} FROM {} FINAL WHERE (key, time) IN (SELECT key, max(time) FROM {} "
                            "WHERE {} AND time >= {} "
                            "GROUP BY key) ORDER BY key FORMAT RowBinary",
                            table.select, table.name, table.name, kRecords, bound_of(since))));
    std::vector<ArchiveRecord> out;
    RowReader in(answer);
    while (in.more()) {
        ArchiveRecord& record = out.emplace_back();
        record.key = in.text();
        record.time = Time(Nanoseconds(in.i64()));
        read_columns(in, table.shape, record);
    }
    TRY(in.finish());
    return out;
}

/// Added up where the records are: only the sums travel.
Result<std::vector<ArchiveRecord>> ClickhouseArchive::summarise(std::string_view stream, std::string_view key,
                                                                Time since, Time until, Nanoseconds step) const {
    const Table& table = *TRY(table_of(stream));
    if (step <= Nanoseconds::zero()) return fail(ErrorCode::invalid, "a step is longer than nothing", "step");
    std::vector<ArchiveRecord> out;
    if (since >= until) return out;
    // Unsigned: `since` may lie as far back as time goes.
    const auto origin = static_cast<std::uint64_t>(since.time_since_epoch().count());
    const auto length = static_cast<std::uint64_t>(step.count());
    const std::string answer =
        TRY(ask(fmt::format("SELECT intDiv(toUInt64(toUInt64(time) - toUInt64({})), toUInt64({})) AS _step, {} FROM {} "
                            "FINAL WHERE {} GROUP "
                            "BY _step ORDER BY _step FORMAT RowBinary",
                            origin, length, table.sums, table.name, within(key, since, until))));
    RowReader in(answer);
    while (in.more()) {
        ArchiveRecord& record = out.emplace_back();
        record.key = key;
        record.time = Time(Nanoseconds(static_cast<std::int64_t>(origin + in.u64() * length)));
        read_columns(in, table.shape, record);
    }
    TRY(in.finish());
    return out;
}

Result<std::vector<ArchiveRecord>> ClickhouseArchive::totals(std::string_view stream, Time since, Time until) const {
    const Table& table = *TRY(table_of(stream));
    std::vector<ArchiveRecord> out;
    if (since >= until) return out;
    const std::string answer =
        TRY(ask(fmt::format("SELECT key, {} FROM {} FINAL WHERE {} AND time >= {} AND time < {} GROUP BY key ORDER BY "
                            "key FORMAT RowBinary",
                            table.sums, table.name, kRecords, bound_of(since), bound_of(until))));
    RowReader in(answer);
    while (in.more()) {
        ArchiveRecord& record = out.emplace_back();
        record.key = in.text();
        record.time = since;
        read_columns(in, table.shape, record);
    }
    TRY(in.finish());
    return out;
}

Result<std::vector<std::string>> ClickhouseArchive::keys(std::string_view stream) const {
    const Table& table = *TRY(table_of(stream));
    const std::string answer = TRY(
        ask(fmt::format("SELECT DISTINCT key FROM {} WHERE {} ORDER BY key FORMAT RowBinary", table.name, kRecords)));
    std::vector<std::string> out;
    RowReader in(answer);
    while (in.more())
        out.emplace_back(in.text());
    TRY(in.finish());
    return out;
}

}  // namespace quipu::data
