#pragma once
// DER (X.690 §8, §10) without copies. A DerReader walks the elements of one constructed value; readers of nested values
// share one DerFault, so that a whole object is read straight down and asked once at the end whether it was well
// formed. Only what DER allows is read: definite lengths in the fewest octets, tags of one octet, minimal integers.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace quipu::rpki {

/// Set by the first malformed octet and never cleared.
struct DerFault {
    bool failed = false;
};

namespace tag {
inline constexpr std::uint8_t kBoolean = 0x01;
inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kBitString = 0x03;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kNull = 0x05;
inline constexpr std::uint8_t kOid = 0x06;
inline constexpr std::uint8_t kEnumerated = 0x0a;
inline constexpr std::uint8_t kUtf8String = 0x0c;
inline constexpr std::uint8_t kPrintableString = 0x13;
inline constexpr std::uint8_t kIa5String = 0x16;
inline constexpr std::uint8_t kUtcTime = 0x17;
inline constexpr std::uint8_t kGeneralizedTime = 0x18;
inline constexpr std::uint8_t kSequence = 0x30;
inline constexpr std::uint8_t kSet = 0x31;
constexpr std::uint8_t context(unsigned number) {
    return static_cast<std::uint8_t>(0x80U | number);
}
constexpr std::uint8_t context_constructed(unsigned number) {
    return static_cast<std::uint8_t>(0xa0U | number);
}
}  // namespace tag

/// The content of a BIT STRING: octets, and how many of the last one's low bits do not count (they are zero).
struct BitString {
    ByteSpan octets;
    unsigned unused = 0;
    [[nodiscard]] unsigned bits() const { return static_cast<unsigned>(octets.size()) * 8 - unused; }
};

class DerReader {
  public:
    DerReader(ByteSpan bytes, DerFault& fault) : bytes_(bytes), fault_(&fault) {}

    [[nodiscard]] bool ok() const { return !fault_->failed; }
    /// True as well after a failure, so that loops over elements end.
    [[nodiscard]] bool at_end() const { return fault_->failed || bytes_.empty(); }
    /// The next element has this tag. False at the end.
    [[nodiscard]] bool next_is(std::uint8_t tag) const { return !at_end() && bytes_[0] == tag; }

    /// The next element's content; it must have this tag.
    [[nodiscard]] ByteSpan take(std::uint8_t tag);
    /// The same as a reader of what it holds.
    [[nodiscard]] DerReader enter(std::uint8_t tag) { return {take(tag), *fault_}; }
    /// The next element whole, tag and length included.
    [[nodiscard]] ByteSpan element(std::uint8_t tag);
    /// The next element whatever its tag: tag, content, whole.
    struct Any {
        std::uint8_t tag = 0;
        ByteSpan content;
        ByteSpan whole;
    };
    [[nodiscard]] Any any();
    /// Nothing may be left.
    void end() {
        if (!bytes_.empty()) fault_->failed = true;
    }
    [[nodiscard]] ByteSpan rest() const { return bytes_; }
    void fail_here() { fault_->failed = true; }

    // ---- primitive types
    [[nodiscard]] bool boolean();
    /// Content of a minimal, non-negative INTEGER without its leading zero octet; at most `max_octets` of it.
    [[nodiscard]] ByteSpan unsigned_integer(std::size_t max_octets);
    /// A non-negative INTEGER below 2^32.
    [[nodiscard]] std::uint32_t u32();
    [[nodiscard]] BitString bit_string(std::uint8_t tag = tag::kBitString);
    [[nodiscard]] ByteSpan octet_string() { return take(tag::kOctetString); }
    /// Content octets: compare with the constants of oids.h.
    [[nodiscard]] ByteSpan oid();
    void null();
    /// IA5String or another string type by its (perhaps implicit) tag; only characters 0x20…0x7e.
    [[nodiscard]] std::string_view visible_text(std::uint8_t tag);
    /// Seconds since 1970 of "YYMMDDHHMMSSZ" (X.690 §11.8) and "YYYYMMDDHHMMSSZ" (§11.7).
    [[nodiscard]] std::int64_t utc_time();
    [[nodiscard]] std::int64_t generalized_time();
    /// RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050.
    [[nodiscard]] std::int64_t x509_time();

  private:
    Any next();
    void fail() {
        fault_->failed = true;
        bytes_ = {};
    }

    ByteSpan bytes_;
    DerFault* fault_;
};

/// Equality of octets.
[[nodiscard]] inline bool same(ByteSpan a, ByteSpan b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}
[[nodiscard]] inline bool same(ByteSpan a, std::string_view b) {
    return same(a, as_bytes(b));
}

}  // namespace quipu::rpki
