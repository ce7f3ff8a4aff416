#pragma once
// A log-linear histogram: exact counts in buckets whose width is at most 1 % of their value, so that any quantile has a
// relative error of at most 1 % and two histograms merge exactly by adding counts.

#include <cstdint>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace quipu {

/// Values are non-negative integers (nanoseconds, octets, …) up to 2^63-1; negative values are counted as 0.
/// Buckets: values below 128 each their own; above, each power of two is cut into 64 equal parts and a bucket answers
/// with its middle, hence a relative error of at most 1/128 < 1 %.
class Histogram {
  public:
    void add(std::int64_t value, std::uint64_t count = 1);
    /// Adds to a bucket by its index: for whoever kept buckets() in a form of its own. Ascending order is the fast way.
    void add_bucket(std::uint32_t index, std::uint64_t count);
    void merge(const Histogram& other);
    void clear();

    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] bool empty() const { return count_ == 0; }
    /// The value below which a fraction `q` (0…1) of the counts lies: the nearest-rank definition. 0 when empty.
    [[nodiscard]] std::int64_t quantile(double q) const;
    [[nodiscard]] double mean() const;
    /// Buckets that hold something: (index, count), ascending.
    [[nodiscard]] const std::vector<std::pair<std::uint32_t, std::uint64_t>>& buckets() const { return buckets_; }
    /// One above the highest index.
    [[nodiscard]] static std::uint32_t bucket_limit() { return index_of(INT64_MAX) + 1; }
    [[nodiscard]] static std::int64_t lower_bound(std::uint32_t index);
    [[nodiscard]] static std::int64_t middle(std::uint32_t index);
    [[nodiscard]] static std::uint32_t index_of(std::int64_t value);

    /// Compact form: number of buckets, then index deltas and counts as varints.
    void write(ByteWriter& out) const;
    [[nodiscard]] static Result<Histogram> parse(ByteReader& in);

    bool operator==(const Histogram&) const = default;

  private:
    std::vector<std::pair<std::uint32_t, std::uint64_t>> buckets_;  // sparse, sorted by index
    std::uint64_t count_ = 0;
};

}  // namespace quipu
