#include "services/rpki/der.h"

#include <chrono>

namespace quipu::rpki {
namespace {

/// Two decimal digits, or -1.
int two_digits(ByteSpan text, std::size_t at) {
    const int high = text[at] - '0';
    const int low = text[at + 1] - '0';
    return high < 0 || high > 9 || low < 0 || low > 9 ? -1 : high * 10 + low;
}

/// "MMDDHHMMSSZ" from `at` on.
std::optional<std::int64_t> seconds_of(int year, ByteSpan text, std::size_t at) {
    const int month = two_digits(text, at);
    const int day = two_digits(text, at + 2);
    const int hour = two_digits(text, at + 4);
    const int minute = two_digits(text, at + 6);
    const int second = two_digits(text, at + 8);
    if (year < 0 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 59 || text[at + 10] != 'Z')
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) return std::nullopt;
    const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    return days * 86'400 + hour * 3'600 + minute * 60 + second;
}

}  // namespace

DerReader::Any DerReader::next() {
    const std::size_t size = bytes_.size();
    if (fault_->failed || size < 2) return fail(), Any{};
    const std::uint8_t tag = bytes_[0];
    if ((tag & 0x1fU) == 0x1fU) return fail(), Any{};  // no object of the RPKI has tags above 30
    std::size_t length = bytes_[1];
    std::size_t header = 2;
    if (length >= 0x80U) {
        // X.690 §10.1: the definite form in the fewest octets. Four octets are more than any limit of ours.
        const std::size_t octets = length & 0x7fU;
        if (octets == 0 || octets > 4 || size < 2 + octets) return fail(), Any{};
        length = 0;
        for (std::size_t i = 0; i < octets; ++i)
            length = length << 8U | bytes_[2 + i];
        header += octets;
        const std::size_t least = octets == 1 ? 0x80U : std::size_t{1} << (8 * (octets - 1));
        if (length < least) return fail(), Any{};
    }
    if (size - header < length) return fail(), Any{};
    const Any out{tag, bytes_.subspan(header, length), bytes_.first(header + length)};
    bytes_ = bytes_.subspan(header + length);
    return out;
}

DerReader::Any DerReader::any() {
    return next();
}

ByteSpan DerReader::take(std::uint8_t tag) {
    if (!next_is(tag)) return fail(), ByteSpan{};
    return next().content;
}

ByteSpan DerReader::element(std::uint8_t tag) {
    if (!next_is(tag)) return fail(), ByteSpan{};
    return next().whole;
}

bool DerReader::boolean() {
    const ByteSpan content = take(tag::kBoolean);
    if (content.size() != 1 || (content[0] != 0 && content[0] != 0xff)) return fail(), false;  // X.690 §11.1
    return content[0] != 0;
}

ByteSpan DerReader::unsigned_integer(std::size_t max_octets) {
    ByteSpan content = take(tag::kInteger);
    if (content.empty() || (content[0] & 0x80U) != 0) return fail(), ByteSpan{};
    if (content.size() > 1 && content[0] == 0) {
        if ((content[1] & 0x80U) == 0) return fail(), ByteSpan{};  // X.690 §8.3.2
        content = content.subspan(1);
    }
    if (content.size() > max_octets) return fail(), ByteSpan{};
    return content;
}

std::uint32_t DerReader::u32() {
    std::uint32_t value = 0;
    for (const std::uint8_t octet : unsigned_integer(4))
        value = value << 8U | octet;
    return value;
}

BitString DerReader::bit_string(std::uint8_t tag) {
    const ByteSpan content = take(tag);
    if (content.empty() || content[0] > 7 || (content.size() == 1 && content[0] != 0)) return fail(), BitString{};
    const unsigned unused = content[0];
    if (unused != 0 && (content.back() & ((1U << unused) - 1)) != 0) return fail(), BitString{};  // X.690 §11.2.1
    return {content.subspan(1), unused};
}

ByteSpan DerReader::oid() {
    const ByteSpan content = take(tag::kOid);
    if (content.empty() || content.size() > 32 || (content.back() & 0x80U) != 0) return fail(), ByteSpan{};
    return content;
}

void DerReader::null() {
    if (!take(tag::kNull).empty()) fail();
}

std::string_view DerReader::visible_text(std::uint8_t tag) {
    const std::string_view text = as_text(take(tag));
    for (const char c : text)
        if (c < 0x20 || c > 0x7e) return fail(), std::string_view{};
    return text;
}

std::int64_t DerReader::utc_time() {
    const ByteSpan text = take(tag::kUtcTime);
    if (text.size() != 13) return fail(), 0;
    const int year = two_digits(text, 0);
    const auto seconds = seconds_of(year < 0 ? -1 : year + (year < 50 ? 2000 : 1900), text, 2);
    if (!seconds) return fail(), 0;
    return *seconds;
}

std::int64_t DerReader::generalized_time() {
    const ByteSpan text = take(tag::kGeneralizedTime);
    if (text.size() != 15) return fail(), 0;
    const int century = two_digits(text, 0);
    const int year = two_digits(text, 2);
    const auto seconds = seconds_of(century < 0 || year < 0 ? -1 : century * 100 + year, text, 4);
    if (!seconds) return fail(), 0;
    return *seconds;
}

std::int64_t DerReader::x509_time() {
    if (next_is(tag::kUtcTime)) return utc_time();
    constexpr std::int64_t k2050 = 2'524'608'000;
    const std::int64_t seconds = generalized_time();
    if (seconds < k2050) return fail(), 0;
    return seconds;
}

}  // namespace quipu::rpki
