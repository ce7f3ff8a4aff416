#include "net/tls.h"

#include <array>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdexcept>
#include <vector>

#include "base/base64url.h"
#include "net/tls_stream.h"
#include "net/x509.h"

namespace quipu::net {
namespace {

using ContextPtr = std::unique_ptr<SSL_CTX, TlsContext::Impl::Free>;

std::string hex(std::span<const unsigned char> octets) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(octets.size() * 2);
    for (const unsigned char octet : octets) {
        out += digits[octet >> 4U];
        out += digits[octet & 0x0fU];
    }
    return out;
}

Result<ContextPtr> new_context(const SSL_METHOD* method) {
    ContextPtr context(SSL_CTX_new(method));
    if (!context) return fail_tls(ErrorCode::internal, "a TLS context cannot be made");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE);
    // Agents keep their connections: resumption would save little, and would outlive a revocation.
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context.get(), 0);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    return context;
}

/// The certificate, those that follow it in the text, and the key.
Result<void> present(SSL_CTX* context, const KeyPair& identity) {
    const BioPtr text = bio_over(identity.certificate);
    const X509Ptr leaf = TRY(read_certificate(identity.certificate));
    const KeyPtr key = TRY(read_key(identity.private_key));
    if (SSL_CTX_use_certificate(context, leaf.get()) != 1)
        return fail_tls(ErrorCode::invalid, "the certificate cannot be used");
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
        return fail_tls(ErrorCode::invalid, "the private key does not belong to the certificate");
    X509Ptr first(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
    while (X509* const further = PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)) {
        if (SSL_CTX_add0_chain_cert(context, further) != 1) {
            X509_free(further);
            return fail_tls(ErrorCode::invalid, "a certificate of the chain cannot be used");
        }
    }
    ERR_clear_error();
    return {};
}

Result<void> trust(SSL_CTX* context, std::string_view ca) {
    const BioPtr text = bio_over(ca);
    int count = 0;
    for (;; ++count) {
        const X509Ptr certificate(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
        if (!certificate) break;
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get());
        SSL_CTX_add_client_CA(context, certificate.get());
    }
    ERR_clear_error();
    if (count == 0) return fail(ErrorCode::invalid, "the authority's text holds no PEM certificate");
    return {};
}

}  // namespace

Result<TlsContext> TlsContext::server(const KeyPair& identity, std::string_view client_ca) {
    ContextPtr context = TRY(new_context(TLS_server_method()));
    TRY(present(context.get(), identity));
    if (!client_ca.empty()) {
        TRY(trust(context.get(), client_ca));
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    }
    return TlsContext(std::make_shared<const Impl>(std::move(context)));
}

Result<TlsContext> TlsContext::client(std::string_view ca, const KeyPair& identity) {
    ContextPtr context = TRY(new_context(TLS_client_method()));
    TRY(trust(context.get(), ca));
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    if (!identity.certificate.empty()) TRY(present(context.get(), identity));
    return TlsContext(std::make_shared<const Impl>(std::move(context)));
}

Result<TlsContext> TlsContext::public_client() {
    ContextPtr context = TRY(new_context(TLS_client_method()));
    if (SSL_CTX_set_default_verify_paths(context.get()) != 1)
        return fail_tls(ErrorCode::io, "the system's authorities cannot be read");
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    return TlsContext(std::make_shared<const Impl>(std::move(context)));
}

Result<TlsContext> TlsContext::opportunistic_client() {
    ContextPtr context = TRY(new_context(TLS_client_method()));
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    return TlsContext(std::make_shared<const Impl>(std::move(context)));
}

BioPtr bio_over(std::string_view text) {
    return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Result<X509Ptr> read_certificate(std::string_view pem) {
    X509Ptr certificate(PEM_read_bio_X509(bio_over(pem).get(), nullptr, nullptr, nullptr));
    if (!certificate) return fail_tls(ErrorCode::invalid, "this is not a PEM certificate");
    return certificate;
}

Result<KeyPtr> read_key(std::string_view pem) {
    KeyPtr key(PEM_read_bio_PrivateKey(bio_over(pem).get(), nullptr, nullptr, nullptr));
    if (!key) return fail_tls(ErrorCode::invalid, "this is not a PEM private key");
    return key;
}

std::string common_name_of(const X509* certificate) {
    const X509_NAME* const subject = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0) return {};
    unsigned char* octets = nullptr;
    const int count = ASN1_STRING_to_UTF8(&octets, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (count < 0) return {};
    std::string out(reinterpret_cast<const char*>(octets), static_cast<std::size_t>(count));
    OPENSSL_free(octets);
    return out;
}

std::string serial_of(const X509* certificate) {
    const ASN1_INTEGER* const serial = X509_get0_serialNumber(certificate);
    return hex({ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial))});
}

std::string fingerprint_of(const X509* certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    X509_digest(certificate, EVP_sha256(), digest.data(), &length);
    return hex({digest.data(), length});
}

std::string random_token(std::size_t octets) {
    std::vector<unsigned char> bytes(octets);
    if (RAND_bytes(bytes.data(), static_cast<int>(octets)) != 1)
        throw std::runtime_error("the operating system's random generator failed");
    return base64url_encode(bytes);
}

std::string sha256_hex(std::string_view bytes) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
    return hex(digest);
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    std::string out(SHA256_DIGEST_LENGTH, '\0');
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
         bytes.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr);
    return out;
}

}  // namespace quipu::net
