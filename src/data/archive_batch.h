#pragma once
// Records of the archive side by side in flat arrays, one array a column, and their compressed form: what a row of the
// staging table and a block hold.

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "data/archive.h"

namespace quipu::data {

class RecordBatch {
  public:
    using Bucket = std::pair<std::uint32_t, std::uint64_t>;  // index, count: as in Histogram

    RecordBatch() = default;
    RecordBatch(std::size_t integer_columns, std::size_t histogram_columns)
        : integers_(integer_columns), histograms_(histogram_columns) {}

    [[nodiscard]] std::size_t size() const { return times_.size(); }
    [[nodiscard]] std::size_t integer_columns() const { return integers_.size(); }
    [[nodiscard]] std::size_t histogram_columns() const { return histograms_.size(); }
    [[nodiscard]] Time time(std::size_t row) const { return times_[row]; }
    /// 0 where the batch has no such column.
    [[nodiscard]] std::int64_t integer(std::size_t row, std::size_t column) const {
        return column < integers_.size() ? integers_[column][row] : 0;
    }
    /// Empty where the batch has no such column.
    [[nodiscard]] std::span<const Bucket> buckets(std::size_t row, std::size_t column) const;
    /// The series of each row where rows of several stand together (staging); empty in a block.
    [[nodiscard]] const std::vector<std::uint32_t>& series() const { return series_; }

    void reserve(std::size_t rows);
    void add(const ArchiveRecord& record);
    void add(const ArchiveRecord& record, std::uint32_t series);
    /// A row of another batch; columns that one of them lacks count as added at the end.
    void add(const RecordBatch& other, std::size_t row);
    [[nodiscard]] ArchiveRecord record(std::size_t row, std::size_t integer_columns,
                                       std::size_t histogram_columns) const;

    bool operator==(const RecordBatch&) const = default;

    /// The columns one after the other: varints of differences, histograms as first bucket, gaps and counts.
    /// Compression finds what repeats.
    void write(ByteWriter& out) const;
    [[nodiscard]] static Result<RecordBatch> parse(ByteReader& in);

  private:
    struct Histograms {
        std::vector<std::uint32_t> ends;  // of each row's buckets
        std::vector<Bucket> buckets;
        bool operator==(const Histograms&) const = default;
    };
    static void write_histograms(ByteWriter& out, const Histograms& column);
    static bool parse_histograms(ByteReader& in, std::size_t rows, Histograms& column);

    std::vector<Time> times_;
    std::vector<std::uint32_t> series_;
    std::vector<std::vector<std::int64_t>> integers_;
    std::vector<Histograms> histograms_;
};

/// zstd with a checksum of the content. `level` as zstd's: 1 for what is rewritten soon, 3 for what stays.
[[nodiscard]] std::vector<std::uint8_t> pack(const RecordBatch& batch, int level);
/// `corrupt` when the octets are not what pack made.
[[nodiscard]] Result<RecordBatch> unpack(ByteSpan packed);

}  // namespace quipu::data
