#pragma once
// The archive: series of measurements. A series is named by a stream ("measure.minute") and a key ("santiago/panama");
// a record is a time and the values that the stream's schema names. Two implementations, chosen by where it is:
//     FOLDER                      one SQLite file a month holds columnar, compressed blocks
//     clickhouse://HOST:PORT/DB   a ClickHouse, by its HTTP interface (docs/decisions/030-clickhouse-exactly-once.md)
//
// Delivery is exactly once for records that come with a source: the high-water mark of each (source, stream) is kept in
// the same transaction as its records, and what is not above it is a repeat and dropped.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/histogram.h"
#include "base/result.h"
#include "base/time.h"

namespace quipu::data {

/// Column types of a stream. Integers are delta-coded, so counters, gauges and times are cheap; a histogram is one
/// Histogram.
enum class ColumnType : std::uint8_t { integer, histogram };
struct Column {
    std::string name;
    ColumnType type = ColumnType::integer;
    bool operator==(const Column&) const = default;
};
/// Columns may be added at the end later; older records answer 0 or an empty histogram there.
struct StreamSchema {
    std::string stream;
    std::vector<Column> columns;
};

struct ArchiveRecord {
    std::string key;
    Time time{};                         ///< start of what it covers; (key, time) is unique: a later one replaces
    std::vector<std::int64_t> integers;  ///< in the order of the schema's integer columns
    std::vector<Histogram> histograms;   ///< in the order of its histogram columns
};

/// Where a batch came from; sequence is that of its last record and rises by one a record.
struct Source {
    std::string name;  ///< agent's id
    std::uint64_t first_sequence = 0;
};

class Archive {
  public:
    /// `place` is a folder, made if missing; a damaged month in it is set aside (renamed with .corrupt), reported, and
    /// the others served. Or it is a ClickHouse's URL, clickhouse://HOST:PORT/DATABASE?user=NAME&password_file=FILE;
    /// while that server is away, opening succeeds and every call answers `unavailable`.
    static Result<std::unique_ptr<Archive>> open(const std::string& place, std::span<const StreamSchema> schemas,
                                                 const Clock& clock);
    virtual ~Archive() = default;

    /// Durable when it returns. All of the batch or, on error, nothing.
    [[nodiscard]] virtual Result<void> append(std::string_view stream, std::span<const ArchiveRecord> records,
                                              const std::optional<Source>& source) = 0;
    /// The highest sequence kept for this source and stream; 0 for none.
    [[nodiscard]] virtual Result<std::uint64_t> high_water(std::string_view stream, std::string_view source) const = 0;

    /// Records of one key with since <= time < until, ascending; at most `limit`.
    [[nodiscard]] virtual Result<std::vector<ArchiveRecord>> read(std::string_view stream, std::string_view key,
                                                                  Time since, Time until, std::size_t limit) const = 0;
    /// The last record of every key not older than `since`.
    [[nodiscard]] virtual Result<std::vector<ArchiveRecord>> latest(std::string_view stream, Time since) const = 0;
    /// Integer columns summed and histograms merged per step of `step` from `since`; empty steps left out.
    [[nodiscard]] virtual Result<std::vector<ArchiveRecord>> summarise(std::string_view stream, std::string_view key,
                                                                       Time since, Time until,
                                                                       Nanoseconds step) const = 0;
    /// The same over the whole time, of every key that has records then: one question for all where the archive can.
    [[nodiscard]] virtual Result<std::vector<ArchiveRecord>> totals(std::string_view stream, Time since,
                                                                    Time until) const;
    [[nodiscard]] virtual Result<std::vector<std::string>> keys(std::string_view stream) const = 0;
    /// Packs what is recent into blocks; also done in the background.
    [[nodiscard]] virtual Result<void> compact() = 0;
    /// Gives up records of a stream that are older than `before`, as far as that is cheap: whole blocks or months, so
    /// that some older ones may stay for another month. Marks of sources stay.
    [[nodiscard]] virtual Result<void> forget(std::string_view stream, Time before) = 0;

    struct Counters {
        std::uint64_t records = 0, repeats = 0, blocks = 0, octets = 0;
    };
    [[nodiscard]] virtual Counters counters() const = 0;
};

}  // namespace quipu::data
