#pragma once
// The one door for untrusted bytes. A ByteReader walks a span; the first read past the end makes it fail for good,
// every later read answers zero or empty, and the caller asks once at the end. All integers are in network byte order.

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quipu {

using ByteSpan = std::span<const std::uint8_t>;

inline ByteSpan as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteSpan bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class ByteReader {
  public:
    explicit ByteReader(ByteSpan bytes) : bytes_(bytes) {}

    [[nodiscard]] bool ok() const { return !failed_; }
    [[nodiscard]] std::size_t offset() const { return offset_; }
    [[nodiscard]] std::size_t remaining() const { return failed_ ? 0 : bytes_.size() - offset_; }
    [[nodiscard]] bool at_end() const { return remaining() == 0; }

    /// An unsigned integer of sizeof(T) octets, big-endian; 0 after failure.
    template <std::unsigned_integral T>
    [[nodiscard]] T be() {
        T value = 0;
        if (remaining() < sizeof(T)) return set_failed(value);
        std::memcpy(&value, bytes_.data() + offset_, sizeof(T));
        offset_ += sizeof(T);
        if constexpr (std::endian::native == std::endian::little && sizeof(T) > 1) value = std::byteswap(value);
        return value;
    }
    [[nodiscard]] std::uint8_t u8() { return be<std::uint8_t>(); }
    [[nodiscard]] std::uint16_t u16() { return be<std::uint16_t>(); }
    [[nodiscard]] std::uint32_t u32() { return be<std::uint32_t>(); }
    [[nodiscard]] std::uint64_t u64() { return be<std::uint64_t>(); }

    /// The next `count` octets, not copied; empty after failure.
    [[nodiscard]] ByteSpan bytes(std::size_t count) {
        if (remaining() < count || failed_) return set_failed(ByteSpan{});
        const ByteSpan out = bytes_.subspan(offset_, count);
        offset_ += count;
        return out;
    }
    [[nodiscard]] ByteSpan rest() { return bytes(remaining()); }
    void skip(std::size_t count) { static_cast<void>(bytes(count)); }

    /// A reader over the next `count` octets, for nested lengths. It fails at birth if they are not there.
    [[nodiscard]] ByteReader sub(std::size_t count) {
        ByteReader inner(bytes(count));
        inner.failed_ = failed_;
        return inner;
    }

    /// LEB128 variable-length unsigned integer, at most 10 octets, and its zigzag signed form.
    [[nodiscard]] std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint8_t octet = u8();
            if (shift == 63 && octet > 1) return set_failed(std::uint64_t{0});
            value |= static_cast<std::uint64_t>(octet & 0x7fU) << shift;
            if ((octet & 0x80U) == 0) return value;
        }
        return set_failed(std::uint64_t{0});
    }
    [[nodiscard]] std::int64_t zigzag() {
        const std::uint64_t value = varint();
        return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
    }
    /// A string preceded by its length as varint.
    [[nodiscard]] std::string_view text() {
        const std::uint64_t size = varint();
        if (size > remaining()) return set_failed(std::string_view{});
        return as_text(bytes(static_cast<std::size_t>(size)));
    }

    /// Ok, or `invalid` naming what was read and the octet at which it ended.
    [[nodiscard]] Result<void> finish(std::string_view what) const {
        if (failed_) return truncated(what);
        return {};
    }
    void fail_here() { failed_ = true; }

  private:
    template <class T>
    T set_failed(T value) {
        failed_ = true;
        return value;
    }
    [[nodiscard]] std::unexpected<Error> truncated(std::string_view what) const;

    ByteSpan bytes_;
    std::size_t offset_ = 0;
    bool failed_ = false;
};

/// Grows a buffer in network byte order. `patch` fills in a length that was not known when its place was written.
class ByteWriter {
  public:
    ByteWriter() = default;
    explicit ByteWriter(std::size_t capacity) { bytes_.reserve(capacity); }

    template <std::unsigned_integral T>
    void be(T value) {
        if constexpr (std::endian::native == std::endian::little && sizeof(T) > 1) value = std::byteswap(value);
        const std::size_t at = bytes_.size();
        bytes_.resize(at + sizeof(T));
        std::memcpy(bytes_.data() + at, &value, sizeof(T));
    }
    void u8(std::uint8_t value) { bytes_.push_back(value); }
    void u16(std::uint16_t value) { be(value); }
    void u32(std::uint32_t value) { be(value); }
    void u64(std::uint64_t value) { be(value); }
    void bytes(ByteSpan value) { bytes_.insert(bytes_.end(), value.begin(), value.end()); }
    void zeros(std::size_t count) { bytes_.resize(bytes_.size() + count); }
    void varint(std::uint64_t value) {
        while (value >= 0x80U) {
            u8(static_cast<std::uint8_t>(value | 0x80U));
            value >>= 7U;
        }
        u8(static_cast<std::uint8_t>(value));
    }
    void zigzag(std::int64_t value) {
        varint((static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63));
    }
    void text(std::string_view value) {
        varint(value.size());
        bytes(as_bytes(value));
    }
    template <std::unsigned_integral T>
    void patch(std::size_t at, T value) {
        if constexpr (std::endian::native == std::endian::little && sizeof(T) > 1) value = std::byteswap(value);
        std::memcpy(bytes_.data() + at, &value, sizeof(T));
    }

    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    [[nodiscard]] ByteSpan span() const { return bytes_; }
    [[nodiscard]] std::vector<std::uint8_t> take() { return std::move(bytes_); }
    void clear() { bytes_.clear(); }

  private:
    std::vector<std::uint8_t> bytes_;
};

}  // namespace quipu
