#pragma once
// Sets of Internet number resources: sorted ranges that neither touch nor overlap (RFC 3779 §2.2.3.6, §3.2.3.4), read
// from the two certificate extensions, compared and intersected.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "net/address.h"
#include "services/rpki/der.h"
#include "services/rpki/rules.h"

namespace quipu::rpki {

using Ipv4 = std::uint32_t;
__extension__ using Ipv6 = unsigned __int128;
using Asn = std::uint32_t;

template <class T>
struct Range {
    T low = 0;
    T high = 0;
    bool operator==(const Range&) const = default;
};

/// What a certificate says of one kind of resource.
template <class T>
struct Block {
    enum class Kind : std::uint8_t { absent, inherit, ranges };
    Kind kind = Kind::absent;
    std::vector<Range<T>> ranges;

    [[nodiscard]] bool absent() const { return kind == Kind::absent; }
    [[nodiscard]] bool inherits() const { return kind == Kind::inherit; }
    [[nodiscard]] bool holds(const Range<T>& range) const {
        const auto after = std::upper_bound(ranges.begin(), ranges.end(), range.low,
                                            [](const T& low, const Range<T>& r) { return low < r.low; });
        return after != ranges.begin() && std::prev(after)->high >= range.high;
    }
    /// Every range of `inner` lies in one of these.
    [[nodiscard]] bool holds(const Block& inner) const {
        return std::ranges::all_of(inner.ranges, [this](const Range<T>& range) { return holds(range); });
    }
    /// What is in both: RFC 8360 trims a certificate so.
    [[nodiscard]] std::vector<Range<T>> common(const Block& other) const {
        std::vector<Range<T>> out;
        for (auto a = ranges.begin(), b = other.ranges.begin(); a != ranges.end() && b != other.ranges.end();) {
            const Range<T> both{std::max(a->low, b->low), std::min(a->high, b->high)};
            if (both.low <= both.high) out.push_back(both);
            (a->high < b->high ? a : b)++;
        }
        return out;
    }
    bool operator==(const Block&) const = default;
};

struct Resources {
    Block<Ipv4> ipv4;
    Block<Ipv6> ipv6;
    Block<Asn> as;

    [[nodiscard]] bool has_ip() const { return !ipv4.absent() || !ipv6.absent(); }
    [[nodiscard]] bool inherits_something() const { return ipv4.inherits() || ipv6.inherits() || as.inherits(); }
    /// Every kind that is there is inherited.
    [[nodiscard]] bool inherits_everything() const;
    /// The first of these resources that `outer` does not hold, as text; empty if it holds all.
    [[nodiscard]] std::string outside_of(const Resources& outer) const;
    /// The resources that a certificate with these has below an issuer with `issuer`: inherited ones filled in, and,
    /// with the policy of RFC 8360, what the issuer lacks left out.
    [[nodiscard]] Resources below(const Resources& issuer, bool trim) const;
    bool operator==(const Resources&) const = default;
};

/// RFC 3779 §2.2.3: the extension's value.
[[nodiscard]] Checked<void> parse_ip_blocks(ByteSpan extension, Resources& out);
/// RFC 3779 §3.2.3. Routing domain identifiers are not allowed: RFC 6487 §4.8.11.
[[nodiscard]] Checked<void> parse_as_identifiers(ByteSpan extension, Resources& out);
/// An IPAddress of RFC 3779 §2.2.3.8 as its lowest and highest address; no more than the family's bits.
[[nodiscard]] bool parse_prefix(const BitString& bits, Range<Ipv4>& out);
[[nodiscard]] bool parse_prefix(const BitString& bits, Range<Ipv6>& out);

[[nodiscard]] net::IpAddress address_of(Ipv4 address);
[[nodiscard]] net::IpAddress address_of(Ipv6 address);

}  // namespace quipu::rpki
