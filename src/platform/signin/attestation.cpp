#include "platform/signin/attestation.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "platform/signin/openssl_owner.h"

namespace quipu::signin {
namespace {

std::unexpected<Error> refuse_attestation(std::string_view what) {
    return fail(ErrorCode::invalid, std::string(what), "attestationObject", "register the passkey without attestation");
}

std::string subject_part(const X509* certificate, int part) {
    std::array<char, 256> text{};
    const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), part, text.data(), text.size());
    return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

/// §8.2.1: id-fido-gen-ce-aaguid, an OCTET STRING inside the extension's own.
bool names_other_authenticator(const X509* certificate, ByteSpan authenticator) {
    const Owned<ASN1_OBJECT_free, ASN1_OBJECT> name(OBJ_txt2obj("1.3.6.1.4.1.45724.1.1.4", 1));
    const int at = X509_get_ext_by_OBJ(certificate, name.get(), -1);
    if (at < 0) return false;
    const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(X509_get_ext(certificate, at));
    const ByteSpan octets(ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value)));
    return octets.size() != 18 || octets[0] != 0x04 || octets[1] != 0x10 ||
           !std::ranges::equal(octets.subspan(2), authenticator);
}

Result<void> check_certificate_form(ByteSpan der, ByteSpan authenticator) {
    const unsigned char* at = der.data();
    const Owned<X509_free, X509> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (certificate == nullptr) return refuse_attestation("its certificate can't be read");
    const bool complete = X509_get_version(certificate.get()) == X509_VERSION_3 &&
                          subject_part(certificate.get(), NID_countryName).size() == 2 &&
                          !subject_part(certificate.get(), NID_organizationName).empty() &&
                          subject_part(certificate.get(), NID_organizationalUnitName) == "Authenticator Attestation" &&
                          !subject_part(certificate.get(), NID_commonName).empty();
    if (!complete) return refuse_attestation("its certificate is not an authenticator's");
    if ((X509_get_extension_flags(certificate.get()) & EXFLAG_CA) != 0)
        return refuse_attestation("its certificate is an authority's");
    if (names_other_authenticator(certificate.get(), authenticator))
        return refuse_attestation("its certificate is another authenticator's");
    return {};
}

/// §8.2.
Result<void> check_packed(const Cbor& statement, ByteSpan signed_data, std::string_view client_hash,
                          const AuthenticatorData& data, const PublicKey::WithAlgorithm& key) {
    const Cbor* algorithm = statement.find("alg");
    const Cbor* signature = statement.find("sig");
    if (algorithm == nullptr || algorithm->if_integer() == nullptr || signature == nullptr ||
        signature->if_octets() == nullptr)
        return refuse_attestation("the statement has no algorithm or no signature");
    std::optional<Algorithm> named;
    switch (*algorithm->if_integer()) {
        case -7: named = Algorithm::es256; break;
        case -8: named = Algorithm::eddsa; break;
        case -257: named = Algorithm::rs256; break;
        default: return refuse_attestation("the statement's algorithm is not accepted");
    }
    std::string octets(as_text(signed_data));
    octets += client_hash;
    const Cbor* chain = statement.find("x5c");
    if (chain == nullptr) {  // self attestation
        if (named != key.algorithm) return refuse_attestation("the statement's algorithm is not the key's");
        if (!key.key.verify(*named, as_bytes(octets), *signature->if_octets()))
            return refuse_attestation("the statement's signature is not the key's");
        return {};
    }
    if (chain->if_array() == nullptr || chain->if_array()->empty() || chain->if_array()->front().if_octets() == nullptr)
        return refuse_attestation("the statement's certificates can't be read");
    const ByteSpan leaf = *chain->if_array()->front().if_octets();
    const PublicKey signer = TRY(PublicKey::of_certificate(leaf));
    if (!signer.verify(*named, as_bytes(octets), *signature->if_octets()))
        return refuse_attestation("the statement's signature is not its certificate's");
    return check_certificate_form(leaf, data.authenticator);
}

}  // namespace

Result<void> check_attestation(const Cbor& object, ByteSpan signed_data, std::string_view client_hash,
                               const AuthenticatorData& data, const PublicKey::WithAlgorithm& key) {
    const Cbor* format = object.find("fmt");
    const Cbor* statement = object.find("attStmt");
    if (format == nullptr || format->if_text() == nullptr || statement == nullptr || statement->if_map() == nullptr)
        return refuse_attestation("it has no statement");
    if (*format->if_text() == "none") {  // §8.7
        if (!statement->if_map()->empty()) return refuse_attestation("a statement of format none is empty");
        return {};
    }
    if (*format->if_text() == "packed") return check_packed(*statement, signed_data, client_hash, data, key);
    return refuse_attestation(
        fmt::format("attestation of format \"{}\" is not accepted", format->if_text()->substr(0, 40)));
}

}  // namespace quipu::signin
