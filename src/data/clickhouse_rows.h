#pragma once
// ClickHouse's RowBinary: little-endian integers, a varint before each string's and array's content, nothing between
// rows. Both ways: what an INSERT sends and what a SELECT … FORMAT RowBinary answers.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/histogram.h"
#include "base/result.h"

namespace quipu::data {

class RowWriter {
  public:
    void u16(std::uint16_t value) { little(value); }
    void u64(std::uint64_t value) { little(value); }
    void i64(std::int64_t value) { little(static_cast<std::uint64_t>(value)); }
    void text(std::string_view value);
    /// Two arrays: indices (UInt32) and counts (UInt64).
    void histogram(const Histogram& value);
    /// Octets that another writer made.
    void raw(std::string_view octets) { octets_ += octets; }
    [[nodiscard]] std::string take() { return std::exchange(octets_, {}); }

  private:
    void varint(std::uint64_t value);
    template <std::unsigned_integral T>
    void little(T value) {
        for (std::size_t i = 0; i < sizeof(T); ++i)
            octets_.push_back(static_cast<char>(static_cast<std::uint8_t>(value >> (8 * i))));
    }
    std::string octets_;
};

/// Over an answer; after the first octet too few every read answers 0 or empty, and finish() tells.
class RowReader {
  public:
    explicit RowReader(std::string_view octets) : in_(as_bytes(octets)) {}
    [[nodiscard]] bool more() const { return in_.ok() && !in_.at_end(); }
    [[nodiscard]] std::uint32_t u32() { return std::byteswap(in_.u32()); }
    [[nodiscard]] std::uint64_t u64() { return std::byteswap(in_.u64()); }
    [[nodiscard]] std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
    [[nodiscard]] std::string_view text() { return in_.text(); }
    [[nodiscard]] Histogram histogram();
    /// Ok, or `corrupt` naming the octet.
    [[nodiscard]] Result<void> finish() const;

  private:
    ByteReader in_;
};

/// A string between quotes, as SQL.
[[nodiscard]] std::string sql_text(std::string_view text);
/// A name between back quotes.
[[nodiscard]] std::string sql_name(std::string_view name);

}  // namespace quipu::data
