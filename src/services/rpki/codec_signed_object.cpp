#include "services/rpki/codec_signed_object.h"

#include "services/rpki/oids.h"

namespace quipu::rpki {
namespace {

constexpr std::uint8_t kSetTag = tag::kSet;

/// SHA-256 with its parameters absent or NULL: RFC 5754 §2.
bool is_sha256(DerReader algorithm) {
    const bool known = same(algorithm.oid(), oid::kSha256);
    if (!algorithm.at_end()) algorithm.null();
    algorithm.end();
    return known;
}

/// RFC 7935 §2: both identifiers are accepted.
bool is_signature_algorithm(DerReader algorithm) {
    const ByteSpan id = algorithm.oid();
    if (!algorithm.at_end()) algorithm.null();
    algorithm.end();
    return same(id, oid::kRsaEncryption) || same(id, oid::kSha256WithRsa);
}

/// RFC 6488 §2.1.6.4 and RFC 9589 §4: content type, digest and signing time, once each and nothing else.
Checked<void> read_attributes(DerReader in, SignedObject& out) {
    ByteSpan content_type;
    bool timed = false;
    ByteSpan last;
    while (!in.at_end()) {
        const ByteSpan whole = in.element(tag::kSequence);
        DerFault fault;
        DerReader attribute_in(whole, fault);
        DerReader attribute = attribute_in.enter(tag::kSequence);
        const ByteSpan id = attribute.oid();
        DerReader values = attribute.enter(tag::kSet);
        attribute.end();
        if (!in.ok() || fault.failed) return breach(Rule::der, "in the signed attributes");
        if (same(id, oid::kContentType)) {
            if (!content_type.empty()) return breach(Rule::signed_attributes, "the content type stands twice");
            content_type = values.oid();
            values.end();
            if (fault.failed) return breach(Rule::content_type_attribute, "is not one identifier");
        } else if (same(id, oid::kMessageDigest)) {
            if (!out.message_digest.empty()) return breach(Rule::signed_attributes, "the digest stands twice");
            out.message_digest = values.octet_string();
            values.end();
            if (fault.failed) return breach(Rule::message_digest_attribute, "is not one digest");
        } else if (same(id, oid::kSigningTime)) {
            if (timed) return breach(Rule::signed_attributes, "the signing time stands twice");
            timed = true;
            out.signing_time = values.x509_time();
            values.end();
            if (fault.failed) return breach(Rule::signing_time_attribute, "is not one time");
        } else if (same(id, oid::kBinarySigningTime)) {
            return breach(Rule::signing_time_attribute, "there is a binary signing time");
        } else {
            return breach(Rule::signed_attributes, "there is another attribute");
        }
        // X.690 §11.6: the elements of a SET OF stand in ascending order.
        if (std::ranges::lexicographical_compare(whole, last))
            return breach(Rule::der, "the signed attributes are not sorted");
        last = whole;
    }
    if (content_type.empty()) return breach(Rule::signed_attributes, "the content type is missing");
    if (out.message_digest.empty()) return breach(Rule::signed_attributes, "the digest is missing");
    if (!timed) return breach(Rule::signing_time_attribute, "is missing");
    if (!same(content_type, out.content_type)) return breach(Rule::content_type_attribute);
    return {};
}

Checked<void> read_signer(DerReader signer, SignedObject& out, ByteSpan& signer_id) {
    if (signer.u32() != 3) return breach(Rule::signer_version);
    if (!signer.next_is(tag::context(0))) return breach(Rule::signer_identifier);
    signer_id = signer.take(tag::context(0));
    if (!is_sha256(signer.enter(tag::kSequence))) return breach(Rule::signer_digest_algorithm);
    if (!signer.next_is(tag::context_constructed(0))) return breach(Rule::signed_attributes, "are missing");
    const ByteSpan attributes = signer.element(tag::context_constructed(0));
    // RFC 5652 §5.4: the digest is over the attributes with the tag of a SET instead of [0].
    out.attributes_header = ByteSpan(&kSetTag, 1);
    out.signed_attributes_rest = attributes.subspan(std::min<std::size_t>(1, attributes.size()));
    DerFault fault;
    DerReader attributes_in(attributes, fault);
    out.signed_attributes = attributes_in.take(tag::context_constructed(0));
    TRY(read_attributes(DerReader(out.signed_attributes, fault), out));
    if (!is_signature_algorithm(signer.enter(tag::kSequence))) return breach(Rule::signer_signature_algorithm);
    out.signature = signer.octet_string();
    if (!signer.at_end()) return breach(Rule::unsigned_attributes);
    return {};
}

}  // namespace

Checked<SignedObject> parse_signed_object(ByteSpan bytes, const Profile& profile) {
    SignedObject out;
    DerFault fault;
    DerReader in(bytes, fault);
    DerReader info = in.enter(tag::kSequence);
    in.end();
    const ByteSpan type = info.oid();
    DerReader explicit_content = info.enter(tag::context_constructed(0));
    info.end();
    DerReader data = explicit_content.enter(tag::kSequence);
    explicit_content.end();
    if (fault.failed) return breach(Rule::der);
    if (!same(type, oid::kSignedData)) return breach(Rule::content_info);

    if (data.u32() != 3) return breach(Rule::signed_data_version);  // §2.1.1
    DerReader digests = data.enter(tag::kSet);                      // §2.1.2
    const bool sha = is_sha256(digests.enter(tag::kSequence));
    if (!sha || !digests.at_end()) return breach(Rule::digest_algorithms);

    DerReader encapsulated = data.enter(tag::kSequence);  // §2.1.3
    out.content_type = encapsulated.oid();
    if (fault.failed) return breach(Rule::der);
    if (!encapsulated.next_is(tag::context_constructed(0))) return breach(Rule::encapsulated_content);
    DerReader content = encapsulated.enter(tag::context_constructed(0));
    encapsulated.end();
    out.content = content.octet_string();
    content.end();
    if (fault.failed) return breach(Rule::encapsulated_content);

    if (!data.next_is(tag::context_constructed(0))) return breach(Rule::certificates_field);  // §2.1.4
    DerReader certificates = data.enter(tag::context_constructed(0));
    const ByteSpan certificate = certificates.element(tag::kSequence);
    if (fault.failed || !certificates.at_end()) return breach(Rule::certificates_field);
    if (data.next_is(tag::context_constructed(1))) return breach(Rule::crls_field);  // §2.1.5

    DerReader signers = data.enter(tag::kSet);  // §2.1.6
    data.end();
    DerReader signer = signers.enter(tag::kSequence);
    if (fault.failed || !signers.at_end()) return breach(Rule::signer_infos);
    ByteSpan signer_id;
    TRY(read_signer(signer, out, signer_id));
    if (fault.failed) return breach(Rule::der);

    const Place place = same(out.content_type, oid::kChecklist) ? Place::checklist : Place::signed_object;
    out.certificate = TRY(parse_certificate(certificate, place, profile));
    if (!same(signer_id, out.certificate.key_id)) return breach(Rule::signer_identifier);
    const Sha256 digest = sha256(out.content);
    if (!same(out.message_digest, ByteSpan(digest))) return breach(Rule::message_digest_attribute);
    return out;
}

}  // namespace quipu::rpki
