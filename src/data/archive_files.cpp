#include "data/archive_files.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <tuple>

#include "data/instants.h"

namespace quipu::data {
namespace {

/// What a file of ours says that it is (PRAGMA application_id, user_version).
struct Kind {
    std::int64_t application = 0;
    std::int64_t format = 1;
    std::string_view name;
};
constexpr Kind kMonth{0x51754172, 1, "a month of Quipu's archive"};             // "QuAr"
constexpr Kind kRecent{0x51755265, 1, "the archive's file of recent records"};  // "QuRe"

constexpr std::string_view kSeriesTable =
    "CREATE TABLE series (id INTEGER PRIMARY KEY, stream TEXT NOT NULL, key TEXT NOT NULL, UNIQUE (stream, key))";
constexpr std::array<std::string_view, 3> kRecentTables = {
    kSeriesTable,
    "CREATE TABLE marks (stream TEXT NOT NULL, source TEXT NOT NULL, kept INTEGER NOT NULL, PRIMARY KEY (stream, "
    "source)) "
    "WITHOUT ROWID",
    // An identifier is never used twice: what is staged later has a higher one.
    "CREATE TABLE staging (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL)",
};
constexpr std::array<std::string_view, 3> kMonthTables = {
    kSeriesTable,
    "CREATE TABLE blocks (id INTEGER PRIMARY KEY, series INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT "
    "NULL, "
    "records INTEGER NOT NULL, body BLOB NOT NULL)",
    "CREATE INDEX blocks_series ON blocks (series, first, last, records)",
};

Result<void> prepare(SqliteConnection& connection, const Kind& kind, std::span<const std::string_view> tables) {
    const Rows application = TRY(connection.run("PRAGMA application_id"));
    const Rows version = TRY(connection.run("PRAGMA user_version"));
    const Rows present = TRY(connection.run("SELECT count(*) FROM sqlite_master"));
    if (present.integer(0, 0) == 0) {
        TRY(connection.begin_write());
        for (const std::string_view sql : tables)
            TRY(connection.execute(sql, {}));
        TRY(connection.execute(fmt::format("PRAGMA application_id = {}", kind.application), {}));
        TRY(connection.execute(fmt::format("PRAGMA user_version = {}", kind.format), {}));
        return connection.commit();
    }
    if (application.integer(0, 0) != kind.application)
        return fail(ErrorCode::corrupt, fmt::format("this file is not {}", kind.name), connection.path());
    if (version.integer(0, 0) != kind.format)
        return fail(ErrorCode::unsupported, "this file was written by a newer Quipu", connection.path(),
                    "start the newer program");
    return {};
}

Result<std::vector<SeriesName>> load_series(SqliteConnection& connection) {
    std::vector<SeriesName> out;
    const Rows rows = TRY(connection.run("SELECT id, stream, key FROM series"));
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.push_back({static_cast<std::uint32_t>(rows.integer(row, 0)), rows.text(row, 1), rows.text(row, 2)});
    return out;
}

Result<std::uint32_t> add_series_to(SqliteConnection& connection, std::string_view stream, const std::string& key) {
    const Rows added =
        TRY(connection.run("INSERT INTO series (stream, key) VALUES (?, ?) RETURNING id", std::string(stream), key));
    return static_cast<std::uint32_t>(added.integer(0, 0));
}

MonthStore::Block block_of(const Rows& rows, std::size_t row) {
    return {rows.integer(row, 0), time_of(rows.integer(row, 1)), time_of(rows.integer(row, 2)), rows.integer(row, 3)};
}

}  // namespace

int month_of(Time time) {
    const Date date = date_of(time);
    return static_cast<int>(date.year()) * 12 + static_cast<int>(static_cast<unsigned>(date.month())) - 1;
}

Time start_of_month(int month) {
    return start_of(std::chrono::year(month / 12) / std::chrono::month(static_cast<unsigned>(month % 12) + 1) / 1);
}

std::string month_file(int month) {
    return fmt::format("{:04}-{:02}.sqlite", month / 12, month % 12 + 1);
}

std::optional<int> month_of_file(std::string_view name) {
    int year = 0;
    int month = 0;
    const auto digits = [](std::string_view text, int& out) {
        return std::from_chars(text.data(), text.data() + text.size(), out).ptr == text.data() + text.size();
    };
    if (name.size() != month_file(0).size() || !digits(name.substr(0, 4), year) || !digits(name.substr(5, 2), month))
        return std::nullopt;
    if (month < 1 || month > 12 || month_file(year * 12 + month - 1) != name) return std::nullopt;
    return year * 12 + month - 1;
}

std::vector<StagedRecord> in_order(std::vector<StagedRecord> staged) {
    std::ranges::sort(staged, {}, [](const StagedRecord& record) {
        return std::tuple(record.time, record.batch->id, record.row);  // the last two: order of arrival
    });
    std::vector<StagedRecord> out;
    out.reserve(staged.size());
    for (StagedRecord& record : staged) {
        if (!out.empty() && out.back().time == record.time)
            out.back() = std::move(record);
        else
            out.push_back(std::move(record));
    }
    return out;
}

Result<void> RecentStore::prepare() {
    return data::prepare(connection_, kRecent, kRecentTables);
}

Result<RecentStore::Contents> RecentStore::load() {
    Contents out;
    out.series = TRY(load_series(connection_));
    const Rows marks = TRY(connection_.run("SELECT stream, source, kept FROM marks"));
    for (std::size_t row = 0; row < marks.size(); ++row)
        out.marks[{marks.text(row, 0), marks.text(row, 1)}] = static_cast<std::uint64_t>(marks.integer(row, 2));
    const Rows staged = TRY(connection_.run("SELECT id, body FROM staging ORDER BY id"));
    for (std::size_t row = 0; row < staged.size(); ++row) {
        auto records = unpack(staged.blob(row, 1));
        if (!records || records->series().size() != records->size())
            return fail(ErrorCode::corrupt, "a staged batch is damaged", connection_.path());
        out.staged.push_back(std::make_shared<const StagedBatch>(staged.integer(row, 0), std::move(*records)));
    }
    return out;
}

Result<std::uint32_t> RecentStore::add_series(std::string_view stream, const std::string& key) {
    return add_series_to(connection_, stream, key);
}

Result<std::int64_t> RecentStore::stage(const RecordBatch& records) {
    constexpr int kQuick = 1;  // it is packed anew in a block soon
    return TRY(connection_.run("INSERT INTO staging (body) VALUES (?) RETURNING id", pack(records, kQuick)))
    .integer(0, 0);
}

Result<void> RecentStore::unstage_up_to(std::int64_t id) {
    TRY(connection_.run("DELETE FROM staging WHERE id <= ?", id));
    return {};
}

Result<void> RecentStore::set_mark(const SourceKey& source, std::uint64_t mark) {
    TRY(
        connection_.run("INSERT INTO marks (stream, source, kept) VALUES (?, ?, ?) "
                        "ON CONFLICT (stream, source) DO UPDATE SET kept = excluded.kept",
                        source.first, source.second, static_cast<std::int64_t>(mark)));
    return {};
}

Result<void> MonthStore::prepare() {
    return data::prepare(connection_, kMonth, kMonthTables);
}

Result<MonthStore::Contents> MonthStore::load() {
    Contents out;
    out.series = TRY(load_series(connection_));
    const Rows blocks = TRY(connection_.run("SELECT count(*) FROM blocks"));
    out.blocks = static_cast<std::uint64_t>(blocks.integer(0, 0));
    return out;
}

Result<std::uint32_t> MonthStore::add_series(std::string_view stream, const std::string& key) {
    return add_series_to(connection_, stream, key);
}

Result<Rows> MonthStore::bodies(std::uint32_t series, Time since, Time until) {
    return connection_.run("SELECT body FROM blocks WHERE series = ? AND first < ? AND last >= ? ORDER BY first",
                           std::int64_t{series}, count_of(until), count_of(since));
}

Result<Rows> MonthStore::last_body(std::uint32_t series) {
    return connection_.run("SELECT body FROM blocks WHERE series = ? ORDER BY first DESC LIMIT 1",
                           std::int64_t{series});
}

Result<RecordBatch> MonthStore::body(std::int64_t block) {
    const Rows rows = TRY(connection_.run("SELECT body FROM blocks WHERE id = ?", block));
    if (rows.empty()) return fail(ErrorCode::corrupt, "a block is missing", connection_.path());
    return unpacked(rows.blob(0, 0));
}

Result<std::vector<MonthStore::Block>> MonthStore::around(std::uint32_t series, Time first, Time last) {
    std::vector<Block> out;
    const Rows before =
        TRY(connection_.run("SELECT id, first, last, records FROM blocks WHERE series = ? AND first < ? AND "
                            "last < ? ORDER BY first DESC LIMIT 1",
                            std::int64_t{series}, count_of(first), count_of(first)));
    const Rows overlapping = TRY(connection_.run(
        "SELECT id, first, last, records FROM blocks WHERE series = ? AND first <= ? AND last >= ? ORDER BY first",
        std::int64_t{series}, count_of(last), count_of(first)));
    const Rows after = TRY(connection_.run(
        "SELECT id, first, last, records FROM blocks WHERE series = ? AND first > ? ORDER BY first LIMIT 1",
        std::int64_t{series}, count_of(last)));
    for (const Rows* rows : {&before, &overlapping, &after})
        for (std::size_t row = 0; row < rows->size(); ++row)
            out.push_back(block_of(*rows, row));
    return out;
}

Result<void> MonthStore::add_block(std::uint32_t series, Time first, Time last, std::size_t records,
                                   const Blob& packed) {
    TRY(connection_.run("INSERT INTO blocks (series, first, last, records, body) VALUES (?, ?, ?, ?, ?)",
                        std::int64_t{series}, count_of(first), count_of(last), static_cast<std::int64_t>(records),
                        packed));
    return {};
}

Result<void> MonthStore::remove_block(std::int64_t id) {
    TRY(connection_.run("DELETE FROM blocks WHERE id = ?", id));
    return {};
}

Result<std::uint64_t> MonthStore::remove_stream(std::string_view stream) {
    TRY(connection_.begin_write());
    const Rows gone = TRY(connection_.run("DELETE FROM blocks WHERE series IN (SELECT id FROM series WHERE stream = ?)",
                                          std::string(stream)));
    TRY(connection_.run("DELETE FROM series WHERE stream = ?", std::string(stream)));
    TRY(connection_.commit());
    TRY(connection_.execute("VACUUM", {}));
    return static_cast<std::uint64_t>(gone.affected());
}

Result<RecordBatch> MonthStore::unpacked(const Blob& body) const {
    auto batch = unpack(body);
    if (!batch)
        return fail(ErrorCode::corrupt, batch.error().what, connection_.path(),
                    "put a backup of this file in its place, or move it away; other months are not concerned");
    return batch;
}

}  // namespace quipu::data
