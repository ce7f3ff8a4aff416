#include "services/rpki/codec_crl.h"

#include "services/rpki/oids.h"

namespace quipu::rpki {
namespace {

bool before(ByteSpan a, ByteSpan b) {
    return std::ranges::lexicographical_compare(a, b);
}

/// RFC 6487 §5: serial number and date, no extension of an entry.
Checked<void> read_entries(DerReader entries, std::vector<ByteSpan>& out) {
    while (!entries.at_end()) {
        DerReader entry = entries.enter(tag::kSequence);
        const ByteSpan serial = entry.unsigned_integer(20);
        static_cast<void>(entry.x509_time());
        if (!entry.at_end()) return breach(Rule::crl_entry, "an entry has extensions");
        if (entries.ok()) out.push_back(serial);
    }
    std::ranges::sort(out, before);
    return {};
}

/// RFC 6487 §5: exactly the authority key identifier and the CRL number, neither critical.
Checked<void> read_extensions(DerReader list, Crl& out) {
    bool numbered = false;
    while (!list.at_end()) {
        DerReader extension = list.enter(tag::kSequence);
        const ByteSpan id = extension.oid();
        if (extension.next_is(tag::kBoolean)) return breach(Rule::crl_extensions, "one is critical");
        const ByteSpan value = extension.octet_string();
        extension.end();
        if (!list.ok()) break;
        if (same(id, oid::kAuthorityKeyIdentifier) && out.authority_key_id.empty()) {
            out.authority_key_id = parse_authority_key_identifier(value);
            if (out.authority_key_id.empty())
                return breach(Rule::crl_extensions, "the authority key identifier is not one of 20 octets");
        } else if (same(id, oid::kCrlNumber) && !numbered) {
            DerFault fault;
            DerReader in(value, fault);
            out.number = in.unsigned_integer(20);
            in.end();
            if (fault.failed) return breach(Rule::crl_extensions, "the number is not an integer of at most 20 octets");
            numbered = true;
        } else {
            return breach(Rule::crl_extensions);
        }
    }
    if (out.authority_key_id.empty() || !numbered) return breach(Rule::crl_extensions, "one is missing");
    return {};
}

}  // namespace

bool Crl::revokes(ByteSpan serial) const {
    return std::ranges::binary_search(revoked, serial, before);
}

Checked<Crl> parse_crl(ByteSpan bytes, const Profile& profile) {
    Crl out;
    DerFault fault;
    DerReader in(bytes, fault);
    DerReader list = in.enter(tag::kSequence);
    in.end();
    out.tbs = list.element(tag::kSequence);
    const ByteSpan algorithm = list.element(tag::kSequence);
    const BitString signature = list.bit_string();
    list.end();
    out.signature = signature.octets;

    DerReader tbs_in(out.tbs, fault);
    DerReader tbs = tbs_in.enter(tag::kSequence);
    if (fault.failed) return breach(Rule::der);
    if (!tbs.next_is(tag::kInteger)) return breach(Rule::crl_version, "is 1");
    if (tbs.u32() != 1 || fault.failed) return breach(Rule::crl_version);
    const ByteSpan inner_algorithm = tbs.element(tag::kSequence);
    out.issuer = tbs.element(tag::kSequence);
    out.this_update = tbs.x509_time();
    if (fault.failed) return breach(Rule::der);
    if (!tbs.next_is(tag::kUtcTime) && !tbs.next_is(tag::kGeneralizedTime))
        return breach(Rule::crl_dates, "the next update is missing");
    out.next_update = tbs.x509_time();
    if (tbs.next_is(tag::kSequence)) {
        DerReader entries = tbs.enter(tag::kSequence);
        if (entries.at_end()) return breach(Rule::crl_entry, "the list is present and empty");  // RFC 5280 §5.1.2.6
        TRY(read_entries(entries, out.revoked));
    }
    if (!tbs.next_is(tag::context_constructed(0)) && !fault.failed) return breach(Rule::crl_extensions, "are missing");
    DerReader extensions_in = tbs.enter(tag::context_constructed(0));
    tbs.end();
    DerReader extensions = extensions_in.enter(tag::kSequence);
    extensions_in.end();
    if (fault.failed) return breach(Rule::der);
    TRY(read_extensions(extensions, out));
    if (fault.failed) return breach(Rule::der);

    if (!same(algorithm, inner_algorithm) || !is_sha256_with_rsa(algorithm) || signature.unused != 0)
        return breach(Rule::signature_algorithm);
    if (!is_profile_name(out.issuer, profile)) return breach(Rule::issuer_name);
    if (out.next_update <= out.this_update) return breach(Rule::crl_dates);
    return out;
}

}  // namespace quipu::rpki
