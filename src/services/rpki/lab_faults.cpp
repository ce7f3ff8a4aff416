#include "services/rpki/lab_point.h"
#include "services/rpki/lab_tree.h"
#include "services/rpki/oids.h"

namespace quipu::rpki {
namespace {

using namespace write;
using namespace std::string_view_literals;
using Plan = LabFaultPlan;
constexpr std::int64_t kDay = 86'400;

LabBend in_object(std::function<void(LabSignedObject&)> bend) {
    LabBend out;
    out.object = std::move(bend);
    return out;
}
LabBend in_certificate(const std::function<void(LabCertificate&)>& bend) {
    return in_object([bend](LabSignedObject& object) { bend(object.certificate); });
}
LabBend in_authority(std::function<void(LabCertificate&)> bend) {
    LabBend out;
    out.authority = std::move(bend);
    return out;
}
LabBend in_roa(std::function<void(LabRoa&, Resources&)> bend) {
    LabBend out;
    out.roa = std::move(bend);
    return out;
}
LabBend in_aspa(std::function<void(LabAspa&, Resources&)> bend) {
    LabBend out;
    out.aspa = std::move(bend);
    return out;
}
LabBend in_manifest(std::function<void(LabManifest&)> bend) {
    LabBend out;
    out.manifest = std::move(bend);
    return out;
}
LabBend in_manifest_object(std::function<void(LabSignedObject&)> bend) {
    LabBend out;
    out.manifest_object = std::move(bend);
    return out;
}
LabBend in_crl(std::function<void(LabCrl&)> bend) {
    LabBend out;
    out.crl = std::move(bend);
    return out;
}

Octets wrong_algorithm() {  // sha512WithRSAEncryption
    return sequence({identifier("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"sv), null()});
}
Octets access_to(std::string_view method, std::string_view uri) {
    return sequence({identifier(method), text(tag::context(6), uri)});
}
Octets common_name(std::string_view name, std::uint8_t string_tag = tag::kPrintableString) {
    return constructed(tag::kSet, {sequence({identifier(oid::kCommonName), text(string_tag, name)})});
}

/// Faults of the end-entity certificate of a ROA.
void add_certificate_faults(std::vector<Plan>& out) {
    const auto add = [&](std::string_view name, Rule rule, std::string_view said, auto bend) {
        out.push_back({name, rule, said, "fault.roa", false, [bend](std::int64_t time) {
                           return in_certificate([bend, time](LabCertificate& c) { bend(c, time); });
                       }});
    };
    using C = LabCertificate;
    add("ee-version-1", Rule::certificate_version, "version 1", [](C& c, auto) { c.version = 0; });
    add("ee-version-4", Rule::certificate_version, "version 4", [](C& c, auto) { c.version = 3; });
    add("ee-serial-zero", Rule::certificate_serial, "serial number 0", [](C& c, auto) { c.serial = integer(0); });
    add("ee-serial-negative", Rule::certificate_serial, "serial number -1",
        [](C& c, auto) { c.serial = {tag::kInteger, 1, 0xff}; });
    add("ee-serial-21-octets", Rule::certificate_serial, "serial number of 21 octets",
        [](C& c, auto) { c.serial = element(tag::kInteger, Octets(21, 0x11)); });
    add("ee-algorithm", Rule::signature_algorithm, "sha512WithRSAEncryption", [](C& c, auto) {
        c.algorithm = wrong_algorithm();
        c.inner_algorithm = wrong_algorithm();
    });
    add("ee-algorithms-differ", Rule::signature_algorithm, "different algorithms inside and outside",
        [](C& c, auto) { c.inner_algorithm = wrong_algorithm(); });
    add("ee-issuer-two-names", Rule::issuer_name, "two common names in the issuer",
        [](C& c, auto) { c.issuer = sequence({common_name("a"), common_name("b")}); });
    add("ee-subject-empty", Rule::subject_name, "empty subject", [](C& c, auto) { c.subject = sequence({}); });
    add("ee-subject-organisation", Rule::subject_name, "an organisation in the subject", [](C& c, auto) {
        c.subject = sequence(
            {common_name("a"),
             constructed(tag::kSet, {sequence({identifier("\x55\x04\x0a"sv), text(tag::kPrintableString, "o")})})});
    });
    add("ee-issuer-other", Rule::issuer_mismatch, "another issuer's name",
        [](C& c, auto) { c.issuer = sequence({common_name("somebody else")}); });
    add("ee-expired", Rule::expired, "expired the day before",
        [](C& c, std::int64_t time) { c.not_after = time - kDay; });
    add("ee-not-yet-valid", Rule::not_yet_valid, "valid from the next day on",
        [](C& c, std::int64_t time) { c.not_before = time + kDay; });
    add("ee-validity-reversed", Rule::validity_order, "ends before it begins",
        [](C& c, std::int64_t time) { c.not_before = time + kDay, c.not_after = time - kDay; });
    add("ee-signature", Rule::certificate_signature, "a bit of the signature turned",
        [](C& c, auto) { c.spoil_signature = true; });
    add("ee-basic-constraints", Rule::basic_constraints, "basic constraints of an authority",
        [](C& c, auto) { c.extensions.push_back({oid::kBasicConstraints, true, sequence({boolean(true)})}); });
    add("ee-no-key-identifier", Rule::subject_key_identifier, "no subject key identifier",
        [](C& c, auto) { c.remove(oid::kSubjectKeyIdentifier); });
    add("ee-key-identifier-critical", Rule::subject_key_identifier, "a critical subject key identifier",
        [](C& c, auto) { c.extension(oid::kSubjectKeyIdentifier)->critical = true; });
    add("ee-no-authority-key-identifier", Rule::authority_key_identifier, "no authority key identifier",
        [](C& c, auto) { c.remove(oid::kAuthorityKeyIdentifier); });
    add("ee-authority-key-identifier-other", Rule::issuer_mismatch, "the key identifier of another key",
        [](C& c, auto) {
            c.extension(oid::kAuthorityKeyIdentifier)->value = sequence({element(tag::context(0), Octets(20, 7))});
        });
    add("ee-authority-key-identifier-serial", Rule::authority_key_identifier, "a serial number in it", [](C& c, auto) {
        c.extension(oid::kAuthorityKeyIdentifier)->value =
            sequence({element(tag::context(0), Octets(20, 7)), element(tag::context(2), Octets{1})});
    });
    add("ee-no-key-usage", Rule::key_usage, "no key usage", [](C& c, auto) { c.remove(oid::kKeyUsage); });
    add("ee-key-usage-not-critical", Rule::key_usage, "a key usage that is not critical",
        [](C& c, auto) { c.extension(oid::kKeyUsage)->critical = false; });
    add("ee-key-usage-other", Rule::key_usage, "keyEncipherment as well",
        [](C& c, auto) { c.extension(oid::kKeyUsage)->value = {tag::kBitString, 2, 5, 0xa0}; });
    add("ee-extended-key-usage", Rule::extended_key_usage, "an extended key usage", [](C& c, auto) {
        c.extensions.push_back({oid::kExtendedKeyUsage, false, sequence({identifier(oid::kBgpsecRouter)})});
    });
    add("ee-no-crl-point", Rule::crl_distribution_points, "no CRL distribution point",
        [](C& c, auto) { c.remove(oid::kCrlDistributionPoints); });
    add("ee-crl-point-critical", Rule::crl_distribution_points, "a critical CRL distribution point",
        [](C& c, auto) { c.extension(oid::kCrlDistributionPoints)->critical = true; });
    add("ee-crl-point-two", Rule::crl_distribution_points, "two CRL distribution points", [](C& c, auto) {
        const Octets point = sequence({constructed(
            tag::context_constructed(0),
            {constructed(tag::context_constructed(0), {text(tag::context(6), "rsync://rpki.example/x.crl")})})});
        c.extension(oid::kCrlDistributionPoints)->value = sequence({point, point});
    });
    add("ee-crl-point-http", Rule::crl_distribution_points, "a CRL by http only", [](C& c, auto) {
        c.extension(oid::kCrlDistributionPoints)->value = sequence({sequence({constructed(
            tag::context_constructed(0),
            {constructed(tag::context_constructed(0), {text(tag::context(6), "http://rpki.example/x.crl")})})})});
    });
    add("ee-crl-point-other", Rule::crl_distribution_points, "another CRL than the manifest's", [](C& c, auto) {
        c.extension(oid::kCrlDistributionPoints)->value = sequence({sequence({constructed(
            tag::context_constructed(0),
            {constructed(tag::context_constructed(0), {text(tag::context(6), "rsync://rpki.example/x/y.crl")})})})});
    });
    add("ee-no-issuer-address", Rule::authority_information_access, "no authority information access",
        [](C& c, auto) { c.remove(oid::kAuthorityInformationAccess); });
    add("ee-issuer-address-http", Rule::authority_information_access, "the issuer by http only", [](C& c, auto) {
        c.extension(oid::kAuthorityInformationAccess)->value =
            sequence({access_to(oid::kCaIssuers, "http://rpki.example/x.cer")});
    });
    add("ee-no-object-address", Rule::subject_information_access, "no subject information access",
        [](C& c, auto) { c.remove(oid::kSubjectInformationAccess); });
    add("ee-object-address-repository", Rule::subject_information_access, "a repository instead of the signed object",
        [](C& c, auto) {
            c.extension(oid::kSubjectInformationAccess)->value =
                sequence({access_to(oid::kCaRepository, "rsync://rpki.example/x/")});
        });
    add("ee-object-address-other", Rule::location, "the address of another object", [](C& c, auto) {
        c.extension(oid::kSubjectInformationAccess)->value =
            sequence({access_to(oid::kSignedObject, "rsync://rpki.example/x/other.roa")});
    });
    add("ee-no-policy", Rule::certificate_policies, "no certificate policy",
        [](C& c, auto) { c.remove(oid::kCertificatePolicies); });
    add("ee-policy-not-critical", Rule::certificate_policies, "a policy that is not critical",
        [](C& c, auto) { c.extension(oid::kCertificatePolicies)->critical = false; });
    add("ee-policy-other", Rule::certificate_policies, "another policy", [](C& c, auto) {
        c.extension(oid::kCertificatePolicies)->value =
            sequence({sequence({identifier("\x2b\x06\x01\x05\x05\x07\x0e\x09"sv)})});
    });
    add("ee-policy-two", Rule::certificate_policies, "two policies", [](C& c, auto) {
        c.extension(oid::kCertificatePolicies)->value = sequence(
            {sequence({identifier(oid::kPolicy)}), sequence({identifier("\x2b\x06\x01\x05\x05\x07\x0e\x09"sv)})});
    });
    add("ee-resources-not-critical", Rule::ip_resources, "IP resources that are not critical",
        [](C& c, auto) { c.extension(oid::kIpAddrBlocks)->critical = false; });
    add("ee-no-resources", Rule::resources_absent, "no resources", [](C& c, auto) { c.remove(oid::kIpAddrBlocks); });
    add("ee-resources-unsorted", Rule::ip_resources_canonical, "prefixes in descending order", [](C& c, auto) {
        const Octets afi = octet_string(Octets{0, 1});
        c.extension(oid::kIpAddrBlocks)->value =
            sequence({sequence({afi, sequence({bit_string(Octets{16, 2}), bit_string(Octets{16, 0})})})});
    });
    add("ee-resources-adjacent", Rule::ip_resources_canonical, "two prefixes that are one", [](C& c, auto) {
        c.extension(oid::kIpAddrBlocks)->value = sequence(
            {sequence({octet_string(Octets{0, 1}), sequence({bit_string(Octets{16, 0}), bit_string(Octets{16, 1})})})});
    });
    add("ee-resources-range-of-prefix", Rule::ip_resources_canonical, "a prefix written as a range", [](C& c, auto) {
        c.extension(oid::kIpAddrBlocks)->value = sequence({sequence(
            {octet_string(Octets{0, 1}), sequence({sequence({bit_string(Octets{16}), bit_string(Octets{16})})})})});
    });
    add("ee-resources-safi", Rule::ip_resources, "an address family with a SAFI", [](C& c, auto) {
        c.extension(oid::kIpAddrBlocks)->value =
            sequence({sequence({octet_string(Octets{0, 1, 1}), sequence({bit_string(Octets{16, 0})})})});
    });
    add("ee-unknown-critical", Rule::unknown_extension, "an unknown critical extension", [](C& c, auto) {
        c.extensions.push_back({"\x55\x1d\x24"sv, true, sequence({element(tag::context(0), Octets{0})})});
    });
    add("ee-unknown-extension", Rule::unknown_extension, "an extension that the profile does not have", [](C& c, auto) {
        c.extensions.push_back({"\x2b\x06\x01\x04\x01\x86\x8d\x1f\x01"sv, false, octet_string(Octets{1})});
    });
    add("ee-extension-twice", Rule::repeated_extension, "the key usage twice",
        [](C& c, auto) { c.extensions.push_back(*c.extension(oid::kKeyUsage)); });
}

void add_object_faults(std::vector<Plan>& out) {
    const auto add = [&](std::string_view name, Rule rule, std::string_view said, auto bend) {
        out.push_back({name, rule, said, "fault.roa", false, [bend](std::int64_t) { return in_object(bend); }});
    };
    using O = LabSignedObject;
    add("cms-version", Rule::signed_data_version, "signed data of version 1", [](O& o) { o.version = 1; });
    add("cms-signer-version", Rule::signer_version, "a signer of version 1", [](O& o) { o.signer_version = 1; });
    add("cms-content-type", Rule::wrong_type_for_name, "an ASPA's type in a ROA's file",
        [](O& o) { o.content_type = oid::kAspa; });
    add("cms-two-certificates", Rule::certificates_field, "two certificates", [](O& o) { o.twice_certificate = true; });
    add("cms-crl", Rule::crls_field, "a CRL inside", [](O& o) { o.with_crl = true; });
    add("cms-signer-identifier", Rule::signer_identifier, "another signer's key identifier",
        [](O& o) { o.wrong_signer = true; });
    add("cms-no-signing-time", Rule::signing_time_attribute, "no signing time", [](O& o) { o.signing_time.reset(); });
    add("cms-binary-signing-time", Rule::signing_time_attribute, "a binary signing time", [](O& o) {
        o.attributes.push_back(sequence({identifier(oid::kBinarySigningTime), set_of({integer(1'600'000'000)})}));
    });
    add("cms-other-attribute", Rule::signed_attributes, "another signed attribute", [](O& o) {
        o.attributes.push_back(sequence({identifier("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02"sv), set_of({null()})}));
    });
    add("cms-attribute-content-type", Rule::content_type_attribute, "another content type signed",
        [](O& o) { o.attribute_content_type = oid::kManifest; });
    add("cms-digest", Rule::message_digest_attribute, "another digest", [](O& o) { o.spoil_digest = true; });
    add("cms-signature", Rule::content_signature, "a bit of the signature turned",
        [](O& o) { o.spoil_signature = true; });
    add("cms-signature-algorithm", Rule::signer_signature_algorithm, "sha512WithRSAEncryption",
        [](O& o) { o.signature_algorithm = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"sv; });
    add("cms-unsigned-attribute", Rule::unsigned_attributes, "an unsigned attribute",
        [](O& o) { o.unsigned_attribute = true; });
    out.push_back({"cms-trailing", Rule::der, "an octet after the object", "fault.roa", false, [](std::int64_t) {
                       LabBend bend;
                       bend.before_manifest = [](auto& files) { files["fault.roa"].push_back(0); };
                       return bend;
                   }});
    out.push_back({"cms-truncated", Rule::der, "an object cut short", "fault.roa", false, [](std::int64_t) {
                       LabBend bend;
                       bend.before_manifest = [](auto& files) { files["fault.roa"].resize(700); };
                       return bend;
                   }});
}

void add_payload_faults(std::vector<Plan>& out) {
    const auto roa = [&](std::string_view name, Rule rule, std::string_view said, auto bend) {
        out.push_back({name, rule, said, "fault.roa", false, [bend](std::int64_t) { return in_roa(bend); }});
    };
    roa("roa-version", Rule::roa_version, "version 1", [](LabRoa& r, Resources&) { r.version = 1; });
    roa("roa-version-explicit", Rule::roa_version, "version 0 written out",
        [](LabRoa& r, Resources&) { r.version = 0; });
    roa("roa-family-twice", Rule::roa_families, "a family twice", [](LabRoa& r, Resources&) { r.family_twice = true; });
    roa("roa-safi", Rule::roa_families, "a family with a SAFI", [](LabRoa& r, Resources&) { r.with_safi = true; });
    roa("roa-empty", Rule::roa_families, "no family", [](LabRoa& r, Resources&) { r.addresses.clear(); });
    roa("roa-max-length-short", Rule::roa_max_length, "a maximal length below the prefix's",
        [](LabRoa& r, Resources&) { r.addresses[0].max_length = r.addresses[0].length - 1; });
    roa("roa-max-length-long", Rule::roa_max_length, "a maximal length above 32",
        [](LabRoa& r, Resources&) { r.addresses[0].max_length = 33; });
    roa("roa-outside", Rule::roa_resources, "a prefix that its certificate does not hold",
        [](LabRoa& r, Resources&) { r.addresses[0].range = {Ipv6{1} << 24U, Ipv6{1} << 24U}; });
    roa("roa-as-resources", Rule::roa_as_resources, "AS resources in its certificate",
        [](LabRoa& r, Resources& held) { held.as = {Block<Asn>::Kind::ranges, {{r.as, r.as}}}; });
    roa("roa-inherits", Rule::roa_resources, "inherited addresses", [](LabRoa&, Resources& held) {
        held.ipv4 = {Block<Ipv4>::Kind::inherit, {}};
        held.ipv6 = {Block<Ipv6>::Kind::inherit, {}};
    });
    roa("ee-overclaim", Rule::overclaim, "addresses that its issuer does not hold", [](LabRoa& r, Resources& held) {
        held.ipv4 = {Block<Ipv4>::Kind::ranges, {{0x0a000000, 0x0affffff}}};
        held.ipv6 = {};
        r.addresses = {{.range = {0x0a000000, 0x0affffff}, .v6 = false, .length = 8, .max_length = {}}};
    });
    const auto aspa = [&](std::string_view name, Rule rule, std::string_view said, auto bend) {
        out.push_back({name, rule, said, "fault.asa", false, [bend](std::int64_t) { return in_aspa(bend); }});
    };
    aspa("aspa-version-0", Rule::aspa_version, "version 0", [](LabAspa& a, Resources&) { a.version.reset(); });
    aspa("aspa-version-2", Rule::aspa_version, "version 2", [](LabAspa& a, Resources&) { a.version = 2; });
    aspa("aspa-unsorted", Rule::aspa_providers, "providers in descending order",
         [](LabAspa& a, Resources&) { a.providers = {65'002, 65'001}; });
    aspa("aspa-customer-provides", Rule::aspa_providers, "the customer among its providers",
         [](LabAspa& a, Resources&) { a.providers = {a.customer}; });
    aspa("aspa-no-provider", Rule::aspa_providers, "no provider", [](LabAspa& a, Resources&) { a.providers.clear(); });
    aspa("aspa-as0-and-others", Rule::aspa_providers, "AS 0 beside another",
         [](LabAspa& a, Resources&) { a.providers = {0, 65'001}; });
    aspa("aspa-inherits", Rule::aspa_resources, "an inherited AS",
         [](LabAspa&, Resources& held) { held.as = {Block<Asn>::Kind::inherit, {}}; });
    aspa("aspa-ip-resources", Rule::aspa_resources, "IP resources as well",
         [](LabAspa&, Resources& held) { held.ipv4 = {Block<Ipv4>::Kind::inherit, {}}; });
    out.push_back(
        {"ghostbusters-no-name", Rule::ghostbusters_syntax, "a card without FN", "fault.gbr", false, [](std::int64_t) {
             LabBend bend;
             bend.ghostbusters = [] {
                 return std::string("BEGIN:VCARD\r\nVERSION:4.0\r\nEMAIL:noc@example.net\r\nEND:VCARD\r\n");
             };
             return bend;
         }});
    out.push_back({"router-information-access", Rule::router_information_access, "a router's certificate with SIA",
                   "fault.cer", false, [](std::int64_t) {
                       LabBend bend;
                       bend.router = [](LabCertificate& c) {
                           c.extensions.push_back(
                               {oid::kSubjectInformationAccess, false,
                                sequence({access_to(oid::kSignedObject, "rsync://rpki.example/x.cer")})});
                       };
                       return bend;
                   }});
    out.push_back({"router-inherits", Rule::router_resources, "a router with an inherited AS", "fault.cer", false,
                   [](std::int64_t) {
                       LabBend bend;
                       bend.router = [](LabCertificate& c) {
                           Resources inherited;
                           inherited.as.kind = Block<Asn>::Kind::inherit;
                           c.extension(oid::kAutonomousSysIds)->value = encode_as_identifiers(inherited);
                       };
                       return bend;
                   }});
    out.push_back(
        {"unknown-type", Rule::ignored_type, "a file of an unknown type", "fault.xyz", false, [](std::int64_t) {
             LabBend bend;
             bend.before_manifest = [](auto& files) { files["fault.xyz"] = {1, 2, 3}; };
             return bend;
         }});
    out.push_back({"revoked", Rule::revoked, "its certificate is on the CRL", "fault.roa", false,
                   [](std::int64_t) { return in_crl([](LabCrl& crl) { crl.revoked = {integer(900'001)}; }); }});
}

/// RFC 9691 and RFC 9323.
void add_key_and_checklist_faults(std::vector<Plan>& out) {
    const auto key = [&](std::string_view name, Rule rule, std::string_view said, auto bend) {
        out.push_back({name, rule, said, "fault.tak", false, [bend](std::int64_t) {
                           LabBend out_bend;
                           out_bend.trust_anchor_key = bend;
                           return out_bend;
                       }});
    };
    using K = LabTrustAnchorKey;
    key("tak-version", Rule::tak_syntax, "version 1", [](K& k, Resources&, const Resources&) { k.version = 1; });
    key("tak-version-explicit", Rule::tak_syntax, "version 0 written out",
        [](K& k, Resources&, const Resources&) { k.version = 0; });
    key("tak-no-address", Rule::tak_syntax, "no address of the trust anchor's certificate",
        [](K& k, Resources&, const Resources&) { k.addresses.clear(); });
    key("tak-address-http", Rule::tak_syntax, "an address by http",
        [](K& k, Resources&, const Resources&) { k.addresses = {"http://rpki.example/ta.cer"}; });
    key("tak-explicit-resources", Rule::tak_resources, "explicit resources",
        [](K&, Resources& held, const Resources& own) { held.as = own.as; });
    key("tak-not-of-anchor", Rule::tak_not_of_anchor, "by an authority that is no trust anchor",
        [](K&, Resources&, const Resources&) {});
    key("tak-other-key", Rule::tak_other_key, "another current key than the trust anchor's",
        [](K& k, Resources&, const Resources&) {
            // One bit of the modulus, before the exponent 02 03 01 00 01.
            k.key_info[k.key_info.size() - 8] ^= 2U;
        });
    out.back().anchor = true;
    out.push_back({"tak-twice", Rule::tak_not_alone, "a second one", "*.tak", false,
                   [](std::int64_t) {
                       LabBend bend;
                       bend.before_manifest = [](auto& files) { files["fault.tak"] = {0x30, 0x00}; };
                       return bend;
                   },
                   true});
    out.push_back({"checklist-published", Rule::checklist_published, "a checklist in the repository", "fault.sig",
                   false, [](std::int64_t) {
                       LabBend bend;
                       bend.checklist = [](LabChecklist&, Resources&) {};
                       return bend;
                   }});
}

/// The whole address space: what the issuer does not hold of it is trimmed by RFC 8360 and refused by RFC 6487.
Octets whole_address_space() {
    Resources held;
    held.ipv4 = {Block<Ipv4>::Kind::ranges, {{0, ~Ipv4{0}}}};
    held.ipv6 = {Block<Ipv6>::Kind::ranges, {{0, ~Ipv6{0}}}};
    return encode_ip_blocks(held);
}

/// RFC 8360: where both policies are right, and where what was trimmed is used all the same.
void add_reconsidered_faults(std::vector<Plan>& out) {
    using C = LabCertificate;
    const auto overclaiming = [](C& c) {
        c.extension(oid::kIpAddrBlocks)->value = whole_address_space();
        c.reconsider();
    };
    const auto net10 = [](LabRoa& r, Resources& held) {
        held.ipv4 = {Block<Ipv4>::Kind::ranges, {{0x0a000000, 0x0affffff}}};
        held.ipv6 = {};
        r.addresses = {{.range = {0x0a000000, 0x0affffff}, .v6 = false, .length = 8, .max_length = {}}};
    };
    const auto reconsidered = [](LabSignedObject& object) { object.certificate.reconsider(); };
    out.push_back({"reconsidered-edition", Rule::ip_resources, "the policy of RFC 8360 with the extensions of RFC 3779",
                   "AUTHORITY", true, [](std::int64_t) {
                       return in_authority([](C& c) {
                           c.extension(oid::kCertificatePolicies)->value =
                               sequence({sequence({identifier(oid::kPolicyV2)})});
                       });
                   }});
    out.push_back({"reconsidered-extension", Rule::ip_resources,
                   "the extensions of RFC 8360 with the policy of RFC 6484", "fault.roa", false, [](std::int64_t) {
                       return in_certificate([](C& c) { c.extension(oid::kIpAddrBlocks)->oid = oid::kIpAddrBlocksV2; });
                   }});
    out.push_back({"reconsidered-overclaim", Rule::accepted,
                   "no fault by RFC 8360: its authority claims all addresses, which RFC 6487 refuses", "fault.roa",
                   false, [=](std::int64_t) {
                       LabBend bend = in_object(reconsidered);
                       bend.authority = overclaiming;
                       return bend;
                   }});
    out.push_back({"reconsidered-ee-overclaim", Rule::accepted,
                   "no fault by RFC 8360: its certificate claims more than its issuer holds, its prefixes are held",
                   "fault.roa", false, [=](std::int64_t) {
                       LabBend bend = in_object(reconsidered);
                       bend.roa = [](LabRoa&, Resources& held) {
                           held.ipv4.ranges.insert(held.ipv4.ranges.begin(), {0x0a000000, 0x0affffff});
                       };
                       return bend;
                   }});
    out.push_back({"reconsidered-roa-trimmed", Rule::roa_resources, "a prefix that was trimmed from its authority",
                   "fault.roa", false, [=](std::int64_t) {
                       LabBend bend = in_object(reconsidered);
                       bend.authority = overclaiming;
                       bend.roa = net10;
                       return bend;
                   }});
    out.push_back({"reconsidered-then-overclaim", Rule::overclaim,
                   "a certificate of RFC 6487 that claims what was trimmed from its authority", "fault.roa", false,
                   [=](std::int64_t) {
                       LabBend bend = in_roa(net10);
                       bend.authority = overclaiming;
                       return bend;
                   }});
}

void add_authority_faults(std::vector<Plan>& out) {
    const auto add = [&](std::string_view name, Rule rule, std::string_view said, auto bend) {
        out.push_back({name, rule, said, "AUTHORITY", true, [bend](std::int64_t time) {
                           return in_authority([bend, time](LabCertificate& c) { bend(c, time); });
                       }});
    };
    using C = LabCertificate;
    add("ca-expired", Rule::expired, "expired the day before",
        [](C& c, std::int64_t time) { c.not_after = time - kDay; });
    add("ca-path-length", Rule::basic_constraints, "a path length",
        [](C& c, auto) { c.extension(oid::kBasicConstraints)->value = sequence({boolean(true), integer(3)}); });
    add("ca-constraints-not-critical", Rule::basic_constraints, "basic constraints that are not critical",
        [](C& c, auto) { c.extension(oid::kBasicConstraints)->critical = false; });
    add("ca-key-usage", Rule::key_usage, "digitalSignature as well",
        [](C& c, auto) { c.extension(oid::kKeyUsage)->value = {tag::kBitString, 2, 1, 0x86}; });
    add("ca-no-manifest", Rule::subject_information_access, "no manifest", [](C& c, auto) {
        c.extension(oid::kSubjectInformationAccess)->value =
            sequence({access_to(oid::kCaRepository, "rsync://rpki.example/x/")});
    });
    add("ca-overclaim", Rule::overclaim, "addresses that its issuer does not hold", [](C& c, auto) {
        Resources held;
        held.ipv4 = {Block<Ipv4>::Kind::ranges, {{0x0a000000, 0x0affffff}}};
        c.extension(oid::kIpAddrBlocks)->value = encode_ip_blocks(held);
    });
    add("ca-signature", Rule::certificate_signature, "a bit of the signature turned",
        [](C& c, auto) { c.spoil_signature = true; });
}

void add_point_faults(std::vector<Plan>& out) {
    const auto manifest = [&](std::string_view name, Rule rule, std::string_view said, auto bend) {
        out.push_back({name, rule, said, "MANIFEST", true, [bend](std::int64_t time) {
                           return in_manifest([bend, time](LabManifest& m) { bend(m, time); });
                       }});
    };
    using M = LabManifest;
    manifest("manifest-version", Rule::manifest_version, "version 1", [](M& m, auto) { m.version = 1; });
    manifest("manifest-stale", Rule::manifest_stale, "its next update was the day before",
             [](M& m, std::int64_t time) { m.next_update = time - kDay, m.this_update = time - 2 * kDay; });
    manifest("manifest-premature", Rule::manifest_premature, "issued the next day",
             [](M& m, std::int64_t time) { m.this_update = time + kDay, m.next_update = time + 2 * kDay; });
    manifest("manifest-dates", Rule::manifest_dates, "the next update before this one",
             [](M& m, std::int64_t time) { m.this_update = time, m.next_update = time - kDay; });
    manifest("manifest-algorithm", Rule::manifest_hash_algorithm, "SHA-512 for its hashes",
             [](M& m, auto) { m.algorithm = "\x60\x86\x48\x01\x65\x03\x04\x02\x03"sv; });
    manifest("manifest-file-name", Rule::manifest_file_name, "a file name with a slash",
             [](M& m, auto) { m.files.push_back({"../x.roa", {}}); });
    manifest("manifest-file-twice", Rule::manifest_repeated_file, "a file twice",
             [](M& m, auto) { m.files.push_back(m.files.back()); });
    manifest("manifest-no-crl", Rule::manifest_crl, "no CRL",
             [](M& m, auto) { std::erase_if(m.files, [](const M::File& f) { return f.name.ends_with(".crl"); }); });
    const auto object = [&](std::string_view name, Rule rule, std::string_view said, auto bend) {
        out.push_back({name, rule, said, "MANIFEST", true, [bend](std::int64_t time) {
                           return in_manifest_object([bend, time](LabSignedObject& o) { bend(o, time); });
                       }});
    };
    using O = LabSignedObject;
    object("manifest-signature", Rule::content_signature, "a bit of the signature turned",
           [](O& o, auto) { o.spoil_signature = true; });
    object("manifest-ee-expired", Rule::expired, "an expired certificate",
           [](O& o, std::int64_t time) { o.certificate.not_after = time - kDay; });
    object("manifest-explicit-resources", Rule::manifest_resources, "explicit resources", [](O& o, auto) {
        Resources held;
        held.ipv4 = {Block<Ipv4>::Kind::ranges, {{0x10000000, 0x10000fff}}};
        o.certificate.extension(oid::kIpAddrBlocks)->value = encode_ip_blocks(held);
    });
    const auto crl = [&](std::string_view name, Rule rule, std::string_view said, auto bend) {
        out.push_back({name, rule, said, "CRL", true,
                       [bend](std::int64_t time) { return in_crl([bend, time](LabCrl& c) { bend(c, time); }); }});
    };
    using R = LabCrl;
    crl("crl-version-1", Rule::crl_version, "version 1", [](R& c, auto) { c.version = 0; });
    crl("crl-stale", Rule::crl_stale, "its next update was the day before",
        [](R& c, std::int64_t time) { c.next_update = time - kDay, c.this_update = time - 2 * kDay; });
    crl("crl-no-next-update", Rule::crl_dates, "no next update", [](R& c, auto) { c.without_next_update = true; });
    crl("crl-no-number", Rule::crl_extensions, "no number", [](R& c, auto) { c.extensions.pop_back(); });
    crl("crl-issuer", Rule::crl_issuer, "another issuer", [](R& c, auto) { c.issuer = sequence({common_name("x")}); });
    crl("crl-entry-extension", Rule::crl_entry, "a reason in an entry", [](R& c, auto) {
        c.revoked = {integer(77)};
        c.entry_extension = true;
    });
    crl("crl-signature", Rule::crl_signature, "a bit of the signature turned",
        [](R& c, auto) { c.spoil_signature = true; });
    const auto files = [&](std::string_view name, Rule rule, std::string_view said, std::string_view culprit,
                           auto bend) {
        out.push_back({name, rule, said, culprit, true, [bend](std::int64_t) {
                           LabBend out_bend;
                           out_bend.after_manifest = bend;
                           return out_bend;
                       }});
    };
    using F = std::map<std::string, Octets>;
    files("file-missing", Rule::file_missing, "a listed file is missing", "fault.roa",
          [](F& f) { f.erase("fault.roa"); });
    files("file-changed", Rule::file_hash, "a listed file was changed", "fault.roa",
          [](F& f) { f["fault.roa"].back() ^= 1U; });
    files("manifest-missing", Rule::manifest_missing, "no manifest", "MANIFEST", [](F& f) { f.erase("MANIFEST"); });
    files("crl-missing", Rule::file_missing, "no CRL", "CRL", [](F& f) { f.erase("CRL"); });
}

}  // namespace

const std::vector<LabFaultPlan>& lab_fault_plans() {
    static const std::vector<Plan> kPlans = [] {
        std::vector<Plan> out;
        add_certificate_faults(out);
        add_object_faults(out);
        add_payload_faults(out);
        add_key_and_checklist_faults(out);
        add_reconsidered_faults(out);
        add_authority_faults(out);
        add_point_faults(out);
        return out;
    }();
    return kPlans;
}

std::vector<LabFault> lab_faults() {
    std::vector<LabFault> out;
    for (const LabFaultPlan& plan : lab_fault_plans())
        out.push_back({plan.name, plan.rule, plan.text});
    return out;
}

}  // namespace quipu::rpki
