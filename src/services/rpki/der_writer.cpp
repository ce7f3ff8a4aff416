#include "services/rpki/der_writer.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

namespace quipu::rpki::write {
namespace {

std::string digits(std::int64_t seconds, bool century) {
    const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    const int year = static_cast<int>(date.year());
    return fmt::format("{:0{}}{:02}{:02}{:02}{:02}{:02}Z", century ? year : year % 100, century ? 4 : 2,
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count());
}

template <class Parts>
Octets join(std::uint8_t tag, const Parts& parts) {
    Octets content;
    for (const Octets& part : parts)
        content.insert(content.end(), part.begin(), part.end());
    return element(tag, content);
}

}  // namespace

Octets element(std::uint8_t tag, ByteSpan content) {
    Octets out{tag};
    const std::size_t size = content.size();
    if (size < 0x80) {
        out.push_back(static_cast<std::uint8_t>(size));
    } else {
        unsigned octets = 1;
        while (size >> (8 * octets) != 0)
            ++octets;
        out.push_back(static_cast<std::uint8_t>(0x80U | octets));
        while (octets-- > 0)
            out.push_back(static_cast<std::uint8_t>(size >> (8 * octets)));
    }
    out.insert(out.end(), content.begin(), content.end());
    return out;
}

Octets constructed(std::uint8_t tag, std::initializer_list<Octets> parts) {
    return join(tag, parts);
}
Octets constructed(std::uint8_t tag, const std::vector<Octets>& parts) {
    return join(tag, parts);
}

Octets set_of(std::vector<Octets> parts) {
    std::ranges::sort(parts);
    return constructed(tag::kSet, parts);
}

Octets integer(ByteSpan magnitude) {
    while (magnitude.size() > 1 && magnitude[0] == 0)
        magnitude = magnitude.subspan(1);
    Octets content;
    if (magnitude.empty() || (magnitude[0] & 0x80U) != 0) content.push_back(0);
    content.insert(content.end(), magnitude.begin(), magnitude.end());
    return element(tag::kInteger, content);
}

Octets integer(std::uint64_t value) {
    Octets magnitude;
    for (unsigned i = 8; i-- > 0;)
        magnitude.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return integer(ByteSpan(magnitude));
}

Octets identifier(std::string_view content) {
    return element(tag::kOid, as_bytes(content));
}
Octets null() {
    return element(tag::kNull, {});
}
Octets boolean(bool value) {
    return {tag::kBoolean, 1, static_cast<std::uint8_t>(value ? 0xff : 0)};
}
Octets octet_string(ByteSpan content) {
    return element(tag::kOctetString, content);
}
Octets bit_string(ByteSpan content, unsigned unused) {
    Octets out{static_cast<std::uint8_t>(unused)};
    out.insert(out.end(), content.begin(), content.end());
    return element(tag::kBitString, out);
}
Octets text(std::uint8_t tag, std::string_view content) {
    return element(tag, as_bytes(content));
}
Octets x509_time(std::int64_t seconds) {
    if (seconds >= 2'524'608'000) return generalized_time(seconds);
    return text(tag::kUtcTime, digits(seconds, false));
}
Octets generalized_time(std::int64_t seconds) {
    return text(tag::kGeneralizedTime, digits(seconds, true));
}

}  // namespace quipu::rpki::write
