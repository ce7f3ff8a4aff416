#include "services/rpki/lab_objects.h"

#include <fmt/format.h>

#include "services/rpki/base64.h"
#include "services/rpki/oids.h"

namespace quipu::rpki {
namespace {

using namespace write;
using namespace std::string_view_literals;

template <class T>
Octets bits_of(T value, unsigned length) {
    Octets octets;
    for (unsigned at = 0; at < length; at += 8)
        octets.push_back(static_cast<std::uint8_t>(value >> (sizeof(T) * 8 - 8 - at)));
    const unsigned unused = (8 - length % 8) % 8;
    if (unused != 0) octets.back() &= static_cast<std::uint8_t>(0xffU << unused);
    return bit_string(octets, unused);
}

/// RFC 3779 §2.2.3.7: a prefix where it is one, else a range with shortened ends.
template <class T>
Octets encode_range(const Range<T>& range) {
    constexpr unsigned kWidth = sizeof(T) * 8;
    const T differing = range.low ^ range.high;
    unsigned length = kWidth;
    for (T rest = differing; rest != 0; rest >>= 1U)
        --length;
    if ((differing & (differing + 1)) == 0 && (range.low & differing) == 0) return bits_of(range.low, length);
    unsigned low = kWidth;
    while (low > 0 && (range.low >> (kWidth - low) & 1U) == 0)
        --low;
    unsigned high = kWidth;
    while (high > 0 && (range.high >> (kWidth - high) & 1U) == 1)
        --high;
    return sequence({bits_of(range.low, low), bits_of(range.high, high)});
}

template <class T>
Octets encode_family(std::uint8_t afi, const Block<T>& block) {
    const Octets family = octet_string(std::array<std::uint8_t, 2>{0, afi});
    if (block.inherits()) return sequence({family, null()});
    std::vector<Octets> ranges;
    for (const Range<T>& range : block.ranges)
        ranges.push_back(encode_range(range));
    return sequence({family, sequence(ranges)});
}

Octets access(std::string_view method, std::string_view uri) {
    return sequence({identifier(method), text(tag::context(6), uri)});
}

void add_common(LabCertificate& out, const Octets& issuer_key_info, const LabAddresses& addresses) {
    const Sha1 own = LabKeys::key_id(out.key_info);
    out.extensions.push_back({oid::kSubjectKeyIdentifier, false, octet_string(own)});
    if (issuer_key_info.empty()) return;
    const Sha1 issuer = LabKeys::key_id(issuer_key_info);
    out.extensions.push_back({oid::kAuthorityKeyIdentifier, false, sequence({element(tag::context(0), issuer)})});
    const Octets name = constructed(tag::context_constructed(0),
                                    {constructed(tag::context_constructed(0), {text(tag::context(6), addresses.crl)})});
    out.extensions.push_back({oid::kCrlDistributionPoints, false, sequence({sequence({name})})});
    out.extensions.push_back(
        {oid::kAuthorityInformationAccess, false, sequence({access(oid::kCaIssuers, addresses.issuer)})});
}

void add_policy(LabCertificate& out) {
    out.extensions.push_back({oid::kCertificatePolicies, true, sequence({sequence({identifier(oid::kPolicy)})})});
}

LabCertificate start(const Octets& key_info, const Octets& issuer_key_info, std::uint64_t serial,
                     std::int64_t not_before, std::int64_t not_after) {
    LabCertificate out;
    out.serial = integer(serial);
    out.algorithm = sha256_with_rsa();
    out.inner_algorithm = sha256_with_rsa();
    out.issuer = lab_name(issuer_key_info.empty() ? key_info : issuer_key_info);
    out.subject = lab_name(key_info);
    out.not_before = not_before;
    out.not_after = not_after;
    out.key_info = key_info;
    return out;
}

Octets encode_extensions(const std::vector<LabExtension>& extensions) {
    std::vector<Octets> list;
    for (const LabExtension& extension : extensions) {
        std::vector<Octets> parts{identifier(extension.oid)};
        if (extension.critical) parts.push_back(boolean(true));
        parts.push_back(octet_string(extension.value));
        list.push_back(sequence(parts));
    }
    return sequence(list);
}

Octets sign(const Octets& tbs, const Octets& algorithm, LabKeys::Signer& key, bool spoil) {
    Octets signature = key.sign(tbs);
    if (spoil) signature[100] ^= 1U;
    return sequence({tbs, algorithm, bit_string(signature)});
}

}  // namespace

Octets sha256_with_rsa() {
    return sequence({identifier(oid::kSha256WithRsa), null()});
}

Octets lab_name(ByteSpan key_info) {
    std::string hex;
    for (const std::uint8_t octet : LabKeys::key_id(key_info))
        hex += fmt::format("{:02X}", octet);
    return sequence(
        {constructed(tag::kSet, {sequence({identifier(oid::kCommonName), text(tag::kPrintableString, hex)})})});
}

Octets encode_ip_blocks(const Resources& resources) {
    std::vector<Octets> families;
    if (!resources.ipv4.absent()) families.push_back(encode_family(1, resources.ipv4));
    if (!resources.ipv6.absent()) families.push_back(encode_family(2, resources.ipv6));
    return sequence(families);
}

Octets encode_as_identifiers(const Resources& resources) {
    Octets choice = null();
    if (!resources.as.inherits()) {
        std::vector<Octets> ranges;
        for (const Range<Asn>& range : resources.as.ranges)
            ranges.push_back(range.low == range.high
                                 ? integer(std::uint64_t{range.low})
                                 : sequence({integer(std::uint64_t{range.low}), integer(std::uint64_t{range.high})}));
        choice = sequence(ranges);
    }
    return sequence({constructed(tag::context_constructed(0), {choice})});
}

LabExtension* LabCertificate::extension(std::string_view id) {
    const auto found = std::ranges::find(extensions, id, &LabExtension::oid);
    return found == extensions.end() ? nullptr : &*found;
}

void LabCertificate::remove(std::string_view id) {
    std::erase_if(extensions, [&](const LabExtension& e) { return e.oid == id; });
}

void LabCertificate::reconsider() {
    if (LabExtension* policies = extension(oid::kCertificatePolicies))
        policies->value = sequence({sequence({identifier(oid::kPolicyV2)})});
    if (LabExtension* addresses = extension(oid::kIpAddrBlocks)) addresses->oid = oid::kIpAddrBlocksV2;
    if (LabExtension* numbers = extension(oid::kAutonomousSysIds)) numbers->oid = oid::kAutonomousSysIdsV2;
}

LabCertificate lab_certificate(const Octets& key_info, const Octets& issuer_key_info, std::uint64_t serial,
                               std::int64_t not_before, std::int64_t not_after, const LabAddresses& addresses,
                               const Resources& resources, bool authority) {
    LabCertificate out = start(key_info, issuer_key_info, serial, not_before, not_after);
    if (authority) out.extensions.push_back({oid::kBasicConstraints, true, sequence({boolean(true)})});
    add_common(out, issuer_key_info, addresses);
    out.extensions.push_back(
        {oid::kKeyUsage, true, authority ? Octets{tag::kBitString, 2, 1, 0x06} : Octets{tag::kBitString, 2, 7, 0x80}});
    if (authority) {
        std::vector<Octets> list{access(oid::kCaRepository, addresses.repository),
                                 access(oid::kRpkiManifest, addresses.manifest)};
        if (!addresses.notification.empty()) list.push_back(access(oid::kRpkiNotify, addresses.notification));
        out.extensions.push_back({oid::kSubjectInformationAccess, false, sequence(list)});
    } else {
        out.extensions.push_back(
            {oid::kSubjectInformationAccess, false, sequence({access(oid::kSignedObject, addresses.signed_object)})});
    }
    add_policy(out);
    if (resources.has_ip()) out.extensions.push_back({oid::kIpAddrBlocks, true, encode_ip_blocks(resources)});
    if (!resources.as.absent())
        out.extensions.push_back({oid::kAutonomousSysIds, true, encode_as_identifiers(resources)});
    return out;
}

LabCertificate lab_router(std::uint64_t serial, const Octets& issuer_key_info, std::int64_t not_before,
                          std::int64_t not_after, const LabAddresses& addresses, Asn as) {
    // The base point of P-256 (FIPS 186-4 §D.1.2.3): a point of the curve that anyone can check.
    constexpr auto kPoint =
        "\x04\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1"
        "\x39\x45\xd8\x98\xc2\x96\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b"
        "\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5"sv;
    const Octets key_info = sequence(
        {sequence({identifier(oid::kEcPublicKey), identifier(oid::kPrime256v1)}), bit_string(as_bytes(kPoint))});
    LabCertificate out = start(key_info, issuer_key_info, serial, not_before, not_after);
    add_common(out, issuer_key_info, addresses);
    out.extensions.push_back({oid::kKeyUsage, true, Octets{tag::kBitString, 2, 7, 0x80}});
    out.extensions.push_back({oid::kExtendedKeyUsage, false, sequence({identifier(oid::kBgpsecRouter)})});
    add_policy(out);
    Resources resources;
    resources.as = {Block<Asn>::Kind::ranges, {{as, as}}};
    out.extensions.push_back({oid::kAutonomousSysIds, true, encode_as_identifiers(resources)});
    return out;
}

Octets LabCertificate::encode(LabKeys::Signer& issuer_key) const {
    std::vector<Octets> parts;
    if (version != 0) parts.push_back(constructed(tag::context_constructed(0), {integer(version)}));
    parts.push_back(serial);
    parts.push_back(inner_algorithm);
    parts.push_back(issuer);
    parts.push_back(sequence({x509_time(not_before), x509_time(not_after)}));
    parts.push_back(subject);
    parts.push_back(key_info);
    parts.push_back(constructed(tag::context_constructed(3), {encode_extensions(extensions)}));
    return sign(sequence(parts), algorithm, issuer_key, spoil_signature);
}

Octets LabSignedObject::encode(LabKeys::Signer& issuer_key, LabKeys::Signer& own_key) const {
    Octets cert = certificate.encode(issuer_key);
    Sha256 digest = sha256(content);
    if (spoil_digest) digest[5] ^= 1U;
    std::vector<Octets> list = attributes;
    list.push_back(
        sequence({identifier(oid::kContentType), set_of({identifier(attribute_content_type.value_or(content_type))})}));
    list.push_back(sequence({identifier(oid::kMessageDigest), set_of({octet_string(digest)})}));
    if (signing_time) list.push_back(sequence({identifier(oid::kSigningTime), set_of({x509_time(*signing_time)})}));
    const Octets signed_set = set_of(list);
    Octets implicit = signed_set;
    implicit[0] = tag::context_constructed(0);
    Octets signature = own_key.sign(signed_set);
    if (spoil_signature) signature[77] ^= 1U;
    Sha1 signer_id = LabKeys::key_id(certificate.key_info);
    if (wrong_signer) signer_id[3] ^= 1U;
    const Octets sha = sequence({identifier(oid::kSha256)});
    std::vector<Octets> signer{integer(signer_version),
                               element(tag::context(0), signer_id),
                               sha,
                               implicit,
                               sequence({identifier(signature_algorithm), null()}),
                               octet_string(signature)};
    if (unsigned_attribute)
        signer.push_back(constructed(tag::context_constructed(1),
                                     {sequence({identifier(oid::kSigningTime), set_of({x509_time(1'600'000'000)})})}));
    std::vector<Octets> data{
        integer(version), set_of({sha}),
        sequence({identifier(content_type), constructed(tag::context_constructed(0), {octet_string(content)})}),
        twice_certificate ? constructed(tag::context_constructed(0), {cert, cert})
                          : constructed(tag::context_constructed(0), {cert})};
    if (with_crl)
        data.push_back(
            constructed(tag::context_constructed(1), {lab_crl(certificate.key_info, 1, 0, 86'400).encode(own_key)}));
    data.push_back(set_of({sequence(signer)}));
    return sequence({identifier(oid::kSignedData), constructed(tag::context_constructed(0), {sequence(data)})});
}

Octets LabManifest::encode() const {
    std::vector<Octets> parts;
    if (version) parts.push_back(constructed(tag::context_constructed(0), {integer(*version)}));
    parts.push_back(integer(number));
    parts.push_back(generalized_time(this_update));
    parts.push_back(generalized_time(next_update));
    parts.push_back(identifier(algorithm));
    std::vector<Octets> list;
    for (const File& file : files)
        list.push_back(sequence({text(tag::kIa5String, file.name), bit_string(file.hash)}));
    parts.push_back(sequence(list));
    return sequence(parts);
}

LabCrl lab_crl(const Octets& issuer_key_info, std::uint64_t number, std::int64_t this_update,
               std::int64_t next_update) {
    LabCrl out;
    out.issuer = lab_name(issuer_key_info);
    out.algorithm = sha256_with_rsa();
    out.this_update = this_update;
    out.next_update = next_update;
    out.extensions = {
        {oid::kAuthorityKeyIdentifier, false, sequence({element(tag::context(0), LabKeys::key_id(issuer_key_info))})},
        {oid::kCrlNumber, false, integer(number)}};
    return out;
}

Octets LabCrl::encode(LabKeys::Signer& issuer_key) const {
    std::vector<Octets> parts;
    if (version != 0) parts.push_back(integer(version));
    parts.push_back(algorithm);
    parts.push_back(issuer);
    parts.push_back(x509_time(this_update));
    if (!without_next_update) parts.push_back(x509_time(next_update));
    if (!revoked.empty()) {
        std::vector<Octets> entries;
        for (const Octets& serial : revoked) {
            std::vector<Octets> entry{serial, x509_time(this_update)};
            if (entry_extension)
                entry.push_back(
                    sequence({sequence({identifier("\x55\x1d\x15"sv), octet_string(Octets{tag::kEnumerated, 1, 1})})}));
            entries.push_back(sequence(entry));
        }
        parts.push_back(sequence(entries));
    }
    if (!extensions.empty()) parts.push_back(constructed(tag::context_constructed(0), {encode_extensions(extensions)}));
    return sign(sequence(parts), algorithm, issuer_key, spoil_signature);
}

Octets LabRoa::encode() const {
    std::vector<Octets> families;
    for (const bool v6 : {false, true}) {
        std::vector<Octets> list;
        for (const Address& address : addresses) {
            if (address.v6 != v6) continue;
            std::vector<Octets> parts{v6 ? bits_of(address.range.low, address.length)
                                         : bits_of(static_cast<Ipv4>(address.range.low), address.length)};
            if (address.max_length) parts.push_back(integer(*address.max_length));
            list.push_back(sequence(parts));
        }
        if (list.empty()) continue;
        Octets afi{0, static_cast<std::uint8_t>(v6 ? 2 : 1)};
        if (with_safi) afi.push_back(1);
        families.push_back(sequence({octet_string(afi), sequence(list)}));
    }
    if (family_twice) families.push_back(families.back());
    std::vector<Octets> parts;
    if (version) parts.push_back(constructed(tag::context_constructed(0), {integer(*version)}));
    parts.push_back(integer(std::uint64_t{as}));
    parts.push_back(sequence(families));
    return sequence(parts);
}

Octets LabAspa::encode() const {
    std::vector<Octets> parts;
    if (version) parts.push_back(constructed(tag::context_constructed(0), {integer(*version)}));
    parts.push_back(integer(std::uint64_t{customer}));
    std::vector<Octets> list;
    for (const Asn provider : providers)
        list.push_back(integer(std::uint64_t{provider}));
    parts.push_back(sequence(list));
    return sequence(parts);
}

Octets LabTrustAnchorKey::encode() const {
    std::vector<Octets> list;
    for (const std::string& address : addresses)
        list.push_back(text(tag::kIa5String, address));
    std::vector<Octets> parts;
    if (version) parts.push_back(integer(*version));
    parts.push_back(sequence({sequence({}), sequence(list), key_info}));
    return sequence(parts);
}

Octets LabChecklist::encode() const {
    std::vector<Octets> held;
    if (!resources.as.absent()) {
        const Octets numbers = encode_as_identifiers(resources);
        held.emplace_back(numbers.begin() + 2, numbers.end());
    }
    if (resources.has_ip()) held.push_back(constructed(tag::context_constructed(1), {encode_ip_blocks(resources)}));
    return sequence({sequence(held), sequence({identifier(oid::kSha256)}),
                     sequence({sequence({text(tag::kIa5String, file), octet_string(digest)})})});
}

std::string base64_lines(ByteSpan bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 48) {
        append_base64(bytes.subspan(i, std::min<std::size_t>(48, bytes.size() - i)), out);
        out += '\n';
    }
    return out;
}

}  // namespace quipu::rpki
