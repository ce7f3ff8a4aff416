// The hub's own certificate authority: RFC 5280 certificates with ECDSA P-256 keys (RFC 5480).

#include <array>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "net/address.h"
#include "net/tls.h"
#include "net/tls_stream.h"
#include "net/x509.h"

namespace quipu::net::pki {
namespace {

/// A certificate is good a little before it is made: the other side's clock may be behind.
constexpr auto kClockSkew = std::chrono::minutes(5);

Result<KeyPtr> new_key() {
    KeyPtr key(EVP_EC_gen("P-256"));
    if (!key) return fail_tls(ErrorCode::internal, "a key cannot be made");
    return key;
}

template <class Write>
Result<std::string> to_pem(Write&& write) {
    const BioPtr out(BIO_new(BIO_s_mem()));
    if (!out || write(out.get()) != 1) return fail_tls(ErrorCode::internal, "PEM cannot be written");
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
}

Result<std::string> certificate_pem(X509* certificate) {
    return to_pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}

Result<std::string> key_pem(EVP_PKEY* key) {
    return to_pem(
        [&](BIO* out) { return PEM_write_bio_PKCS8PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

Result<void> set_common_name(X509_NAME* name, std::string_view text) {
    if (X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()),
                                   -1, 0) == 1)
        return {};
    return fail_tls(ErrorCode::invalid, "a certificate cannot bear the name \"" + std::string(text) + "\"");
}

/// RFC 5280 §4.1.2.2: positive, at most 20 octets.
Result<void> set_random_serial(X509* certificate) {
    std::array<unsigned char, 16> octets{};
    if (RAND_bytes(octets.data(), octets.size()) != 1) return fail_tls(ErrorCode::internal, "no random octets");
    octets[0] = static_cast<unsigned char>((octets[0] & 0x3fU) | 0x40U);
    BIGNUM* const number = BN_bin2bn(octets.data(), octets.size(), nullptr);
    const bool set = number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
    BN_free(number);
    if (!set) return fail_tls(ErrorCode::internal, "a serial number cannot be set");
    return {};
}

Result<void> extend(X509* certificate, X509* issuer, int kind, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
    const bool added = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    if (!added) return fail_tls(ErrorCode::internal, "a certificate's extension cannot be set");
    return {};
}

/// RFC 5280 §4.2.1.6.
Result<void> add_names(X509* certificate, std::span<const std::string> names) {
    const std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>> list(GENERAL_NAMES_new());
    for (const std::string& name : names) {
        const bool address = IpAddress::parse(name).has_value();
        GENERAL_NAME* const entry =
            a2i_GENERAL_NAME(nullptr, nullptr, nullptr, address ? GEN_IPADD : GEN_DNS, name.c_str(), 0);
        if (entry == nullptr) return fail_tls(ErrorCode::invalid, "\"" + name + "\" is neither a name nor an address");
        sk_GENERAL_NAME_push(list.get(), entry);
    }
    if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, list.get(), 0, X509V3_ADD_DEFAULT) != 1)
        return fail_tls(ErrorCode::internal, "the names cannot be set");
    return {};
}

/// A certificate with all but its extensions and its signature.
Result<X509Ptr> begin(EVP_PKEY* key, std::string_view common_name, const X509_NAME* issuer, Time from,
                      std::chrono::days life) {
    X509Ptr certificate(X509_new());
    if (!certificate) return fail_tls(ErrorCode::exhausted, "a certificate cannot be made");
    X509_set_version(certificate.get(), X509_VERSION_3);
    TRY(set_random_serial(certificate.get()));
    TRY(set_common_name(X509_get_subject_name(certificate.get()), common_name));
    X509_set_issuer_name(certificate.get(), issuer != nullptr ? issuer : X509_get_subject_name(certificate.get()));
    ASN1_TIME_set(X509_getm_notBefore(certificate.get()), unix_seconds(from - kClockSkew));
    ASN1_TIME_set(X509_getm_notAfter(certificate.get()), unix_seconds(from + life));
    X509_set_pubkey(certificate.get(), key);
    return certificate;
}

Result<void> sign(X509* certificate, EVP_PKEY* key) {
    if (X509_sign(certificate, key, EVP_sha256()) <= 0)
        return fail_tls(ErrorCode::internal, "the certificate cannot be signed");
    return {};
}

struct Authority {
    X509Ptr certificate;
    KeyPtr key;
};

Result<Authority> read_authority(const KeyPair& pair) {
    Authority out {
        TRY(read_certificate(pair.certificate))
        , TRY(read_key(pair.private_key))
    };
    if (X509_check_private_key(out.certificate.get(), out.key.get()) != 1)
        return fail_tls(ErrorCode::invalid, "the authority's key does not belong to its certificate");
    return out;
}

Result<void> extend_leaf(X509* certificate, X509* issuer, const char* use) {
    TRY(extend(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE"));
    TRY(extend(certificate, issuer, NID_key_usage, "critical,digitalSignature"));
    TRY(extend(certificate, issuer, NID_ext_key_usage, use));
    TRY(extend(certificate, issuer, NID_subject_key_identifier, "hash"));
    return extend(certificate, issuer, NID_authority_key_identifier, "keyid");
}

bool is_p256(const EVP_PKEY* key) {
    std::array<char, 64> group{};
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1 &&
           std::string_view(group.data()) == "prime256v1";
}

}  // namespace

Result<KeyPair> make_authority(std::string_view common_name, Time from, std::chrono::days life) {
    const KeyPtr key = TRY(new_key());
    const X509Ptr certificate = TRY(begin(key.get(), common_name, nullptr, from, life));
    X509* const self = certificate.get();
    TRY(extend(self, self, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"));
    TRY(extend(self, self, NID_key_usage, "critical,keyCertSign,cRLSign"));
    TRY(extend(self, self, NID_subject_key_identifier, "hash"));
    TRY(sign(self, key.get()));
    return KeyPair {
        TRY(certificate_pem(self))
        , TRY(key_pem(key.get()))
    };
}

Result<KeyPair> make_server(const KeyPair& authority, std::span<const std::string> names, Time from,
                            std::chrono::days life) {
    if (names.empty()) return fail(ErrorCode::invalid, "a server's certificate needs a name");
    const Authority issuer = TRY(read_authority(authority));
    const KeyPtr key = TRY(new_key());
    const X509Ptr certificate =
        TRY(begin(key.get(), names.front(), X509_get_subject_name(issuer.certificate.get()), from, life));
    TRY(extend_leaf(certificate.get(), issuer.certificate.get(), "serverAuth"));
    TRY(add_names(certificate.get(), names));
    TRY(sign(certificate.get(), issuer.key.get()));
    return KeyPair {
        TRY(certificate_pem(certificate.get()))
        , TRY(key_pem(key.get()))
    };
}

Result<Request> make_request(std::string_view common_name) {
    const KeyPtr key = TRY(new_key());
    const X509RequestPtr request(X509_REQ_new());
    if (!request) return fail_tls(ErrorCode::exhausted, "a certificate request cannot be made");
    X509_REQ_set_version(request.get(), X509_REQ_VERSION_1);
    TRY(set_common_name(X509_REQ_get_subject_name(request.get()), common_name));
    X509_REQ_set_pubkey(request.get(), key.get());
    if (X509_REQ_sign(request.get(), key.get(), EVP_sha256()) <= 0)
        return fail_tls(ErrorCode::internal, "the certificate request cannot be signed");
    return Request {
        TRY(to_pem([&](BIO* out) { return PEM_write_bio_X509_REQ(out, request.get()); }))
        , TRY(key_pem(key.get()))
    };
}

Result<Signed> sign_client(const KeyPair& authority, std::string_view request, std::string_view common_name, Time from,
                           std::chrono::days life) {
    const Authority issuer = TRY(read_authority(authority));
    const X509RequestPtr asked(PEM_read_bio_X509_REQ(bio_over(request).get(), nullptr, nullptr, nullptr));
    if (!asked) return fail_tls(ErrorCode::invalid, "this is not a PEM certificate request");
    EVP_PKEY* const key = X509_REQ_get0_pubkey(asked.get());
    if (key == nullptr || !is_p256(key)) return fail_tls(ErrorCode::invalid, "the request's key is not ECDSA P-256");
    if (X509_REQ_verify(asked.get(), key) != 1)
        return fail_tls(ErrorCode::invalid, "the request is not signed with its own key");
    const X509Ptr certificate =
        TRY(begin(key, common_name, X509_get_subject_name(issuer.certificate.get()), from, life));
    TRY(extend_leaf(certificate.get(), issuer.certificate.get(), "clientAuth"));
    TRY(sign(certificate.get(), issuer.key.get()));
    return Signed {
        TRY(certificate_pem(certificate.get()))
        , serial_of(certificate.get()), std::chrono::floor<std::chrono::seconds>(from + life)
    };
}

Result<std::string> fingerprint(std::string_view certificate) {
    return fingerprint_of(TRY(read_certificate(certificate)).get());
}

}  // namespace quipu::net::pki
