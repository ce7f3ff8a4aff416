#pragma once
// The archive on a ClickHouse. A stream is a table, ReplacingMergeTree by (key, time): what has the highest version
// counts, and versions rise with each record that this program sends. Everything is read with FINAL, so that a replaced
// record is not seen whether or not it was merged away.
//
// An append is one INSERT into one partition (the month in which it was sent), so ClickHouse keeps it as one part or
// not at all. The marks of its sources are rows of the same INSERT, the last ones: whatever cuts it short, a mark that
// is kept has its records before it. When an answer is lost, the marks are asked for again, and what is sent twice has
// the same keys and replaces itself. See docs/decisions/030-clickhouse-exactly-once.md.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "data/append_queue.h"
#include "data/archive.h"
#include "data/archive_files.h"
#include "data/archive_shapes.h"
#include "data/clickhouse_connection.h"

namespace quipu::data {

class ClickhouseArchive final : public Archive {
  public:
    ClickhouseArchive(std::unique_ptr<ClickhouseServer> server, std::span<const StreamSchema> schemas,
                      const Clock& clock);
    /// Asks the server for the first time; its being away is no error.
    [[nodiscard]] Result<void> start();

    Result<void> append(std::string_view stream, std::span<const ArchiveRecord> records,
                        const std::optional<Source>& source) override;
    Result<std::uint64_t> high_water(std::string_view stream, std::string_view source) const override;
    Result<std::vector<ArchiveRecord>> read(std::string_view stream, std::string_view key, Time since, Time until,
                                            std::size_t limit) const override;
    Result<std::vector<ArchiveRecord>> latest(std::string_view stream, Time since) const override;
    Result<std::vector<ArchiveRecord>> summarise(std::string_view stream, std::string_view key, Time since, Time until,
                                                 Nanoseconds step) const override;
    Result<std::vector<ArchiveRecord>> totals(std::string_view stream, Time since, Time until) const override;
    Result<std::vector<std::string>> keys(std::string_view stream) const override;
    Result<void> compact() override;
    Result<void> forget(std::string_view stream, Time before) override;
    Counters counters() const override;

  private:
    /// A stream's table and the parts of statements that name its columns, integers first.
    struct Table {
        std::string name;
        std::vector<std::pair<std::string, std::string>> columns;  // name, type
        Shape shape;
        std::string select;   // "`sent`, `delay.index`, `delay.count`"
        std::string sums;     // "sum(`sent`), sumMap(`delay.index`, `delay.count`)"
        std::string nothing;  // the octets of those columns in a row that is no record
    };

    // clickhouse_archive.cpp
    [[nodiscard]] Result<void> prepare() const;
    [[nodiscard]] Result<void> prepare_table(const Table& table) const;
    void commit(std::span<PendingAppend* const> group);
    [[nodiscard]] Result<void> commit(std::string_view stream, std::span<PendingAppend* const> group);
    [[nodiscard]] Result<void> insert(const Table& table, std::string rows);
    [[nodiscard]] Result<std::uint64_t> mark_of(const Table& table, const SourceKey& source) const;
    [[nodiscard]] Result<void> drop_months(std::string_view stream, Time before);
    [[nodiscard]] std::uint16_t today() const;
    void look_at_size() const;

    // clickhouse_archive_read.cpp
    [[nodiscard]] Result<const Table*> table_of(std::string_view stream) const;
    /// `ask` on tables that are there.
    [[nodiscard]] Result<std::string> ask(const std::string& statement) const;

    const std::unique_ptr<ClickhouseServer> server_;
    const Clock& clock_;
    const Shapes shapes_;
    std::map<std::string, Table, std::less<>> tables_;

    mutable std::mutex preparing_;
    mutable std::atomic<bool> prepared_ = false;
    mutable std::atomic<std::uint64_t> version_ = 0;  // the highest that was given away

    AppendQueue appends_;

    mutable std::mutex marks_mutex_;
    mutable std::map<SourceKey, std::uint64_t> marks_;  // those that are known for certain

    std::atomic<std::uint64_t> records_ = 0;
    std::atomic<std::uint64_t> repeats_ = 0;
    mutable std::atomic<std::uint64_t> parts_ = 0;
    mutable std::atomic<std::uint64_t> octets_ = 0;
    mutable std::atomic<std::int64_t> looked_ = -1;  // when the size was looked at, seconds
};

[[nodiscard]] Result<std::unique_ptr<Archive>> open_clickhouse(const std::string& url,
                                                               std::span<const StreamSchema> schemas,
                                                               const Clock& clock);

}  // namespace quipu::data
