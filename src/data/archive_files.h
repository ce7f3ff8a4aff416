#pragma once
// The archive's files. `recent.sqlite` holds what was appended lately and, in the same transactions, the marks of the
// sources; each month's file holds blocks. Here are their tables and queries, on connections that the caller holds.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "data/archive_batch.h"
#include "data/sqlite_connection.h"

namespace quipu::data {

/// Months are counted from the year 0.
[[nodiscard]] int month_of(Time time);
[[nodiscard]] Time start_of_month(int month);
/// "2011-11.sqlite", and back.
[[nodiscard]] std::string month_file(int month);
[[nodiscard]] std::optional<int> month_of_file(std::string_view name);

/// Rows that were appended together, as they stand in one row of the staging table.
struct StagedBatch {
    std::int64_t id = 0;  ///< rises with each append
    RecordBatch records;
};

/// One record that is staged.
struct StagedRecord {
    Time time{};
    std::shared_ptr<const StagedBatch> batch;
    std::uint32_t row = 0;
};

/// In order of time; of several with the same time the one that arrived last.
[[nodiscard]] std::vector<StagedRecord> in_order(std::vector<StagedRecord> staged);

/// A line of a dictionary: the number that stands for a stream's key in this file.
struct SeriesName {
    std::uint32_t id = 0;
    std::string stream;
    std::string key;
};
using SourceKey = std::pair<std::string, std::string>;  // stream, source

/// recent.sqlite.
class RecentStore {
  public:
    struct Contents {
        std::vector<SeriesName> series;
        std::map<SourceKey, std::uint64_t> marks;  ///< highest sequence kept
        std::vector<std::shared_ptr<const StagedBatch>> staged;
    };

    explicit RecentStore(SqliteConnection& connection) : connection_(connection) {}
    /// Makes the tables in an empty file; `corrupt` when the file is something else.
    [[nodiscard]] Result<void> prepare();
    [[nodiscard]] Result<Contents> load();
    [[nodiscard]] Result<std::uint32_t> add_series(std::string_view stream, const std::string& key);
    [[nodiscard]] Result<std::int64_t> stage(const RecordBatch& records);
    [[nodiscard]] Result<void> unstage_up_to(std::int64_t id);
    [[nodiscard]] Result<void> set_mark(const SourceKey& source, std::uint64_t mark);

  private:
    SqliteConnection& connection_;
};

/// A month's file.
class MonthStore {
  public:
    struct Contents {
        std::vector<SeriesName> series;
        std::uint64_t blocks = 0;
    };
    struct Block {
        std::int64_t id = 0;
        Time first{};
        Time last{};
        std::int64_t records = 0;
    };

    explicit MonthStore(SqliteConnection& connection) : connection_(connection) {}
    /// Makes the tables in an empty file; `corrupt` when the file is something else.
    [[nodiscard]] Result<void> prepare();
    [[nodiscard]] Result<Contents> load();
    [[nodiscard]] Result<std::uint32_t> add_series(std::string_view stream, const std::string& key);
    /// Bodies of the blocks of a series that touch [since, until), ascending.
    [[nodiscard]] Result<Rows> bodies(std::uint32_t series, Time since, Time until);
    [[nodiscard]] Result<Rows> last_body(std::uint32_t series);
    [[nodiscard]] Result<RecordBatch> body(std::int64_t block);
    /// Blocks that overlap [first, last], and the one on either side.
    [[nodiscard]] Result<std::vector<Block>> around(std::uint32_t series, Time first, Time last);
    [[nodiscard]] Result<void> add_block(std::uint32_t series, Time first, Time last, std::size_t records,
                                         const Blob& packed);
    [[nodiscard]] Result<void> remove_block(std::int64_t id);
    /// All blocks of a stream, and gives the file's room back; answers how many there were.
    [[nodiscard]] Result<std::uint64_t> remove_stream(std::string_view stream);
    /// A body's records; damage names the file.
    [[nodiscard]] Result<RecordBatch> unpacked(const Blob& body) const;

  private:
    SqliteConnection& connection_;
};

}  // namespace quipu::data
