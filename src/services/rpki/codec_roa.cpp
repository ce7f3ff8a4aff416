#include <fmt/format.h>

#include "services/rpki/codec_payload.h"

namespace quipu::rpki {
namespace {

template <class T>
Checked<void> read_addresses(DerReader addresses, Asn as, const Block<T>& held, std::vector<Vrp>& out) {
    constexpr unsigned kWidth = sizeof(T) * 8;
    if (addresses.at_end()) return breach(Rule::roa_syntax, "a family has no addresses");
    while (!addresses.at_end()) {
        DerReader entry = addresses.enter(tag::kSequence);
        const BitString bits = entry.bit_string();
        Range<T> range;
        if (!parse_prefix(bits, range)) return breach(Rule::roa_prefix, "is longer than its family's addresses");
        std::uint32_t max_length = bits.bits();  // §4.3.2.2: its absence means the prefix alone
        if (!entry.at_end()) max_length = entry.u32();
        entry.end();
        if (!addresses.ok()) break;
        if (max_length < bits.bits() || max_length > kWidth)
            return breach(Rule::roa_max_length, fmt::format("{} for a prefix of {} bits", max_length, bits.bits()));
        if (!held.holds(range))
            return breach(Rule::roa_resources, fmt::format("{}/{}", address_of(range.low).text(), bits.bits()));
        out.push_back({range.low, as, static_cast<std::uint8_t>(bits.bits()), static_cast<std::uint8_t>(max_length),
                       kWidth == 128});
    }
    return {};
}

}  // namespace

net::Prefix Vrp::prefix() const {
    return *net::Prefix::create(v6 ? address_of(address) : address_of(static_cast<Ipv4>(address)), length);
}

Checked<void> parse_roa(ByteSpan content, const Certificate& certificate, std::vector<Vrp>& out) {
    // §5: no AS resources; the addresses explicitly.
    if (!certificate.resources.as.absent()) return breach(Rule::roa_as_resources);
    if (!certificate.resources.has_ip()) return breach(Rule::roa_resources, "it has no IP resources");
    if (certificate.resources.inherits_something()) return breach(Rule::roa_resources, "it inherits them");

    DerFault fault;
    DerReader in(content, fault);
    DerReader roa = in.enter(tag::kSequence);
    in.end();
    if (roa.next_is(tag::context_constructed(0))) return breach(Rule::roa_version);  // §4.1: DER leaves the default out
    const Asn as = roa.u32();                                                        // §4.2
    DerReader families = roa.enter(tag::kSequence);                                  // §4.3
    roa.end();
    if (fault.failed) return breach(Rule::roa_syntax);
    if (families.at_end()) return breach(Rule::roa_families, "there is none");
    unsigned seen = 0;
    while (!families.at_end()) {
        DerReader family = families.enter(tag::kSequence);
        const ByteSpan afi = family.octet_string();  // §4.3.1.1: two octets, without SAFI
        if (fault.failed) break;
        const unsigned number = afi.size() == 2 ? static_cast<unsigned>(afi[0] << 8U | afi[1]) : 0;
        if (number != 1 && number != 2) return breach(Rule::roa_families);
        if ((seen & number) != 0) return breach(Rule::roa_families, "one stands twice");
        seen |= number;
        DerReader addresses = family.enter(tag::kSequence);
        family.end();
        if (number == 1)
            TRY(read_addresses(addresses, as, certificate.resources.ipv4, out));
        else
            TRY(read_addresses(addresses, as, certificate.resources.ipv6, out));
    }
    if (fault.failed) return breach(Rule::roa_syntax);
    return {};
}

}  // namespace quipu::rpki
