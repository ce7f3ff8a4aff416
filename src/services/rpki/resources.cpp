#include "services/rpki/resources.h"

#include <fmt/format.h>

namespace quipu::rpki {
namespace {

template <class T>
constexpr unsigned kBits = sizeof(T) * 8;

/// The address of a bit string whose missing bits are all `fill`.
template <class T>
bool address_bits(const BitString& bits, bool fill, T& out) {
    if (bits.bits() > kBits<T>) return false;
    T value = 0;
    for (const std::uint8_t octet : bits.octets)
        value = static_cast<T>(value << 8U) | octet;
    const unsigned missing = kBits<T> - static_cast<unsigned>(bits.octets.size()) * 8;
    value = missing == kBits<T> ? T{0} : static_cast<T>(value << missing);
    const unsigned free = kBits<T> - bits.bits();
    const T mask = free == kBits<T> ? static_cast<T>(~T{0}) : static_cast<T>((T{1} << free) - 1);
    out = fill ? static_cast<T>(value | mask) : value;
    return true;
}

template <class T>
bool is_prefix(const Range<T>& range) {
    const T differing = range.low ^ range.high;
    return (differing & (differing + 1)) == 0 && (range.low & differing) == 0;
}

/// RFC 3779 §2.2.3.9: a minimum loses its trailing zero bits, a maximum its trailing one bits.
bool is_shortest(const BitString& bits, bool last_bit_that_may_not_stand) {
    if (bits.bits() == 0) return true;
    const bool last = (bits.octets.back() >> bits.unused & 1U) != 0;
    return last != last_bit_that_may_not_stand;
}

template <class T>
Checked<void> parse_ranges(DerReader in, Block<T>& out) {
    while (!in.at_end()) {
        Range<T> range;
        if (in.next_is(tag::kBitString)) {
            if (!parse_prefix(in.bit_string(), range)) return breach(Rule::ip_resources, "a prefix is too long");
        } else {
            DerReader pair = in.enter(tag::kSequence);
            const BitString low = pair.bit_string();
            const BitString high = pair.bit_string();
            pair.end();
            if (!in.ok()) break;
            if (!address_bits(low, false, range.low) || !address_bits(high, true, range.high) || range.low > range.high)
                return breach(Rule::ip_resources, "a range is malformed");
            if (is_prefix(range)) return breach(Rule::ip_resources_canonical, "a prefix is written as a range");
            if (!is_shortest(low, false) || !is_shortest(high, true))
                return breach(Rule::ip_resources_canonical, "the ends of a range are not in their shortest form");
        }
        if (!in.ok()) break;
        if (!out.ranges.empty()) {
            const T last = out.ranges.back().high;
            if (range.low <= last || range.low - last == 1)
                return breach(Rule::ip_resources_canonical, "ranges are not sorted, or touch or overlap");
        }
        out.ranges.push_back(range);
    }
    if (!in.ok()) return breach(Rule::der, "in the IP resources");
    if (out.ranges.empty()) return breach(Rule::ip_resources, "a family has no addresses");
    return {};
}

template <class T>
Checked<void> parse_family(DerReader& family, Block<T>& out) {
    if (!out.absent()) return breach(Rule::ip_resources, "a family stands twice");
    if (family.next_is(tag::kNull)) {
        family.null();
        out.kind = Block<T>::Kind::inherit;
        return {};
    }
    out.kind = Block<T>::Kind::ranges;
    return parse_ranges(family.enter(tag::kSequence), out);
}

template <class T>
std::string text_of(const Range<T>& range) {
    if constexpr (std::is_same_v<T, Ipv4> || std::is_same_v<T, Ipv6>) {
        if (is_prefix(range)) {
            unsigned length = kBits<T>;
            for (T differing = range.low ^ range.high; differing != 0; differing >>= 1U)
                --length;
            return fmt::format("{}/{}", address_of(range.low).text(), length);
        }
        return fmt::format("{}-{}", address_of(range.low).text(), address_of(range.high).text());
    }
}

std::string text_of_as(const Range<Asn>& range) {
    return range.low == range.high ? fmt::format("AS{}", range.low) : fmt::format("AS{}-AS{}", range.low, range.high);
}

template <class T, class Text>
std::string first_outside(const Block<T>& inner, const Block<T>& outer, Text text) {
    for (const Range<T>& range : inner.ranges)
        if (!outer.holds(range)) return text(range);
    return {};
}

template <class T>
Block<T> effective(const Block<T>& own, const Block<T>& issuer, bool trim) {
    if (own.inherits()) return issuer;
    if (!trim || own.absent()) return own;
    return {own.kind, own.common(issuer)};
}

}  // namespace

bool parse_prefix(const BitString& bits, Range<Ipv4>& out) {
    return address_bits(bits, false, out.low) && address_bits(bits, true, out.high);
}
bool parse_prefix(const BitString& bits, Range<Ipv6>& out) {
    return address_bits(bits, false, out.low) && address_bits(bits, true, out.high);
}

net::IpAddress address_of(Ipv4 address) {
    return net::IpAddress::v4(address);
}
net::IpAddress address_of(Ipv6 address) {
    std::array<std::uint8_t, 16> octets{};
    for (std::size_t i = 16; i-- > 0; address >>= 8U)
        octets[i] = static_cast<std::uint8_t>(address);
    return net::IpAddress::v6(octets);
}

bool Resources::inherits_everything() const {
    return (ipv4.absent() || ipv4.inherits()) && (ipv6.absent() || ipv6.inherits()) && (as.absent() || as.inherits());
}

std::string Resources::outside_of(const Resources& outer) const {
    std::string out = first_outside(ipv4, outer.ipv4, text_of<Ipv4>);
    if (out.empty()) out = first_outside(ipv6, outer.ipv6, text_of<Ipv6>);
    if (out.empty()) out = first_outside(as, outer.as, text_of_as);
    return out;
}

Resources Resources::below(const Resources& issuer, bool trim) const {
    return {effective(ipv4, issuer.ipv4, trim), effective(ipv6, issuer.ipv6, trim), effective(as, issuer.as, trim)};
}

Checked<void> parse_ip_blocks(ByteSpan extension, Resources& out) {
    DerFault fault;
    DerReader in(extension, fault);
    DerReader families = in.enter(tag::kSequence);
    in.end();
    std::uint16_t last = 0;
    while (!families.at_end()) {
        DerReader family = families.enter(tag::kSequence);
        // RFC 3779 §2.2.3.3: AFI alone; RFC 6487 §4.8.10 allows no SAFI.
        const ByteSpan afi = family.octet_string();
        if (afi.size() != 2) return breach(Rule::ip_resources, "an address family has a SAFI or is malformed");
        const auto number = static_cast<std::uint16_t>(afi[0] << 8U | afi[1]);
        if (number <= last && last != 0)
            return breach(number == last ? Rule::ip_resources : Rule::ip_resources_canonical,
                          "families are not in ascending order");
        last = number;
        if (number == 1)
            TRY(parse_family(family, out.ipv4));
        else if (number == 2)
            TRY(parse_family(family, out.ipv6));
        else
            return breach(Rule::ip_resources, fmt::format("address family {} is neither IPv4 nor IPv6", number));
        family.end();
    }
    if (fault.failed) return breach(Rule::der, "in the IP resources");
    if (last == 0) return breach(Rule::ip_resources, "there is no address family");
    return {};
}

Checked<void> parse_as_identifiers(ByteSpan extension, Resources& out) {
    DerFault fault;
    DerReader in(extension, fault);
    DerReader identifiers = in.enter(tag::kSequence);
    in.end();
    if (identifiers.next_is(tag::context_constructed(1)))
        return breach(Rule::as_resources, "has routing domain identifiers");
    DerReader choice = identifiers.enter(tag::context_constructed(0));
    if (identifiers.next_is(tag::context_constructed(1)))
        return breach(Rule::as_resources, "has routing domain identifiers");
    identifiers.end();
    if (choice.next_is(tag::kNull)) {
        choice.null();
        out.as.kind = Block<Asn>::Kind::inherit;
    } else {
        out.as.kind = Block<Asn>::Kind::ranges;
        DerReader ranges = choice.enter(tag::kSequence);
        while (!ranges.at_end()) {
            Range<Asn> range;
            if (ranges.next_is(tag::kInteger)) {
                range.low = range.high = ranges.u32();
            } else {
                DerReader pair = ranges.enter(tag::kSequence);
                range.low = pair.u32();
                range.high = pair.u32();
                pair.end();
                if (!ranges.ok()) break;
                if (range.low > range.high) return breach(Rule::as_resources, "a range is reversed");
                if (range.low == range.high)
                    return breach(Rule::as_resources_canonical, "one AS is written as a range");
            }
            if (!ranges.ok()) break;
            if (!out.as.ranges.empty()) {
                const Asn last = out.as.ranges.back().high;
                if (range.low <= last || range.low - last == 1)
                    return breach(Rule::as_resources_canonical, "ranges are not sorted, or touch or overlap");
            }
            out.as.ranges.push_back(range);
        }
        if (!fault.failed && out.as.ranges.empty()) return breach(Rule::as_resources, "there is no AS");
    }
    choice.end();
    if (fault.failed) return breach(Rule::der, "in the AS resources");
    return {};
}

}  // namespace quipu::rpki
